"""Gitea: repository, organization and system webhooks, as JSON, as a form, or in the query of a GET.

Setup: under Settings > Webhooks add a webhook of the kind Gitea with the hub's URL and a secret, which is the `secret`;
`authorization` is its Authorization header, if it has one.
"""

from hub import Limits, Provider, header, hookimpl, inside, join
from hub.signatures import HMAC, AllOf, Token

from ._gitea import about, content, payload, when

gitea = Provider(
    name="gitea",
    title="Gitea",
    docs="https://docs.gitea.com/usage/webhooks",
    verify=AllOf(
        HMAC("X-Gitea-Signature", "{hex}", payload),
        Token("Authorization", option="authorization", doc="The Authorization header of the webhook's settings."),
    ),
    type=join(header("X-Gitea-Event"), inside(content, "action")),
    id=header("X-Gitea-Delivery"),
    time=when,
    subject=about,
    data=content,
    methods=("POST", "GET"),
    limits=Limits(timeout=5, retries="none", disables="never", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [gitea]
