"""Netlify: outgoing notifications of deploys and form submissions.

Setup: in the project's configuration under Notifications add one of the kind HTTP POST request with the hub's URL and a
JWS secret token, which is the `secret`. Each is for one event: add one for each.
"""

from hub import Limits, Provider, body, digest_of, first_of, header, hookimpl, join
from hub.signatures import JWT

netlify = Provider(
    name="netlify",
    title="Netlify",
    docs="https://docs.netlify.com/deploy/deploy-notifications/",
    verify=JWT(
        "X-Webhook-Signature",
        algorithms=("HS256",),
        claims={"iss": "netlify", "sha256": "{body|sha256|hex}"},
        doc="The JWS secret token of the notification; a list while it is being changed.",
    ),
    type=first_of(header("X-Netlify-Event"), join("deploy", body("state"))),
    # a deploy keeps its id when its state changes, and its state when it is locked
    id=digest_of(body("id"), header("X-Netlify-Event"), body("state"), body("updated_at")),
    time=first_of(body("updated_at"), body("created_at")),
    subject=first_of(body("site_id"), body("form_id"), body("id")),
    limits=Limits(disables="after 6 failures in a row", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [netlify]
