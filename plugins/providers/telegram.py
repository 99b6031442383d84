"""Telegram: updates of bots.

Setup: call the Bot API's `setWebhook` with the hub's URL and a `secret_token` of your own (letters, digits, _ and -),
which is `secret`. Telegram takes HTTPS on the ports 443, 80, 88 and 8443 only.

A webhook that was set without a `secret_token` proves nothing: set it again with one.
"""

from typing import Any

from hub import Limits, Provider, Reply, Request, Slot, body, first_of, hookimpl, key_of
from hub.signatures import Token

KIND = key_of(but=("update_id",))


def inside(*paths: str) -> Slot:
    """The first of several places, in the object that the update is about."""
    place = first_of(*(body(path) for path in paths))

    def read(request: Request) -> Any:
        return place(request.part(body(KIND(request) or "")(request)))

    return read


def answer(request: Request) -> Reply:
    """Nothing: a JSON object could be taken for a call of the Bot API."""
    return Reply(200)


telegram = Provider(
    name="telegram",
    title="Telegram",
    docs="https://core.telegram.org/bots/api#setwebhook",
    verify=Token("X-Telegram-Bot-Api-Secret-Token", doc="The `secret_token` of setWebhook."),
    type=KIND,
    id=body("update_id"),
    time=inside("edit_date", "date"),
    subject=inside("chat.id", "message.chat.id", "from.id", "user.id", "id"),
    answer=answer,
    limits=Limits(retries="a reasonable number, if the answer is not 2xx", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [telegram]
