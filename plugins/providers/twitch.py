"""Twitch: EventSub notifications of channels, streams, users and drops.

Setup: create subscriptions with the API (`POST /helix/eventsub/subscriptions`): as `transport` the method `webhook`,
the hub's https URL (port 443) as `callback`, and a `secret` of 10 to 100 ASCII characters that you make up, which is
the option `secret`; a list where subscriptions have different ones. Twitch tries the address at once.

When Twitch ends a subscription it says so: that is an event too, `twitch.revocation.<type>`.
"""

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl, join
from hub.signatures import HMAC

from ._one_by_one import one_by_one

ID = header("Twitch-Eventsub-Message-Id")
TIME = header("Twitch-Eventsub-Message-Timestamp")


def answer(request: Request) -> Reply | None:
    """A new subscription starts with a challenge, signed like any message."""
    challenge = body("challenge")(request)
    if not isinstance(challenge, str):
        return None
    return Reply(200, challenge, event=False, note="challenge of a new subscription answered")


def revocation(request: Request) -> str | None:
    """Without an event, a message tells the end of its subscription. The header that says so is not signed."""
    told = first_of(body("event"), body("events"))(request)
    return "revocation" if told is None and body("subscription")(request) else None


twitch = Provider(
    name="twitch",
    title="Twitch",
    docs="https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
    verify=HMAC(
        "Twitch-Eventsub-Message-Signature",
        "sha256={hex}",
        "{id}{timestamp}{body}",
        id=ID,
        timestamp=TIME,
        clock="iso",
        tolerance=600,
        doc="The secret of the subscriptions; a list where they have different ones.",
    ),
    type=join(revocation, body("subscription.type")),
    # those that come in batches have ids of their own
    id=first_of(body("events.0.id"), ID),
    time=TIME,
    subject=first_of(
        body("event.broadcaster_user_id"),
        body("subscription.condition.broadcaster_user_id"),
        body("subscription.condition.user_id"),
        body("subscription.id"),
    ),
    split=lambda request: one_by_one(request.json, "events"),
    answer=answer,
    limits=Limits(disables="a subscription is ended after too many failures or slow answers", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [twitch]
