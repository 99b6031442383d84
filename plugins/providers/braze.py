"""Braze: events of Currents, and requests of the webhook channel, which are templates of the user's.

Setup: for Currents make a custom HTTP connector with the hub's URL as endpoint and the `secret` as bearer token. In a
campaign's webhook, add the request header `X-Hub-Token` with the `secret`.

The body of a campaign's webhook is your template: `type` in it becomes the event's.
"""

from hub import Limits, Provider, Request, body, first_of, hookimpl, items

from ._any_sender import any_proof


def identity(request: Request) -> object:
    """The id of an event of Currents; in a template of the user's, `id` may be anything."""
    return body("id")(request) if body("event_type")(request) else None


braze = Provider(
    name="braze",
    title="Braze",
    docs="https://www.braze.com/docs/user_guide/data/braze_currents",
    verify=any_proof(),
    type=first_of(body("event_type"), body("event"), body("type"), "webhook"),
    id=identity,
    time=body("time"),
    subject=first_of(body("user.external_user_id"), body("user.user_id")),
    split=items("events[]"),
    limits=Limits(retries="unless it is answered with 2xx", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [braze]
