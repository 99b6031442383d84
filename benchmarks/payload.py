"""The request that every server gets: a real GitHub push, signed as GitHub signs it."""

import hashlib
import hmac
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "plugins" / "samples" / "github" / "push.http"
SECRET = "the secret of the benchmark"
DELIVERY = "X-GitHub-Delivery"
"""The one header that differs from request to request. The signature covers only the body."""


@dataclass(frozen=True)
class Payload:
    """A signed request. headers: all that are the same for every request."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


def payload() -> Payload:
    """The sample that the hub's own tests use."""
    head, _, body = SAMPLE.read_bytes().partition(b"\n\n")
    lines = [line.split(": ", 1) for line in head.decode().splitlines()[1:]]
    headers = [(name, value) for name, value in lines if name != DELIVERY]
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return Payload((*headers, ("Accept", "*/*"), ("X-Hub-Signature-256", f"sha256={signature}")), body)


def deliveries() -> Iterator[str]:
    """Ids as GitHub gives them: every one is another place in an index."""
    while True:
        yield str(uuid.uuid4())


def around_the_id(address: str) -> tuple[bytes, bytes]:
    """The bytes of a request before and after its delivery id; address: where it goes."""
    host, path = re.fullmatch(r"http://([^/]+)(/.*)", address).groups()  # type: ignore[union-attr]
    request = payload()
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(request.body)}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\r\n".join([*lines, f"{DELIVERY}: "]).encode(), b"\r\n\r\n" + request.body
