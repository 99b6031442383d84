"""Gong: calls that an automation rule has picked.

Setup: Admin center > Settings > Ecosystem > Automation rules: add a rule that fires a webhook at the hub's URL. With
the signed JWT header, `public_key` is behind Show public key; else the URL ends with `?token=...`, the `token`.

A rule's test is an event like any other: `data.isTest` tells it.
"""

from hub import Provider, body, first_of, hookimpl, query
from hub.signatures import JWT, OneOf, Token

gong = Provider(
    name="gong",
    title="Gong",
    docs="https://help.gong.io/docs/create-a-webhook-rule",
    verify=OneOf(
        signed=JWT(
            "Authorization",
            algorithms=("RS256",),
            claims={"webhook_url": "{url}", "body_sha256": "{body|sha256|hex}"},
            doc="The public key that Gong shows beside the rule.",
        ),
        url=Token(query("token"), option="token", doc="A secret in the URL that Gong is told: `?token=...`"),
    ),
    type=first_of("call"),
    # no id: a call may meet several rules, and one rule again
    time=body("callData.metaData.started"),
    subject=body("callData.metaData.id"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [gong]
