"""Patreon: members, their pledges, and posts.

Setup: on https://www.patreon.com/portal/registration/register-webhooks paste the hub's URL and choose triggers.
`secret` is the webhook's secret, which that page shows.

The event's type stands in a header that is not signed, and nothing identifies a delivery: if Patreon sends it again,
it is another event.
"""

from hub import Limits, Provider, body, header, hookimpl
from hub.signatures import HMAC

patreon = Provider(
    name="patreon",
    title="Patreon",
    docs="https://docs.patreon.com/#webhooks",
    verify=HMAC("X-Patreon-Signature", hash="md5", doc="The webhook's secret."),
    type=header("X-Patreon-Event"),
    subject=body("data.id"),
    limits=Limits(
        retries="events wait until the webhook works again", disables="paused after repeated failures", confidence="low"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [patreon]
