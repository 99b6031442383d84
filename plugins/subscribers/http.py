"""HTTP: forward each event to a URL, as the original request, as a CloudEvent or signed by Standard Webhooks."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote, urlsplit

from hub import Event, Option, Reject, Request, Subscriber, hookimpl
from hub.signatures import StandardWebhooks

if TYPE_CHECKING:
    import httpx2

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding"
    b" upgrade".split()
)
"""RFC 9110, 7.6.1; Connection names more."""
OURS = frozenset(b"host content-length expect accept-encoding".split())
"""What this request needs in its own way."""
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name: RFC 9110, 5.6.2."""
ATTRIBUTES = ("id", "source", "type", "specversion", "subject", "time", "provider", "deliveryid", "receivedat")
PLAIN = "".join(map(chr, range(0x21, 0x7F))).replace('"', "").replace("%", "")
"""Characters of a header that are not percent-encoded."""
LONGEST = 1000


@dataclass
class HTTP(Subscriber):
    """The target may get an event twice: `Hub-Event-Id`, the CloudEvent's id or `webhook-id` tells."""

    name = "http"
    url: Annotated[str, Option("Where to; a 2xx answer is delivered.", secret=True)] = field(repr=False)
    mode: Annotated[
        Literal["original", "structured", "binary", "standard-webhooks"],
        "The request as it came, byte for byte; a CloudEvent; or type, timestamp and data, signed with `secret`.",
    ] = "original"
    method: Annotated[str, "Instead of POST, or of the original's."] = ""
    headers: Annotated[dict[str, str], "More headers; they replace others of their name."] = field(
        default_factory=dict, repr=False
    )
    secret: Annotated[str, Option("`whsec_...`, for `standard-webhooks` only.", secret=True)] = field(
        default="", repr=False
    )

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise ValueError("url starts with https:// or http://")
        for name, value in self.headers.items():
            if not TOKEN.fullmatch(name) or not value.isprintable():
                raise ValueError(
                    f"headers: {name!r} cannot be a header (line breaks, or letters that names do not have)"
                )
        if (self.mode == "standard-webhooks") != bool(self.secret):
            raise ValueError('secret ("whsec_...") belongs to mode = "standard-webhooks", which needs it')
        if self.secret and not StandardWebhooks().configured({"secret": self.secret}):
            raise ValueError('secret is "whsec_" and base64, as in Standard Webhooks')

    async def deliver(self, event: Event) -> None:
        if self.mode == "original":
            await self.forward(event)
        elif self.mode == "structured":
            await self.send([(b"content-type", b"application/cloudevents+json; charset=utf-8")], event.json())
        elif self.mode == "binary":
            await self.send([(b"content-type", b"application/json"), *binary_headers(event)], event.data_json())
        else:
            signed = self.signed(event)
            await self.send(list(signed.headers), signed.body)

    async def forward(self, event: Event) -> None:
        """The original request: its method, query, headers and bytes."""
        request = await self.request(event)
        if request is None:
            raise Reject("the original request is no longer kept (see `keep` in [log])")
        url = self.url
        if request.query_string:
            url += ("&" if urlsplit(url).query else "?") + request.query_string
        attributes = {"Id": event.id, "Type": event.type, "Source": event.source}
        marks = [(f"hub-event-{name}".lower().encode(), encoded(value)) for name, value in attributes.items()]
        await self.send([*end_to_end(request), *marks], request.body, url=url, method=request.method)

    def signed(self, event: Event) -> Request:
        """The event as https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md."""
        form = event.attributes()
        head = json.dumps({"type": event.type, "timestamp": form.get("time", form["receivedat"])})
        request = Request.make(
            url=self.url,
            headers={"content-type": "application/json", "webhook-id": event.id},
            body=head[:-1].encode() + b', "data": ' + event.data_json() + b"}",
            received=datetime.now(UTC),
        )
        return StandardWebhooks().sign(request, {"secret": self.secret})

    @cached_property
    def address(self) -> "httpx2.URL":
        """The URL, read once."""
        import httpx2  # only a hub that forwards pays for it

        return httpx2.URL(self.url)

    async def send(self, headers: Headers, body: bytes, *, url: str = "", method: str = "POST") -> None:
        """Send it with the headers of the configuration, which win."""
        more = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        names = {name for name, _ in more}
        headers = [(name, value) for name, value in headers if name not in names] + more
        await self.http.request(self.method or method, url or self.address, headers=headers, content=body)


def end_to_end(request: Request) -> Headers:
    """The headers that are meant for the target, without any that pretend to be ours."""
    listed = request.header("connection") or ""
    dropped = HOP_BY_HOP | OURS | {name.strip().lower().encode("latin-1") for name in listed.split(",")}
    return [(name, value) for name, value in request.headers if name not in dropped and name[:10] != b"hub-event-"]


def binary_headers(event: Event) -> Headers:
    """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values"""
    form = event.attributes()
    return [(f"ce-{name}".encode(), encoded(form[name])) for name in ATTRIBUTES if name in form]


def encoded(value: str) -> bytes:
    """Percent-encoded: space, double quote, percent, and all that is not printable ASCII."""
    return quote(value[:LONGEST], safe=PLAIN, errors="replace").encode()


@hookimpl
def register_subscribers() -> list[type[Subscriber]]:
    return [HTTP]
