"""Home Assistant: what automations send with `rest_command`.

Setup: in configuration.yaml add a `rest_command` with the hub's URL, the method, `content_type: application/json`, a
payload, and the header `Authorization: Bearer ...` with the `secret`; call it from automations.

The payload is your template: `event_type`, `time` and `entity_id` in it become parts of the event.
"""

from hub import Provider, body, first_of, form, hookimpl, query

from ._any_sender import any_proof

home_assistant = Provider(
    name="home-assistant",
    title="Home Assistant",
    docs="https://www.home-assistant.io/integrations/rest_command/",
    verify=any_proof(),
    # the payload is the user's own template
    type=first_of(body("event_type"), body("event"), body("type"), form("event"), query("event"), "rest_command"),
    time=first_of(body("time_fired"), body("time"), body("last_changed")),
    subject=first_of(body("entity_id"), body("data.entity_id"), form("entity_id")),
    methods=("POST", "PUT", "GET"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [home_assistant]
