"""Sanity: documents that were created, changed or deleted, by GROQ-powered webhooks.

Setup: at sanity.io/manage open the project, API > Webhooks, and add one with the hub's URL. `secret` is what you enter
as its secret.

The body is what the webhook's projection makes of the document. The operation and the delivery's id stand in headers,
which are not signed.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, join
from hub.signatures import HMAC

sanity = Provider(
    name="sanity",
    title="Sanity",
    docs="https://www.sanity.io/docs/webhooks",
    verify=HMAC("sanity-webhook-signature", "t={timestamp},v1={base64url}", "{timestamp}.{body}", clock="ms"),
    type=first_of(join(body("_type"), header("sanity-operation")), "document"),
    id=header("idempotency-key"),
    time=first_of(header("sanity-transaction-time"), body("_updatedAt")),
    subject=first_of(body("_id"), header("sanity-document-id")),
    methods=("POST", "PUT", "PATCH", "DELETE", "GET"),
    limits=Limits(timeout=30, retries="2, half a minute apart, of 429 and 5xx", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [sanity]
