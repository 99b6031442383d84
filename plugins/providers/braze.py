"""Braze: events of Currents, and requests of the webhook channel, which are templates of the user's."""

from hub import Limits, Provider, body, first_of, hookimpl, items

from ._any_sender import any_proof

braze = Provider(
    name="braze",
    title="Braze",
    docs="https://www.braze.com/docs/user_guide/data/braze_currents",
    verify=any_proof(),
    type=first_of(body("event_type"), body("event"), body("type"), "webhook"),
    id=body("id"),
    time=body("time"),
    subject=first_of(body("user.external_user_id"), body("user.user_id")),
    split=items("events[]"),
    limits=Limits(retries="unless it is answered with 2xx", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [braze]
