"""Travis CI: builds, as JSON in a form, signed with a key that Travis publishes.

Setup: in .travis.yml add the hub's URL as `notifications: webhooks:`. For another installation than travis-ci.com set
`public_key` to the key in its `/config`.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from hub import Fetch, KeyNeeded, Limits, Provider, Request, dig, form, hookimpl, inside, join
from hub.signatures import RSA

CONFIG = "https://api.travis-ci.com/config"


def key(request: Request, *, fetched: Mapping[str, str] | None) -> str:
    """The key in the configuration of travis-ci.com; that of another installation has to be configured."""
    text = (fetched or {}).get(CONFIG)
    if text is None:
        raise KeyNeeded(Fetch(CONFIG, ("api.travis-ci.com",)))
    try:
        found = dig(orjson.loads(text), ("config", "notifications", "webhook", "public_key"))
    except orjson.JSONDecodeError:
        return ""
    return found if isinstance(found, str) else ""


def content(request: Request) -> Any:
    """The payload: JSON in a form field."""
    return orjson.loads(form("payload")(request) or "null")


travis_ci = Provider(
    name="travis-ci",
    title="Travis CI",
    docs="https://docs.travis-ci.com/user/notifications/#configuring-webhook-notifications",
    verify=RSA("Signature", "{base64}", "{form:payload}", hash="sha1", fetch=key),
    type=join(inside(content, "type"), inside(content, "state")),
    # a build is told of when it starts, when it ends, and again when it was restarted
    id=join(*(inside(content, name) for name in ("id", "state", "started_at", "finished_at")), by=":"),
    time=inside(content, "finished_at"),
    subject=join(inside(content, "repository.owner_name"), inside(content, "repository.name"), by="/"),
    data=content,
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [travis_ci]
