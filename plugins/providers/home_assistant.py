"""Home Assistant: what an automation posts with `rest_command`."""

from hub import Provider, body, first_of, form, hookimpl

from ._any_sender import any_proof

home_assistant = Provider(
    name="home-assistant",
    title="Home Assistant",
    docs="https://www.home-assistant.io/integrations/rest_command/",
    verify=any_proof(),
    # the payload is the user's own template
    type=first_of(body("event_type"), body("event"), body("type"), form("event"), "rest_command"),
    time=first_of(body("time_fired"), body("time"), body("last_changed")),
    subject=first_of(body("entity_id"), body("data.entity_id"), form("entity_id")),
    methods=("POST", "PUT", "GET"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [home_assistant]
