"""OpenAI: responses, batches, fine-tuning jobs, evals and calls."""

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
