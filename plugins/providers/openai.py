"""OpenAI: responses, batches, fine-tuning jobs, evals and calls.

Setup: in the project's settings open Webhooks, create one with the hub's URL, and choose events. `secret` is its
signing secret, shown once.

Events name an object only: what it has become has to be fetched.
"""

from hub import Limits, Provider, body, header, hookimpl
from hub.signatures import StandardWebhooks

openai = Provider(
    name="openai",
    title="OpenAI",
    docs="https://platform.openai.com/docs/guides/webhooks",
    # OpenAI's libraries take a secret without `whsec_` as text
    verify=StandardWebhooks(key=("whsec", "text")),
    type=body("type"),
    id=header("webhook-id"),
    time=body("created_at"),
    subject=body("data.id"),
    limits=Limits(retries="for 72 hours, ever slower", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [openai]
