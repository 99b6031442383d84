"""SparkPost: what became of e-mails, in batches, and e-mails that were received (relay webhooks).

Setup: configure the source and start the hub first: SparkPost saves a webhook only if its test is answered. Webhooks
> Create webhook: paste the hub's URL as target, choose events, and Basic Auth with `username` and `password`. For a
custom header, set `secret` to its value and `header` to its name. Relay webhooks can send `secret` as their
`auth_token`.

SparkPost signs nothing: the body is not covered.

With OAuth 2.0, SparkPost sends the token that your own server issued: only one that stays the same can be checked, as
`secret`.
"""

from typing import Any

from hub import Limits, Provider, Reply, Request, dig, first_of, header, hookimpl, inside, items, key_of

from ._any_sender import any_proof


def batch(request: Request) -> list[Any]:
    """The batch's events, each under the name of its class; a test has none."""
    found = [dig(item, ["msys"]) for item in items()(request)]
    return [event for event in found if event]


def content(request: Request) -> Any:
    """The event itself."""
    name = key_of()(request)
    return request.json if name is None else request.json[name]


def answer(request: Request) -> Reply | None:
    """The test when a webhook is saved is a batch with nothing in it."""
    return None if batch(request) else Reply(200, event=False, note="a batch without events answered")


sparkpost = Provider(
    name="sparkpost",
    title="SparkPost",
    docs="https://developers.sparkpost.com/api/webhooks/",
    verify=any_proof("X-MessageSystems-Webhook-Token"),
    type=first_of(inside(content, "type"), key_of()),
    id=first_of(inside(content, "event_id"), header("X-MessageSystems-Batch-ID")),
    time=inside(content, "timestamp"),
    subject=inside(content, "raw_rcpt_to", "rcpt_to"),
    data=content,
    split=batch,
    answer=answer,
    refuse=401,  # for SparkPost it means that a token has ended: it gets a new one
    limits=Limits(timeout=10, retries="for 8 hours", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [sparkpost]
