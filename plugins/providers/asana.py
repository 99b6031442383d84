"""Asana: changes of tasks, projects and more, in batches.

Setup: start the hub with an empty `[providers.asana]`, then `POST /webhooks` with a `resource` and the hub's URL as
`target`. Asana brings the secret; the hub trusts the first one.

Secrets of later webhooks are not trusted by themselves: `hub secrets` lists them, `hub secrets accept` trusts one.
"""

import re

from hub import Limits, Provider, Reply, Request, body, header, hookimpl, items, join
from hub.signatures import HMAC


def greet(request: Request) -> Reply | None:
    """A new webhook starts with its secret, which Asana wants back; it is the key of all later signatures."""
    secret = header("X-Hook-Secret")(request)
    if secret is None or re.fullmatch(r"[\x21-\x7e]{1,200}", secret) is None:
        return None
    note = "the X-Hook-Secret of a new webhook"
    return Reply(200, headers={"X-Hook-Secret": secret}, event=False, learn={"secret": secret}, note=note)


asana = Provider(
    name="asana",
    title="Asana",
    docs="https://developers.asana.com/docs/webhooks-guide",
    verify=HMAC(
        "X-Hook-Signature", learned=True, doc="The X-Hook-Secret of the webhook; a list, as each webhook has its own."
    ),
    type=join(body("resource.resource_type"), body("action")),
    time=body("created_at"),
    subject=body("resource.gid"),
    # a batch without events is a sign of life
    split=items("events[]"),
    handshake=greet,
    limits=Limits(
        timeout=10, retries="for 24 hours, ever slower", disables="deleted after them, at once on 410", confidence="low"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [asana]
