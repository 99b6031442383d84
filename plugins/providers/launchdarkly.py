"""LaunchDarkly: changes of flags, projects, environments and members.

Setup: under Integrations > Webhooks add one with the hub's URL and sign it with a secret, which is the `secret`.
"""

from hub import Limits, Provider, body, first_of, hookimpl, join
from hub.signatures import HMAC

launchdarkly = Provider(
    name="launchdarkly",
    title="LaunchDarkly",
    docs="https://launchdarkly.com/docs/home/infrastructure/webhooks",
    verify=HMAC("X-LD-Signature"),
    type=join(body("kind"), body("accesses.0.action")),
    id=body("_id"),
    time=body("date"),
    subject=first_of(body("target.resources.0"), body("accesses.0.resource"), body("name")),
    limits=Limits(retries="1", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [launchdarkly]
