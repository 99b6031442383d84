"""Ramp: card transactions, bills and reimbursements.

Setup: subscribe the hub's URL with the API (`POST /developer/v1/webhooks`); `secret` is the subscription's.

How signatures are encoded is not documented; hex is a guess (unverified).
"""

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl
from hub.signatures import HMAC


def answer(request: Request) -> Reply | None:
    """A new subscription waits until its challenge is given back through Ramp's API: the event shows it."""
    if body("type")(request) != "webhooks.verification":
        return None
    return Reply(200, note="Ramp waits for the challenge in this event: send it back through Ramp's API")


ramp = Provider(
    name="ramp",
    title="Ramp",
    docs="https://docs.ramp.com/developer-api/v1/webhooks",
    verify=HMAC("X-Ramp-Signature"),
    type=body("type"),
    id=body("id"),
    time=body("created_at"),
    subject=first_of(body("object.id"), body("object")),
    answer=answer,
    limits=Limits(timeout=10, retries="10 attempts, on 429, 5xx and timeouts, ever slower", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [ramp]
