"""Hugging Face: repositories, discussions and comments on the Hub.

Setup: on https://huggingface.co/settings/webhooks add one with the hub's URL and a secret of your own in ASCII, which
is the `secret`.
"""

from hub import Limits, Provider, body, first_of, hookimpl, join, query
from hub.signatures import OneOf, Token

huggingface = Provider(
    name="huggingface",
    title="Hugging Face",
    docs="https://huggingface.co/docs/hub/webhooks",
    verify=OneOf(
        header=Token("X-Webhook-Secret", doc="The webhook's secret, or the one in its URL (`?secret=...`)."),
        url=Token(query("secret")),
    ),
    type=join(body("event.scope"), body("event.action")),
    subject=first_of(body("repo.name"), body("repo.id")),
    limits=Limits(disables="1,000 requests within 24 hours are the most"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [huggingface]
