"""Amazon Selling Partner API: notifications that an EventBridge API destination sends on.

Setup: with the Notifications API make an EventBridge destination and subscriptions; in EventBridge take the partner's
event source, and add a rule with an API destination, the hub's URL. Its connection sends `secret` in the `header` that
you name there (an API key), or `username` and `password`.
"""

from typing import Any

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import Basic, OneOf

from ._places import chosen_header


def either(path: str) -> Any:
    """A place in the notification, alone or in EventBridge's envelope; newer ones begin with small letters."""
    small = ".".join(name[:1].lower() + name[1:] for name in path.split("."))
    return first_of(body(path), body(f"detail.{path}"), body(small), body(f"detail.{small}"))


amazon_sp_api = Provider(
    name="amazon-sp-api",
    title="Amazon Selling Partner API",
    docs="https://developer-docs.amazon.com/sp-api/docs/notifications-api-v1-use-case-guide",
    verify=OneOf(header=chosen_header("X-Api-Key", "secret"), basic=Basic()),
    type=first_of(either("NotificationType"), body("detail-type")),
    id=either("NotificationMetadata.NotificationId"),
    time=first_of(either("EventTime"), body("time")),
    subject=first_of(
        either("Payload.SellerId"),
        either("Payload.OrderChangeNotification.AmazonOrderId"),
        either("Payload.reportProcessingFinishedNotification.reportId"),
        either("Payload.feedProcessingFinishedNotification.feedId"),
    ),
    limits=Limits(timeout=5, retries="185 within 24 hours, as the EventBridge rule says", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [amazon_sp_api]
