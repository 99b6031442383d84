"""What the tests of `diagnose` share: requests of real providers that are wrong in one way."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hub import Provider, body, query
from hub.diagnose import Cause, diagnose
from hub.loader import load_plugins
from hub.request import Request
from hub.signatures import HMAC, Token
from hub.source import Source

PLUGINS = load_plugins(None, installed=False)
URL = "https://hub.example.com/webhooks/it"
SECRET = "Tulip-and_Marigold-77"
WHSEC = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, almost").decode()
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
BODY = '{"id":"evt_1","type":"x","b":[1,2.50,"é"],"a":{"path":"a/b","text":"x<y"}}'.encode()
GITHUB = "X-Hub-Signature-256"
TYPEFORM = "Typeform-Signature"
SHA = "sha256="
HEX = SECRET.encode().hex()
B64 = base64.b64encode(SECRET.encode()).decode()
WHSEC_BARE = WHSEC.removeprefix("whsec_")

SQUARE = Provider(
    name="squarish",
    title="Squarish",
    docs="https://squarish.example",
    verify=HMAC("X-Squarish-Signature", "{base64}", "{url}{body}"),
    type=body("type"),
)
TOKENISH = Provider(
    name="tokenish", title="Tokenish", docs="https://t.example", verify=Token(query("token")), type=body("type")
)


def provider(name: str) -> Provider:
    return {"squarish": SQUARE, "tokenish": TOKENISH}.get(name) or PLUGINS.provider(name)


def source(name: str, options: Mapping[str, Any], *, called: str = "") -> Source:
    return Source(called or name, provider(name), options)


def request(content: bytes = BODY, url: str = URL, **headers: str) -> Request:
    return Request.make("POST", url, {"content-type": "application/json", **headers}, content, NOW)


def signed(name: str, secret: str = SECRET, content: bytes = BODY, **options: Any) -> Request:
    """As the platform signs it."""
    return provider(name).verify.sign(request(content), {"secret": secret, **options})


def written(right: Request, name: str, change: Callable[[str], str]) -> Request:
    """With a header's value changed."""
    return right.with_header(name, change(right.header(name) or ""))


def moved(right: Request, old: str, new: str) -> Request:
    return right.with_header(new, right.header(old)).with_header(old, None)


def svix(right: Request) -> Request:
    """With the names that Svix had before the standard."""
    for part in ("id", "timestamp", "signature"):
        right = moved(right, f"webhook-{part}", f"svix-{part}")
    return right


def as_base64(value: str) -> str:
    prefix, mark, digest = value.rpartition("=")
    return prefix + mark + base64.b64encode(bytes.fromhex(digest)).decode()


def as_hex(value: str) -> str:
    prefix, digest = value[:7], value[7:]
    return prefix + base64.b64decode(digest).hex()


def pretty(**options: Any) -> bytes:
    return json.dumps(json.loads(BODY), ensure_ascii=False, **options).replace("2.5,", "2.50,").encode()


def digest(key: bytes, content: bytes = BODY, how: str = "sha256") -> str:
    return hmac.new(key, content, how).hexdigest()


@dataclass(frozen=True)
class Case:
    """A request that is wrong in one way. other: (provider, name, options) of other sources."""

    says: str
    source: str
    request: Request
    options: Mapping[str, Any] = field(default_factory=lambda: {"secret": SECRET})
    others: tuple[tuple[str, str, Mapping[str, Any]], ...] = ()
    spares: Mapping[str, str] = field(default_factory=dict)

    def cause(self) -> Cause | None:
        bound = source(self.source, self.options)
        others = [source(name, options, called=called) for name, called, options in self.others]
        return diagnose(self.request, bound, others, spares=self.spares)


def body_case(says: str, sent: bytes, seen: bytes) -> Case:
    return Case(says, "github", replace(signed("github", content=sent), body=seen))


def github_with(configured: str, real: str, says: str) -> Case:
    return Case(says, "github", signed("github", real), {"secret": configured})


def late(name: str, seconds: float, secret: str = SECRET, **headers: str) -> Request:
    """A request that was signed so many seconds before it was received."""
    made = request(**headers)
    sent = provider(name).verify.sign(replace(made, received=NOW - timedelta(seconds=seconds)), {"secret": secret})
    return replace(sent, received=NOW)


def trace(seconds: float) -> str:
    return f"Root=1-{int(NOW.timestamp() - seconds):08x}-5759e988bd862e3fe1be46a9"


def http_date(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")


def seen_as(url: str, told: str = URL, **headers: str) -> Request:
    """Signed for one URL, seen under another."""
    return replace(SQUARE.verify.sign(request(url=told, **headers), {"secret": SECRET}), url=url)


def url_case(told: str, seen: str, **headers: str) -> Case:
    says = f"the platform signed the URL {told.partition('?')[0]}"
    return Case(says, "squarish", seen_as(seen, told, **headers))
