"""Webflow: forms, sites, pages, CMS items and orders.

Setup: make the webhook with an OAuth app, whose client secret is the `secret`, or with a site token, where the answer's
`secretKey` is it (unverified). One made in the dashboard is not signed: end its URL with `?token=...` and set `token`.
"""

from typing import Any

from hub import Limits, Provider, Request, body, first_of, header, hookimpl, query
from hub.signatures import HMAC, OneOf, Token

TIMES = ("submittedAt", "publishedOn", "acceptedOn", "deletedOn", "lastUpdated", "createdOn")


def submission(request: Request) -> Any:
    """The submission's id; of all else the id is that of a thing to which much happens."""
    return body("payload.id")(request) if body("triggerType")(request) == "form_submission" else None


webflow = Provider(
    name="webflow",
    title="Webflow",
    docs="https://developers.webflow.com/data/docs/working-with-webhooks",
    verify=OneOf(
        signature=HMAC(
            "X-Webflow-Signature", "{hex}", "{timestamp}:{body}", timestamp=header("X-Webflow-Timestamp"), clock="ms"
        ),
        url=Token(query("token"), option="token", doc="The secret in the URL of an unsigned webhook: `?token=...`."),
    ),
    type=body("triggerType"),
    id=submission,
    time=first_of(*(body(f"payload.{name}") for name in TIMES)),
    subject=first_of(body("payload.id"), body("payload.pageId"), body("payload.orderId"), body("payload.siteId")),
    limits=Limits(retries="3, ten minutes apart", disables="after them", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [webflow]
