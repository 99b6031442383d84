"""PAY.JP: charges, customers, subscriptions, transfers.

Setup: in the dashboard's API settings add the hub's URL as webhook; `secret` is the token shown there, `whook_...`.
"""

from hub import Limits, Provider, body, hookimpl
from hub.signatures import Token

payjp = Provider(
    name="payjp",
    title="PAY.JP",
    docs="https://pay.jp/docs/webhook",
    verify=Token("X-Payjp-Webhook-Token", doc="The webhook's token, `whook_...`."),
    type=body("type"),
    id=body("id"),
    time=body("created"),
    subject=body("data.id"),
    limits=Limits(retries="3, every 3 minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [payjp]
