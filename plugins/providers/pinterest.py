"""Pinterest: leads of lead ads.

Setup: subscribe with the API (`POST /v5/ad_accounts/<account>/leads/subscriptions`): `webhook_url` is the hub's URL
with a secret that you make up, `?token=...`, which is the option `secret`.

Pinterest signs nothing and takes no address that asks for a password: the secret in the URL is all the proof there is.
What is in a lead is encrypted (AES-256-GCM, with the `cryptographic_key` of the subscription); the hub hands it on as
it is.
"""

from hub import Limits, Provider, body, first_of, hookimpl, items, query
from hub.signatures import Token

pinterest = Provider(
    name="pinterest",
    title="Pinterest",
    docs="https://developers.pinterest.com/docs/work-with-ads/lead-ads/",
    verify=Token(query("token"), doc="The secret in the URL that Pinterest is told: `?token=...`."),
    # there is nothing else
    type=first_of("lead"),
    id=body("lead_id"),
    subject=body("lead_form_id"),
    split=items("[]"),
    limits=Limits(retries="on 429 and 5xx only", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [pinterest]
