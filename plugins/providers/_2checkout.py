"""2Checkout (Verifone): Instant Payment Notifications, which are sent until the answer is signed too."""

import hmac

from hub import Limits, Provider, Reply, Request, first_of, form, hookimpl, join
from hub.signatures import HMAC, OneOf

HASHES = {"SIGNATURE_SHA2_256": ("sha256", "sha256"), "SIGNATURE_SHA3_256": ("sha3_256", "sha3-256")}
"""The fields with signatures; the hash's name here and in the answer."""
UNSIGNED = ("HASH", *HASHES)


def sized(*values: str) -> bytes:
    """Each value after its length in bytes."""
    raw = (value.encode("utf-8", "surrogatepass") for value in values)
    return b"".join(str(len(value)).encode() + value for value in raw)


def signed(request: Request) -> bytes:
    """All fields but the signatures, in their order; the values of a list where its first one stands."""
    lists: dict[str, list[str]] = {}
    for name, values in request.form.items():
        lists.setdefault(name.partition("[")[0], []).extend(values)
    return b"".join(sized(*values) for name, values in lists.items() if name not in UNSIGNED)


def answer(request: Request, *, secret: str | None) -> Reply | None:
    """The receipt: the first product and both dates, signed with the same key."""
    field = next((name for name in HASHES if form(name)(request)), None)
    if not secret or field is None:
        return None
    product, name = (first_of(form(f"{one}[]"), form(f"{one}[0]"))(request) for one in ("IPN_PID", "IPN_PNAME"))
    date = request.received.strftime("%Y%m%d%H%M%S")
    values = [value or "" for value in (product, name, form("IPN_DATE")(request))]
    digest = hmac.new(secret.encode(), sized(*values, date), HASHES[field][0]).hexdigest()
    return Reply(200, f'<sig algo="{HASHES[field][1]}" date="{date}">{digest}</sig>', {"content-type": "text/xml"})


def when(request: Request) -> str | None:
    """The notification's date, which is 14 digits that would be taken for a number; else the sale's."""
    date = form("IPN_DATE")(request) or ""
    return f"{date[:8]}T{date[8:]}" if len(date) == 14 else form("SALEDATE")(request)


def registered(request: Request) -> Reply | None:
    """The address is tried with GET when it is saved."""
    return Reply(200, event=False, note="GET answered") if request.method == "GET" else None


two_checkout = Provider(
    name="2checkout",
    title="2Checkout",
    docs="https://verifone.cloud/docs/2checkout/API-Integration/Webhooks/06Instant_Payment_Notification_IPN",
    verify=OneOf(
        sha256=HMAC(form("SIGNATURE_SHA2_256"), "{hex}", signed, covers="part", doc="The account's secret key."),
        sha3=HMAC(form("SIGNATURE_SHA3_256"), "{hex}", signed, covers="part", hash="sha3_256"),
    ),
    type=first_of(form("MESSAGE_TYPE"), form("ORDERSTATUS")),
    id=join(form("REFNO"), form("MESSAGE_TYPE"), form("ORDERSTATUS"), form("IPN_DATE"), by=":"),
    time=when,
    subject=first_of(form("REFNO"), form("REFNOEXT")),
    handshake=registered,
    answer=answer,
    limits=Limits(retries="until the answer is signed", confidence="medium"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [two_checkout]
