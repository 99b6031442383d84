"""Klaviyo: events of profiles and messages, by system webhooks and by the webhooks of flows."""

from hub import Limits, Provider, body, first_of, header, hookimpl, items, whole
from hub.signatures import HMAC, OneOf

from ._places import chosen_header

klaviyo = Provider(
    name="klaviyo",
    title="Klaviyo",
    docs="https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
    verify=OneOf(
        system=HMAC(
            "Klaviyo-Signature",
            "{hex}",
            "{body}{timestamp}",
            timestamp=header("Klaviyo-Timestamp"),
            clock="http",
        ),
        flow=chosen_header(),
    ),
    # what a flow sends is the user's own template
    type=first_of(body("topic"), body("event"), "flow"),
    id=body("external_id"),
    time=first_of(
        body("payload.data.attributes.datetime"),
        body("payload.data.attributes.timestamp"),
        whole(body("meta.timestamp")),
    ),
    subject=first_of(body("payload.data.relationships.profile.data.id"), body("payload.data.id")),
    split=items("data[]"),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [klaviyo]
