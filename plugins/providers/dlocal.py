"""dLocal: payins and payouts.

Setup: give payments the hub's URL as `notification_url`. `secret` is the account's secret key, `x_login` its X-Login.

dLocal documents this signature for requests to its API; that notifications carry it, others report (unverified).
"""

from hub import Limits, Option, Provider, body, first_of, header, hookimpl, join
from hub.signatures import HMAC

dlocal = Provider(
    name="dlocal",
    title="dLocal",
    docs="https://docs.dlocal.com/docs/security",
    verify=HMAC(
        "Authorization",
        "V2-HMAC-SHA256, Signature: {hex}",
        "{option:x_login}{timestamp}{body}",
        timestamp=header("X-Date"),
        clock="iso",
        require={"X-Login": "{option:x_login}"},
    ),
    type=body("status"),
    # the payment's id is the same for all that happens to it
    id=join(body("id"), body("status"), body("status_code"), by=":"),
    time=first_of(body("approved_date"), body("created_date")),
    subject=first_of(body("order_id"), body("id")),
    options={"x_login": Option("The account's X-Login.")},
    limits=Limits(confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [dlocal]
