"""Viber: messages to bots, receipts, subscriptions.

Setup: start the hub, then call the API's `set_webhook` with the hub's URL. `secret` is the bot's authentication token,
shown on the edit page of the bot in Viber's admin panel.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl, join, query
from hub.signatures import HMAC


def answer(request: Request) -> Reply:
    """Nothing, which is no welcome message either; set_webhook tries the URL, which is no event."""
    trial = body("event")(request) == "webhook"
    return Reply(200, event=not trial, note="set_webhook tried the URL" if trial else "")


viber = Provider(
    name="viber",
    title="Viber",
    docs="https://developers.viber.com/docs/api/rest-bot-api/#callbacks",
    verify=HMAC(first_of(header("X-Viber-Content-Signature"), query("sig"))),
    type=body("event"),
    # receipts have the token of their message
    id=join(body("message_token"), body("event"), body("user_id")),
    time=body("timestamp"),
    subject=first_of(body("sender.id"), body("user.id"), body("user_id")),
    answer=answer,
    limits=Limits(retries="for about an hour", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [viber]
