"""ClickUp: tasks, lists, folders, spaces and goals.

Setup: `POST https://api.clickup.com/api/v2/team/.../webhook` with the hub's URL as `endpoint`, and `events`. `secret`
is `webhook.secret` of the answer.
"""

from hub import Limits, Provider, body, digest_of, first_of, hookimpl
from hub.signatures import HMAC

clickup = Provider(
    name="clickup",
    title="ClickUp",
    docs="https://developer.clickup.com/docs/webhooksignature",
    verify=HMAC("X-Signature"),
    type=body("event"),
    # one change may be several events, such as taskUpdated and taskStatusUpdated
    id=digest_of(body("history_items.0.id"), body("event"), body("webhook_id")),
    time=body("history_items.0.date"),
    subject=first_of(*(body(f"{name}_id") for name in ("task", "list", "folder", "space", "goal", "key_result"))),
    limits=Limits(
        timeout=7, retries="5 attempts in all", disables="after 100 lost events, at once on 410", confidence="high"
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [clickup]
