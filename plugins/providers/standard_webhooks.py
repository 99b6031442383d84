"""Standard Webhooks: any platform that follows the specification, v1 and v1a.

Setup: on the platform's page of webhooks add an endpoint with the hub's URL. `secret` is its secret (`whsec_...`),
`public_key` its key (`whpk_...`) where the platform signs with one.
"""

from hub import Provider, body, header, hookimpl
from hub.signatures import StandardWebhooks

standard_webhooks = Provider(
    name="standard-webhooks",
    title="Standard Webhooks",
    docs="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    verify=StandardWebhooks(),
    type=body("type"),
    id=header("webhook-id"),
    time=body("timestamp"),
    subject=body("data.id"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [standard_webhooks]
