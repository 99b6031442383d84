"""Cloudflare: notifications of all products, and videos of Stream.

Setup: with the hub running, add a webhook under Notifications > Destinations with the hub's URL and a secret of your
own, the `secret`. For Stream, it is the secret in the answer to `PUT /accounts/.../stream/webhook`.
"""

from hub import Limits, Provider, body, first_of, hookimpl, join
from hub.signatures import HMAC, OneOf, Token

cloudflare = Provider(
    name="cloudflare",
    title="Cloudflare",
    docs="https://developers.cloudflare.com/notifications/get-started/configure-webhooks/",
    verify=OneOf(
        notifications=Token("cf-webhook-auth"),
        stream=HMAC("Webhook-Signature", "time={timestamp},sig1={hex}", "{timestamp}.{body}"),
    ),
    # "Save and Test" sends a text alone
    type=first_of(body("alert_type"), join("stream", body("status.state")), "notification"),
    # alert_correlation_id is that of a group of alerts
    time=first_of(body("ts"), body("modified")),
    subject=first_of(body("alert_correlation_id"), body("uid"), body("policy_id")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [cloudflare]
