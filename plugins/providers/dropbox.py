"""Dropbox: pings that files of accounts have changed; what changed is asked for by its API.

Setup: with the hub running, open the app in the App Console and add the hub's URL under Webhooks. `secret` is the App
secret.
"""

from hub import Limits, Provider, body, echo, hookimpl, items, key_of, query, whole
from hub.signatures import HMAC

dropbox = Provider(
    name="dropbox",
    title="Dropbox",
    docs="https://www.dropbox.com/developers/reference/webhooks",
    verify=HMAC("X-Dropbox-Signature", doc="The app's secret."),
    type=whole(key_of()),
    subject=body(),
    data=whole(body()),
    # each account is an event; a body without accounts is one
    split=items("list_folder.accounts[]"),
    handshake=echo(query("challenge")),
    limits=Limits(timeout=10, retries="for 10 minutes, ever slower", disables="when too many fail"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [dropbox]
