"""EasyPost: trackers, batches, shipments, refunds.

Setup: on the account's webhooks page, or with the API, add the hub's URL with a webhook secret, the `secret`; or put
`username` and `password` into the URL, `https://username:password@...`.
"""

from unicodedata import normalize

from hub import Limits, Provider, body, hookimpl
from hub.signatures import HMAC, Basic, OneOf


def decomposed(text: str) -> bytes:
    """The key: the secret with its accents apart, as EasyPost's libraries have it."""
    return normalize("NFKD", text).encode()


easypost = Provider(
    name="easypost",
    title="EasyPost",
    docs="https://docs.easypost.com/guides/webhooks-guide",
    verify=OneOf(signed=HMAC("X-Hmac-Signature", "hmac-sha256-hex={hex}", key=decomposed), basic=Basic()),
    type=body("description"),
    id=body("id"),
    time=body("created_at"),
    subject=body("result.id"),
    limits=Limits(retries="some", disables="when it keeps failing", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [easypost]
