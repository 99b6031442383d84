"""Klaviyo: events of profiles and messages, by system webhooks and by the webhooks of flows.

Setup: make a system webhook (`POST /api/webhooks` of the API) with the hub's URL and a secret key of your own, which is
the `secret`. In a flow, add the header `X-Hub-Token` with the `token` to the webhook action.

System webhooks are for customers of Advanced KDP and for app partners. The body of a flow's webhook is your template:
`event` in it becomes the type.
"""

from hub import Provider, Request, body, first_of, header, hookimpl, items, whole
from hub.signatures import HMAC, OneOf

from ._places import chosen_header

SIGNATURE = "Klaviyo-Signature"


def identity(request: Request) -> object:
    """The id of a system webhook's event; in a flow's template, `external_id` may be a person's."""
    return body("external_id")(request) if request.header(SIGNATURE) else None


klaviyo = Provider(
    name="klaviyo",
    title="Klaviyo",
    docs="https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
    verify=OneOf(
        system=HMAC(
            SIGNATURE,
            "{hex}",
            "{body}{timestamp}",
            timestamp=header("Klaviyo-Timestamp"),
            clock="http",
        ),
        flow=chosen_header(),
    ),
    # what a flow sends is the user's own template
    type=first_of(body("topic"), body("event"), "flow"),
    id=identity,
    time=first_of(
        body("payload.data.attributes.datetime"),
        body("payload.data.attributes.timestamp"),
        whole(body("meta.timestamp")),
    ),
    subject=first_of(body("payload.data.relationships.profile.data.id"), body("payload.data.id")),
    split=items("data[]"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [klaviyo]
