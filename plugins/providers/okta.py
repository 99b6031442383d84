"""Okta: sign-ins, users, groups and applications, by event hooks.

Setup: in the Admin Console under Workflow > Event Hooks create one with the hub's URL, `Authorization` as its
authentication field and a secret of your own, which is the `secret`; then let Okta verify it. Name another field in
`header`.

Deliveries are best effort, with one retry, and may come out of order.
"""

import orjson

from hub import Limits, Provider, Reply, Request, body, first_of, header, hookimpl, items

from ._places import chosen_header


def verification(request: Request) -> Reply | None:
    """The one-time challenge, sent back as JSON."""
    challenge = header("X-Okta-Verification-Challenge")(request)
    if request.method != "GET" or not challenge:
        return None
    content = orjson.dumps({"verification": challenge})
    return Reply(200, content, {"content-type": "application/json"}, event=False, note="verification answered")


okta = Provider(
    name="okta",
    title="Okta",
    docs="https://developer.okta.com/docs/concepts/event-hooks/",
    verify=chosen_header("Authorization", option="secret"),
    type=body("eventType"),
    id=body("uuid"),
    time=body("published"),
    subject=first_of(body("target.0.id"), body("actor.id")),
    split=items("data.events[]"),
    handshake=verification,
    answer=lambda request: Reply(200),
    limits=Limits(timeout=3, retries="1, but for 4xx", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [okta]
