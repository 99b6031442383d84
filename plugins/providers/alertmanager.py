"""Alertmanager: alerts of Prometheus.

Setup: put the hub's URL into a receiver's `webhook_configs`, and into its `http_config` a credential: `authorization`
(`secret`) or `basic_auth` (`username`, `password`).

A firing alert is sent again at each `repeat_interval`, and each time it is a new event.
"""

from hub import Limits, Provider, body, hookimpl
from hub.signatures import Basic, Bearer, OneOf

from ._monitoring import alert_subject, alert_time, alerts

alertmanager = Provider(
    name="alertmanager",
    title="Prometheus Alertmanager",
    docs="https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
    verify=OneOf(bearer=Bearer(), basic=Basic()),
    type=body("status"),
    # no id: the same alert is sent anew at each repeat_interval
    time=alert_time,
    subject=alert_subject,
    split=alerts,
    limits=Limits(retries="on 5xx, until the next notification of the group; none on 4xx", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [alertmanager]
