"""Datadog: monitors and events, by the Webhooks integration's default payload.

Setup: under Integrations > Webhooks add one with the hub's URL and the custom header `{"X-Hub-Token": "..."}`, whose
value is the `secret`; then name it in a monitor: `@webhook-...`.

The payload is your template: `id`, `event_type`, `date` and `alert_id` in it become the parts of the event.
"""

from hub import Limits, Provider, body, first_of, form, hookimpl
from hub.signatures import Basic, Configured, OneOf

from ._monitoring import chosen_header


def field(name: str) -> first_of:
    """A field of the payload, which may be sent as a form."""
    return first_of(body(name), form(name))


datadog = Provider(
    name="datadog",
    title="Datadog",
    docs="https://docs.datadoghq.com/integrations/webhooks/",
    verify=OneOf(header=Configured(chosen_header), basic=Basic()),
    # the payload is the user's own template: it may lack all of these
    type=first_of(field("event_type"), "notification"),
    id=field("id"),
    time=first_of(field("date"), field("last_updated")),
    subject=first_of(field("alert_id"), field("title")),
    limits=Limits(timeout=15, retries="5", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [datadog]
