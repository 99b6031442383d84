"""Clerk: users, sessions and organizations.

Setup: in the Dashboard open the application, Webhooks > Add Endpoint: paste the hub's URL and choose events. `secret`
is the Signing Secret on the endpoint's page.
"""

from hub import Provider, body, header, hookimpl
from hub.signatures import StandardWebhooks

clerk = Provider(
    name="clerk",
    title="Clerk",
    docs="https://clerk.com/docs/guides/development/webhooks/overview",
    verify=StandardWebhooks("svix"),
    type=body("type"),
    id=header("svix-id"),
    time=body("timestamp"),
    subject=body("data.id"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [clerk]
