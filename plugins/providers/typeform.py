"""Typeform: form submissions.

Setup: in the form under Connect > Webhooks add one with the hub's URL, and a secret in its settings, which is the
`secret`.
"""

from hub import Limits, Provider, body, hookimpl
from hub.signatures import HMAC

typeform = Provider(
    name="typeform",
    title="Typeform",
    docs="https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
    verify=HMAC("Typeform-Signature", "sha256={base64}"),
    type=body("event_type"),
    id=body("event_id"),
    time=body("form_response.submitted_at"),
    subject=body("form_response.form_id"),
    limits=Limits(
        timeout=30,
        retries="429, 408, 503, 423: every 2 to 3 minutes for 10 hours; others: after 5, 10, 20, 60, 120 minutes",
        disables="at once on 404 or 410; when every delivery fails for a while",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [typeform]
