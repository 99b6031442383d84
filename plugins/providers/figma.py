"""Figma: files, comments, libraries, by webhooks (V2).

Setup: `POST https://api.figma.com/v2/webhooks` with the hub's URL as `endpoint` and a `passcode` of your own, the
`secret`.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import Token

figma = Provider(
    name="figma",
    title="Figma",
    docs="https://developers.figma.com/docs/rest-api/webhooks-security/",
    verify=Token(body("passcode"), doc="The passcode that the webhook was made with."),
    type=body("event_type"),
    # no id: one publication of a library is several events with the same time
    time=body("timestamp"),
    subject=first_of(body("file_key"), body("webhook_id")),
    refuse=400,
    limits=Limits(retries="3, after 5 and 30 minutes and 3 hours", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [figma]
