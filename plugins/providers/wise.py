"""Wise: transfers, balances and profiles; its public keys are those that it publishes.

Setup: in the account's developer tools, or with the API, add a webhook with the hub's URL, on port 443 and without a
query. Nothing is to be configured here, but for the sandbox `environment = "sandbox"`.

Wise signs for every account with the same key: anyone with one can have it send to your URL. Filter by
`data.resource.profile_id`.
"""

from typing import Literal

from hub import Limits, Option, Provider, Request, body, header, hookimpl, join
from hub.signatures import RSA, OneOf

KEYS = {
    "production": """
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvO8vXV+JksBzZAY6GhSO
XdoTCfhXaaiZ+qAbtaDBiu2AGkGVpmEygFmWP4Li9m5+Ni85BhVvZOodM9epgW3F
bA5Q1SexvAF1PPjX4JpMstak/QhAgl1qMSqEevL8cmUeTgcMuVWCJmlge9h7B1CS
D4rtlimGZozG39rUBDg6Qt2K+P4wBfLblL0k4C4YUdLnpGYEDIth+i8XsRpFlogx
CAFyH9+knYsDbR43UJ9shtc42Ybd40Afihj8KnYKXzchyQ42aC8aZ/h5hyZ28yVy
Oj3Vos0VdBIs/gAyJ/4yyQFCXYte64I7ssrlbGRaco4nKF3HmaNhxwyKyJafz19e
HwIDAQAB""",
    "sandbox": """
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwpb91cEYuyJNQepZAVfP
ZIlPZfNUefH+n6w9SW3fykqKu938cR7WadQv87oF2VuT+fDt7kqeRziTmPSUhqPU
ys/V2Q1rlfJuXbE+Gga37t7zwd0egQ+KyOEHQOpcTwKmtZ81ieGHynAQzsn1We3j
wt760MsCPJ7GMT141ByQM+yW1Bx+4SG3IGjXWyqOWrcXsxAvIXkpUD/jK/L958Cg
nZEgz0BSEh0QxYLITnW1lLokSx/dTianWPFEhMC9BgijempgNXHNfcVirg1lPSyg
z7KqoKUN0oHqWLr2U1A+7kqrl6O2nx3CKs1bj1hToT1+p4kcMoHXA7kA+VBLUpEs
VwIDAQAB""",
}
"""Wise's keys, from the page on webhooks."""


def published(request: Request, *, environment: str = "production") -> str:
    """The environment's key, where none is configured."""
    return KEYS[environment]


wise = Provider(
    name="wise",
    title="Wise",
    docs="https://docs.wise.com/guides/developer/webhooks/event-handling",
    # SHA-1 is deprecated: only for those who configure a key themselves
    verify=OneOf(sha256=RSA("X-Signature-SHA256", fetch=published), sha1=RSA("X-Signature", hash="sha1")),
    type=body("event_type"),
    id=header("X-Delivery-Id"),
    time=body("data.occurred_at"),
    subject=join(body("data.resource.type"), body("data.resource.id"), by="/"),
    options={
        "environment": Option("Whose key Wise signs with.", Literal["production", "sandbox"], "production"),
    },
    limits=Limits(
        timeout=5,
        retries="25 attempts in 2 weeks: after 1, 2, 4 minutes and so on, then daily; 3 on some 4xx",
        confidence="high",
    ),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [wise]
