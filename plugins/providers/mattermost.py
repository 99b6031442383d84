"""Mattermost: outgoing webhooks and slash commands, as forms or JSON.

Setup: Integrations > Outgoing Webhooks or Slash Commands: add one with the hub's URL. `secret` is the token that is
shown then.

For a hub in an internal network, the server needs its host in `AllowedUntrustedInternalConnections`.
"""

from hub import Limits, Provider, first_of, hookimpl, join
from hub.signatures import OneOf, Token

from ._field import field

mattermost = Provider(
    name="mattermost",
    title="Mattermost",
    docs="https://developers.mattermost.com/integrate/webhooks/outgoing/",
    verify=OneOf(
        # commands have the token in both places
        command=Token("Authorization", "Token {token}", doc="The token that Mattermost shows; a list for several."),
        field=Token(field("token")),
    ),
    type=first_of(join("command", field("command")), "message"),
    id=first_of(field("post_id"), field("trigger_id")),
    time=field("timestamp"),
    subject=first_of(field("channel_name"), field("channel_id")),
    limits=Limits(timeout=30, retries="none", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mattermost]
