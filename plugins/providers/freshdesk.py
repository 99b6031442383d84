"""Freshdesk: requests of automation rules, whose body and headers their authors design.

Setup: in an automation rule add the action Trigger Webhook with the hub's URL, and either basic authentication
(`username`, `password`) or the custom header `X-Hub-Token`, the `secret`.

The body is your template: `type` and `ticket_id` in it become the parts of the event.
"""

from hub import Limits, Provider, first_of, hookimpl, inside
from hub.signatures import Basic, OneOf

from ._content import content
from ._places import chosen_header

freshdesk = Provider(
    name="freshdesk",
    title="Freshdesk",
    docs="https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules",
    verify=OneOf(token=chosen_header(option="secret"), basic=Basic()),
    type=first_of(inside(content, "type", "freshdesk_webhook.type"), "ticket"),
    subject=inside(content, "freshdesk_webhook.ticket_id", "ticket_id", "ticket.id", "id"),
    data=content,
    methods=("POST", "PUT", "PATCH", "DELETE", "GET"),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [freshdesk]
