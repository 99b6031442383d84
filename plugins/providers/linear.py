"""Linear: issues, comments, projects and agent sessions.

Setup: under Settings > API > Webhooks create one with the hub's URL. `secret` is its signing secret.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, join
from hub.signatures import HMAC

linear = Provider(
    name="linear",
    title="Linear",
    docs="https://linear.app/developers/webhooks",
    # the time is in the body, which is signed; the header linear-timestamp is not
    verify=HMAC("Linear-Signature", timestamp=body("webhookTimestamp"), clock="ms", tolerance=60),
    type=join(first_of(body("type"), header("Linear-Event")), body("action")),
    id=header("Linear-Delivery"),
    time=body("createdAt"),
    subject=first_of(body("data.identifier"), body("data.id"), body("agentSession.id"), body("organizationId")),
    limits=Limits(
        timeout=5, retries="3: after 1 minute, 1 hour and 6 hours", disables="if it keeps failing", confidence="low"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [linear]
