"""Azure DevOps: builds, pushes, pull requests, work items, releases.

Setup: Project settings > Service hooks > Create subscription > Web Hooks: choose an event and enter the hub's https URL
and a `username` and `password`, or `X-Hub-Token:...` as HTTP header with the `token`.

"Resource details to send" decides what is in `resource`; without them an event has no subject.
"""

from hub import Limits, Provider, body, first_of, hookimpl
from hub.signatures import Basic, OneOf

from ._places import chosen_header

azure_devops = Provider(
    name="azure-devops",
    title="Azure DevOps",
    docs="https://learn.microsoft.com/azure/devops/service-hooks/services/webhooks",
    verify=OneOf(basic=Basic(), header=chosen_header()),
    type=body("eventType"),
    id=body("id"),
    time=body("createdDate"),
    subject=first_of(
        body("resource.repository.name"),
        body("resource.workItemId"),
        body("resource.buildNumber"),
        body("resource.id"),
        body("resource.url"),
    ),
    limits=Limits(retries="of transient failures", disables="on 410; after repeated failures", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [azure_devops]
