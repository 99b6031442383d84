"""Google Chat: messages to an app, clicks on its cards, spaces that it joins and leaves.

Setup: in the Google Cloud console under Google Chat API > Configuration enter the hub's URL as HTTP endpoint URL.
`audience` is what is chosen there, the URL or the project's number; with the URL, `email` is the service account shown
there, or `chat@system.gserviceaccount.com` for an older app.

The answer is empty: the app says nothing in the chat.
"""

from typing import Any

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, key_of
from hub.signatures import JWT, OneOf

from ._google_token import google_token

CHAT = "chat@system.gserviceaccount.com"


def identity(request: Request) -> Any:
    """The id of a new message; a click names the message of its card, which may be clicked again."""
    return body("message.name" if body("type")(request) == "MESSAGE" else "chat.messagePayload.message.name")(request)


def answer(request: Request) -> Reply:
    """Google Chat wants JSON; without a text in it the app says nothing."""
    return Reply(200, "{}", {"content-type": "application/json"})


google_chat = Provider(
    name="google-chat",
    title="Google Chat",
    docs="https://developers.google.com/workspace/chat/verify-requests-from-chat",
    # as the app's setting "authentication audience" says: its URL, or the project's number
    verify=OneOf(
        endpoint=google_token(),
        project=JWT(
            "Authorization",
            "Bearer {token}",
            algorithms=("RS256",),
            option="jwks",
            fetch=f"https://www.googleapis.com/service_accounts/v1/metadata/x509/{CHAT}",
            claims={"iss": CHAT, "aud": "{option:audience}"},
        ),
    ),
    # add-ons have the event's name as a key
    type=first_of(body("type"), key_of(body("chat"), but=("user", "eventTime", "space")), key_of()),
    id=identity,
    time=first_of(body("eventTime"), body("chat.eventTime")),
    subject=first_of(body("space.name"), body("chat.messagePayload.space.name"), body("chat.user.name")),
    answer=answer,
    refuse=401,
    limits=Limits(timeout=30, confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [google_chat]
