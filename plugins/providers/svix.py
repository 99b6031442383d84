"""Svix: any platform that sends its webhooks through Svix and has no provider of its own here.

Setup: on the platform's page of webhooks add an endpoint with the hub's URL. `secret` is its signing secret
(`whsec_...`); `public_key` its key (`whpk_...`) where the platform signs with one.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import StandardWebhooks

svix = Provider(
    name="svix",
    title="Svix",
    docs="https://docs.svix.com/receiving/verifying-payloads/how-manual",
    verify=StandardWebhooks("svix", "webhook"),
    type=first_of(body("type"), "message"),
    id=first_of(header("svix-id"), header("webhook-id")),
    time=body("timestamp"),
    subject=first_of(body("data.id"), body("data.endpointId")),
    limits=Limits(
        timeout=15,
        retries="7: after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours",
        disables="after 5 days in which all fail",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [svix]
