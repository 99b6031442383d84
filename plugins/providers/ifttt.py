"""IFTTT: web requests that an applet makes.

Setup: as an applet's action choose Webhooks > Make a web request: the hub's URL, POST, application/json, a body, and
the additional header `Authorization: Bearer ...` with the `secret`.

The body is your template: `event` and `occurred_at` in it become the event's type and time.
"""

from hub import Provider, body, first_of, form, hookimpl, query

from ._any_sender import any_proof

ifttt = Provider(
    name="ifttt",
    title="IFTTT",
    docs="https://help.ifttt.com/hc/en-us/articles/115010230347-Webhooks-service-FAQ",
    verify=any_proof(),
    # the request is the user's own template
    type=first_of(body("event"), body("type"), form("event"), query("event"), "applet"),
    time=first_of(body("occurred_at"), form("occurred_at")),
    methods=("POST", "PUT", "GET"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [ifttt]
