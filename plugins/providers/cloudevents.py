"""CloudEvents: any sender that follows the specification, structured, batched or binary.

Setup: tell the sender the hub's URL and the `secret`, to be sent as bearer token or in the query as
`?access_token=...`. Whoever asks is allowed to send, or only `allowed_origin`.
"""

from hub import Provider, body, first_of, hookimpl, join, query
from hub.signatures import Bearer, OneOf, Token

from ._cloudevents import consent, structured

cloudevents = Provider(
    name="cloudevents",
    title="CloudEvents",
    docs="https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md",
    verify=OneOf(bearer=Bearer(), query=Token(query("access_token"))),
    type=body("type"),
    # an id is unique within its source
    id=join(body("source"), body("id"), by="#"),
    time=body("time"),
    subject=first_of(body("subject"), body("source")),
    split=structured,
    handshake=consent,
)


@hookimpl
def register_providers() -> list[Provider]:
    return [cloudevents]
