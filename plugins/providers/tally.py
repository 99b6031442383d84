"""Tally: form submissions.

Setup: in the form's Integrations connect Webhooks with the hub's URL, and add a signing secret, the `secret`.
"""

from hub import Limits, Provider, body, hookimpl
from hub.signatures import HMAC

tally = Provider(
    name="tally",
    title="Tally",
    docs="https://tally.so/help/webhooks",
    verify=HMAC("Tally-Signature", "{base64}"),
    type=body("eventType"),
    id=body("eventId"),
    time=body("createdAt"),
    subject=body("data.formId"),
    limits=Limits(timeout=10, retries="5: after 5 and 30 minutes, 1 hour, 6 hours and a day", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [tally]
