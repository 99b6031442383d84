"""Forgejo: repository, organization and system webhooks, as JSON, as a form, or in the query of a GET.

Setup: under Settings > Webhooks add a webhook of the kind Forgejo with the hub's URL and a secret, which is the
`secret`; `authorization` is its Authorization header, if it has one.
"""

from hub import Limits, Provider, first_of, header, hookimpl, inside, join
from hub.signatures import HMAC, AllOf, Token

from ._gitea import about, content, payload, when

forgejo = Provider(
    name="forgejo",
    title="Forgejo",
    docs="https://forgejo.org/docs/latest/user/webhooks/",
    verify=AllOf(
        # a wrong Forgejo header is not made good by Gitea's
        HMAC(first_of(header("X-Forgejo-Signature"), header("X-Gitea-Signature")), "{hex}", payload),
        Token("Authorization", option="authorization", doc="The Authorization header of the webhook's settings."),
    ),
    type=join(first_of(header("X-Forgejo-Event"), header("X-Gitea-Event")), inside(content, "action")),
    id=first_of(header("X-Forgejo-Delivery"), header("X-Gitea-Delivery")),
    time=when,
    subject=about,
    data=content,
    methods=("POST", "GET"),
    limits=Limits(timeout=5, retries="none", disables="never", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [forgejo]
