"""Buy Me a Coffee: donations, memberships, extras, commissions and wishes.

Setup: in the dashboard open Integrations > New webhook, paste the hub's URL and add events. `secret` is the signing
secret, which the webhook's page shows.

A new signing secret replaces the old one at once: put the new one beside it (`secret` takes a list) before you roll it.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

buymeacoffee = Provider(
    name="buymeacoffee",
    title="Buy Me a Coffee",
    docs="https://help.buymeacoffee.com/en/articles/15743173-how-to-setup-and-use-buy-me-a-coffee-webhooks",
    verify=HMAC("x-signature-sha256", doc="The webhook's signing secret; a list while it is being changed."),
    type=body("type"),
    id=body("event_id"),
    time=body("created"),
    subject=first_of(body("data.id"), body("data.supporter_email")),
    limits=Limits(
        retries="a few times", disables="after more than 10 failures in a row, with an e-mail", confidence="medium"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [buymeacoffee]
