"""PagBank (PagSeguro): orders and charges.

Setup: give orders the hub's URL in `notification_urls`; `secret` is the account's API token.

The sandbox often leaves the signature out (unverified). Older notifications, forms with a `notificationCode`, have
none.
"""

from hub import Limits, Provider, Request, body, first_of, form, hookimpl
from hub.signatures import Hash

KINDS = {"ORDE": "order", "CHAR": "charge", "CHEC": "checkout", "SUBS": "subscription"}
"""What ids begin with."""


def kind(request: Request) -> str | None:
    """The object's kind and status; the platform has no word of its own."""
    prefix = str(body("id")(request) or "").partition("_")[0]
    status = first_of(body("status"), body("charges.0.status"))(request)
    words = [word for word in (KINDS.get(prefix, prefix), status) if isinstance(word, str) and word]
    return ".".join(words) or form("notificationType")(request)


pagbank = Provider(
    name="pagbank",
    title="PagBank",
    docs="https://developer.pagbank.com.br/docs/webhooks",
    verify=Hash("x-authenticity-token", "{hex}", "{secret}-{body}", doc="The account's API token."),
    type=kind,
    time=first_of(body("paid_at"), body("charges.0.paid_at"), body("created_at")),
    subject=first_of(body("id"), form("notificationCode")),
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [pagbank]
