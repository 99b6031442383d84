"""Replicate: predictions and trainings.

Setup: ask for predictions and trainings with the hub's URL as `webhook`. `secret` is the answer to `GET
/v1/webhooks/default/secret`.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import StandardWebhooks

replicate = Provider(
    name="replicate",
    title="Replicate",
    docs="https://replicate.com/docs/topics/webhooks/verify-webhook",
    verify=StandardWebhooks(),
    # the prediction itself is what is sent
    type=body("status"),
    id=header("webhook-id"),
    time=first_of(body("completed_at"), body("started_at"), body("created_at")),
    subject=body("id"),
    limits=Limits(retries="of the last event of a prediction only", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [replicate]
