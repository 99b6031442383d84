"""CircleCI: finished workflows and jobs.

Setup: under Project Settings > Webhooks add one with the hub's URL and a secret token, which is the `secret`.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import HMAC

circleci = Provider(
    name="circleci",
    title="CircleCI",
    docs="https://circleci.com/docs/guides/integration/outbound-webhooks/",
    verify=HMAC("circleci-signature", "v1={hex}"),
    type=body("type"),
    id=body("id"),
    time=body("happened_at"),
    subject=first_of(body("project.slug"), body("webhook.id")),
    limits=Limits(timeout=10, retries="later, unspecified", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [circleci]
