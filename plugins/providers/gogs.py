"""Gogs: repository and organization webhooks, as JSON or as a form.

Setup: under Settings > Webhooks add a webhook of the kind Gogs with the hub's URL and a secret, which is the `secret`.
"""

from hub import Limits, Provider, header, hookimpl, inside, join
from hub.signatures import HMAC

from ._gitea import about, content, payload, when

gogs = Provider(
    name="gogs",
    title="Gogs",
    docs="https://gogs.io/docs/features/webhook",
    verify=HMAC("X-Gogs-Signature", "{hex}", payload),
    type=join(header("X-Gogs-Event"), inside(content, "action")),
    id=header("X-Gogs-Delivery"),
    time=when,
    subject=about,
    data=content,
    limits=Limits(retries="none", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [gogs]
