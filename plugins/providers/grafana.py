"""Grafana: alerts, by webhook contact points.

Setup: under Alerting > Contact points add one of the kind Webhook with the hub's URL. In its settings fill in the
secret of the HMAC signature (`secret`; Grafana 12 or newer), basic authentication (`username`, `password`) or the
credentials of the Authorization header (`token`).

The time is signed only if the signature's settings name a timestamp header: say the same in `timestamp_header`.
"""

from typing import Annotated

from hub import Limits, Provider, body, first_of, header, hookimpl
from hub.signatures import HMAC, Basic, Bearer, Configured, OneOf

from ._monitoring import alert_subject, alert_time, alerts

NAME = "X-Grafana-Alerting-Signature"
TIME = "X-Grafana-Alerting-Timestamp"


def signature(
    *,
    signature_header: Annotated[str, "The header of the signature."] = NAME,
    timestamp_header: Annotated[str, "The header of the time that is signed, if Grafana was told one."] = "",
) -> HMAC:
    """The names are the user's; Grafana itself falls back to X-Grafana-Alert-Signature."""
    also = ("X-Grafana-Alert-Signature",)
    if not timestamp_header:
        return HMAC(signature_header, also=also)
    return HMAC(signature_header, "{hex}", "{timestamp}:{body}", timestamp=header(timestamp_header), also=also)


grafana = Provider(
    name="grafana",
    title="Grafana",
    docs="https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/"
    "integrations/webhook-notifier/",
    verify=OneOf(
        signed=Configured(signature, {}, {"timestamp_header": TIME}),
        basic=Basic(),
        bearer=Bearer(option="token", doc="The credentials of the contact point's Authorization header."),
    ),
    # a payload template of the user's may have no status
    type=first_of(body("status"), "notification"),
    time=alert_time,
    subject=alert_subject,
    split=alerts,
    methods=("POST", "PUT"),
    limits=Limits(retries="as Alertmanager, for some minutes", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [grafana]
