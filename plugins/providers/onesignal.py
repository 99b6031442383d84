"""OneSignal: event streams, whose body is a template of the user's.

Setup: add an Event Stream with the hub's URL, events, a body, and the header `Authorization: Bearer ...` with the
`secret`.

The body is your template: keep `event` and `message` as OneSignal names them, so that type, id and time are found.
"""

from hub import Provider, body, first_of, hookimpl

from ._any_sender import any_proof

onesignal = Provider(
    name="onesignal",
    title="OneSignal",
    docs="https://documentation.onesignal.com/docs/en/event-streams",
    verify=any_proof(),
    # `event` is an object in event streams, and a text in the webhooks of the web SDK
    type=first_of(body("event.kind"), body("kind"), body("event_kind"), body("event"), "event"),
    id=first_of(body("event.id"), body("event_id")),
    time=first_of(body("event.timestamp"), body("event.datetime"), body("timestamp")),
    subject=first_of(body("message.id"), body("message_id"), body("event.external_id"), body("user.external_id")),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [onesignal]
