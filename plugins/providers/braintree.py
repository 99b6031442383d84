"""Braintree: subscriptions, disputes, disbursements; signed XML in a form.

Setup: `public_key` and `private_key` are a pair of the gateway's API keys. With the hub running, make a webhook with
its URL in the Control Panel, under API > Webhooks: Braintree asks at once for a proof of the keys.
"""

import hashlib
import hmac
import re
from base64 import b64decode
from typing import Annotated, Any

from hub import Limits, Provider, Reply, Request, digest_of, first_of, form, hookimpl, inside, parse_xml, query
from hub.signatures import HMAC

from ._places import listed

CODE = re.compile(r"[a-f0-9]{20,32}")
PUBLIC_DOC = "The gateway's public key, which names its private key."


def derived(text: str) -> bytes:
    """The key: the SHA-1 of the private key."""
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()


def challenge(
    request: Request, *, public_key: Annotated[str | None, PUBLIC_DOC], private_key: str | list[str] | None
) -> Reply | None:
    """Braintree asks whether the hub has the keys; nothing but its hex codes is signed for a stranger."""
    code = query("bt_challenge")(request) or ""
    if request.method != "GET" or not CODE.fullmatch(code) or not (public_key and private_key):
        return None
    newest = private_key[0] if isinstance(private_key, list) else private_key
    proof = hmac.new(derived(str(newest)), code.encode(), "sha1").hexdigest()
    return Reply(200, f"{public_key}|{proof}", event=False, note="challenge answered")


def payload(request: Request) -> str | None:
    """What is signed; a code, which anyone can have signed by asking as Braintree does, is no payload."""
    found = form("bt_payload")(request)
    return None if found is None or CODE.fullmatch(found) else found


def payload_line(request: Request) -> str | None:
    """The same with a line break, as older versions signed it."""
    found = payload(request)
    return None if found is None else f"{found}\n"


def content(request: Request) -> Any:
    """The notification, which is XML in base64."""
    return parse_xml(b64decode(payload(request) or ""))


def about(request: Request) -> str | None:
    """The id of the notification's only subject."""
    found = content(request).get("subject")
    thing = next(iter(found.values()), None) if isinstance(found, dict) else None
    name = thing.get("id") if isinstance(thing, dict) else None
    return name if isinstance(name, str) else None


braintree = Provider(
    name="braintree",
    title="Braintree",
    docs="https://developer.paypal.com/braintree/docs/guides/webhooks/parse",
    verify=HMAC(
        listed(form("bt_signature"), "&"),  # one for each pair of keys that the gateway has
        "{keyid}|{hex} ...",
        (payload, payload_line),
        covers="part",
        hash="sha1",
        key=derived,
        option="private_key",
        doc="The gateway's private key.",
    ),
    type=inside(content, "kind"),
    id=digest_of(about, inside(content, "kind"), inside(content, "timestamp")),
    time=inside(content, "timestamp"),
    subject=first_of(about, inside(content, "kind")),
    data=content,
    handshake=challenge,
    limits=Limits(timeout=30, retries="hourly, for 24 hours; in the sandbox for 3", confidence="high"),
)


@hookimpl
def register_providers() -> list[Provider]:
    return [braintree]
