"""New Relic: issues, by the default payload of workflows.

Setup: under Alerts > Destinations add a webhook with the hub's URL and a bearer token (`secret`), basic authentication
(`username`, `password`) or a header of its own; then use it in a workflow.

The payload is your template: `state`, `updatedAt` and `issueId` in it become the parts of the event.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import Basic, Bearer, Configured, OneOf

from ._monitoring import chosen_header

newrelic = Provider(
    name="newrelic",
    title="New Relic",
    docs="https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/",
    verify=OneOf(header=Configured(chosen_header), bearer=Bearer(), basic=Basic()),
    # the payload is the user's own template: it may lack all of these
    type=first_of(body("state"), "notification"),
    time=first_of(body("updatedAt"), body("createdAt")),
    subject=first_of(body("issueId"), body("id")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [newrelic]
