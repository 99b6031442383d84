"""ActiveCampaign: contacts, campaigns, deals and lists, as forms that nothing but the URL's secret proves.

Setup: Settings > Developer > Manage Webhooks: add one with events and the hub's URL, which ends with `?token=...`; the
`secret` is what stands there.
"""

from hub import Limits, Provider, first_of, form, hookimpl, query
from hub.signatures import Token

activecampaign = Provider(
    name="activecampaign",
    title="ActiveCampaign",
    docs="https://developers.activecampaign.com/page/webhooks",
    verify=Token(query("token"), doc="The secret in the URL that ActiveCampaign is told: `?token=...`"),
    type=form("type"),
    time=form("date_time"),
    subject=first_of(form("contact[email]"), form("deal[id]"), form("contact[id]"), form("list")),
    limits=Limits(retries="never", disables="on 410, for good", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [activecampaign]
