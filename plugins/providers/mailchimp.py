"""Mailchimp: changes of an audience's contacts, and campaigns.

Setup: Audience > Settings > Webhooks > Create New Webhook: paste the hub's URL with a secret of your own,
`?token=...`, which goes into `secret`, and choose events.

Mailchimp signs nothing: whoever knows the URL can send.
"""

from hub import Limits, Provider, Reply, Request, digest_of, first_of, form, hookimpl, query
from hub.signatures import Token


def tried(request: Request) -> Reply | None:
    """The address is tried with GET when the webhook is saved."""
    return Reply(200, event=False, note="GET answered") if request.method == "GET" else None


mailchimp = Provider(
    name="mailchimp",
    title="Mailchimp",
    docs="https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
    verify=Token(query("token"), doc="The secret in the URL, `?token=...`."),
    type=form("type"),
    # there is no id; the body has its second and all that changed
    id=digest_of(form("fired_at"), lambda request: request.text),
    time=form("fired_at"),
    subject=first_of(form("data[email]"), form("data[new_email]"), form("data[id]")),
    handshake=tried,
    limits=Limits(timeout=10, retries="for about 75 minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [mailchimp]
