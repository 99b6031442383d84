"""Meta: Facebook Pages, Messenger, Instagram, Threads and lead ads.

Setup: in the App Dashboard add the product Webhooks (Messenger and Instagram have settings of their own), choose the
object, and paste the hub's URL and a verify token that you make up, which is the option `verify_token`; then subscribe
to fields. `secret` is the app's secret (App settings > Basic). A Page has to be subscribed to the app as well.

Only messages and leads have an id; if Meta sends another change twice, it is two events.
"""

from typing import Any

from hub import Limits, Provider, Request, body, first_of, hookimpl, join, key_of

from ._meta import VERIFY, changes, subscribe

AROUND = ("object", "id", "time", "sender", "recipient", "timestamp", "hop_context")
"""What stands beside the one key that says what a message is: `message`, `postback`, `read`."""


def delivery(request: Request) -> Any:
    """The id of a message or a lead. The sender, the recipient and the deletion of a message each bring its id."""
    if body("message.mid")(request):
        return join(body("id"), body("message.mid"), body("message.is_deleted"), by=":")(request)
    return body("value.leadgen_id")(request)


meta = Provider(
    name="meta",
    title="Meta",
    docs="https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
    verify=VERIFY,
    # Threads has a topic and one change, nothing else has
    type=join(
        first_of(body("object"), body("topic")),
        first_of(body("field"), body("values.field"), key_of(but=AROUND)),
    ),
    id=delivery,
    time=first_of(body("timestamp"), body("value.created_time"), body("time")),
    subject=first_of(body("id"), body("target_id")),
    split=changes,
    handshake=subscribe,
    limits=Limits(
        retries="for 36 hours, ever less often",
        disables="Messenger: the Page is unsubscribed when calls fail for long",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [meta]
