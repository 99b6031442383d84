"""Sentry: webhooks of integrations, of installations, issues, alerts and errors.

Setup: under Settings > Developer Settings create an integration with the hub's URL as webhook URL and choose its
resources. `secret` is its client secret.
"""

from hub import Limits, Provider, body, first_of, header, hookimpl, join
from hub.signatures import HMAC

sentry = Provider(
    name="sentry",
    title="Sentry",
    docs="https://docs.sentry.io/integrations/integration-platform/webhooks/",
    # Sentry-Hook-Timestamp is not signed
    verify=HMAC("Sentry-Hook-Signature", doc="The integration's client secret; a list while it is being changed."),
    type=join(header("Sentry-Hook-Resource"), body("action")),
    id=header("Request-ID"),
    time=header("Sentry-Hook-Timestamp"),
    subject=first_of(
        body("data.issue.id"),
        body("data.event.issue_id"),
        body("data.error.issue_id"),
        body("data.issue_id"),
        body("data.metric_alert.id"),
        body("installation.uuid"),
    ),
    limits=Limits(
        timeout=1, retries="none", disables="internal integrations: after 1,000 timeouts in a day", confidence="low"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [sentry]
