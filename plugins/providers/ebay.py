"""eBay: Commerce notifications, and the account deletions that every application has to take.

Setup: in the developer program, under Application Keys > Notifications, save the hub's URL, which must be the source's
`public_url`, with a verification token of your own, the `secret`: eBay asks for a proof of it.

The hub cannot fetch eBay's `public_keys`, which takes an OAuth token. A request with a new `kid` is refused until its
key is there; `hub rejected accept` then takes it.
"""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Annotated, Any

import orjson

from hub import Limits, Provider, Reply, Request, body, first_of, hookimpl, query
from hub.signatures import ECDSA

NAMES = {"alg", "kid", "signature", "digest"}
DOC = "Public keys by their ids, as eBay's API answers them at commerce/notification/v1/public_key/<id>."
CHALLENGE_DOC = "The verification token that you chose for the endpoint: 32 to 80 letters, digits, _ and -."


@dataclass(frozen=True, slots=True)
class sealed:
    """A field of the signature header, which is base64 of JSON."""

    name: str

    def __call__(self, request: Request) -> Any:
        return fields(request).get(self.name)

    def put(self, request: Request, value: object) -> Request:
        """The request with the field set to `value`."""
        found = {**dict.fromkeys(NAMES, ""), **fields(request), self.name: value}
        return request.with_header("x-ebay-signature", b64encode(orjson.dumps(found)).decode())


def fields(request: Request) -> dict[str, Any]:
    """All of the header's fields, or none."""
    text = request.header("x-ebay-signature") or ""
    try:
        raw = b64decode(text, validate=True)
        found = orjson.loads(raw) if b64encode(raw).decode() == text else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) and found.keys() >= NAMES else {}


class Signature(ECDSA):
    """Development keys have an id, as eBay's have."""

    def credentials(self) -> dict[str, Any]:
        """A key pair, the public one in a table."""
        found = super().credentials()
        return {**found, self.option: {"development": found[self.option]}}


def challenge(
    request: Request, *, secret: Annotated[str | None, CHALLENGE_DOC], public_url: str | None
) -> Reply | None:
    """eBay asks whether the hub knows the verification token: the hash of its code, the token and the address."""
    code = query("challenge_code")(request)
    if request.method != "GET" or not code or not secret:
        return None
    address = public_url or request.url.partition("?")[0]
    proof = hashlib.sha256(f"{code}{secret}{address}".encode("utf-8", "surrogatepass")).hexdigest()
    answer = orjson.dumps({"challengeResponse": proof})
    return Reply(200, answer, {"content-type": "application/json"}, event=False, note="challenge answered")


ebay = Provider(
    name="ebay",
    title="eBay",
    docs="https://developer.ebay.com/api-docs/commerce/notification/overview.html",
    verify=Signature(
        sealed("signature"),
        hash="sha1",
        option="public_keys",
        doc=DOC,
        keyid=sealed("kid"),
        require={sealed("alg"): "ecdsa", sealed("digest"): "SHA1"},
    ),
    type=body("metadata.topic"),
    id=body("notification.notificationId"),
    time=body("notification.eventDate"),
    subject=first_of(body("notification.data.userId"), body("notification.data.itemId")),
    handshake=challenge,
    refuse=412,
    limits=Limits(retries="for 24 hours", disables="after them; 30 days to mend it", confidence="low"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [ebay]
