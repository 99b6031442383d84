"""Cal.com: bookings, meetings and forms.

Setup: under Settings > Developer > Webhooks add one with the hub's URL as subscriber URL and a secret, the `secret`.

A custom payload template has to keep `triggerEvent` and `createdAt`.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl
from hub.signatures import HMAC

calcom = Provider(
    name="calcom",
    title="Cal.com",
    docs="https://cal.com/docs/developing/guides/automation/webhooks",
    verify=HMAC("X-Cal-Signature-256"),
    type=body("triggerEvent"),
    # events of a meeting's start and end have the booking itself beside the event
    id=digest_of(first_of(body("payload.uid"), body("uid")), body("triggerEvent"), body("createdAt")),
    time=body("createdAt"),
    subject=first_of(body("payload.uid"), body("uid"), body("payload.bookingId"), body("payload.formId")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [calcom]
