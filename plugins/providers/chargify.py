"""Maxio Advanced Billing, once Chargify: subscriptions and payments, as forms.

Setup: in the site's webhook settings add an endpoint with the hub's URL and its events. `secret` is the site's shared
key.
"""

from hub import Limits, Provider, first_of, form, header, hookimpl
from hub.signatures import HMAC

chargify = Provider(
    name="chargify",
    title="Maxio Advanced Billing (Chargify)",
    docs="https://docs.maxio.com/hc/en-us/articles/24286723085197-Webhooks",
    verify=HMAC("X-Chargify-Webhook-Signature-Hmac-Sha-256"),
    type=form("event"),
    id=first_of(form("id"), header("X-Chargify-Webhook-Id")),
    time=first_of(form("created_at"), form("payload[event_created_at]"), form("payload[subscription][updated_at]")),
    subject=first_of(form("payload[subscription][id]"), form("payload[customer][id]")),
    limits=Limits(retries="several, then none", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [chargify]
