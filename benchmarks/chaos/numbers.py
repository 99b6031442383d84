"""Numbered events: a body is made again from its number, so that every copy of it can be compared with the first."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

import orjson

SECRET = "chaos-github-secret"
SAMPLE = Path(__file__).parents[2] / "plugins" / "samples" / "github" / "push.http"
TEXT = "".join(f"{number} grün, жёлтый, 赤, \U0001f535; " for number in range(400))


@dataclass(frozen=True)
class Numbers:
    """The events of one run: GitHub pushes of about 7 kB, each of another length."""

    seed: int
    sample: bytes

    @classmethod
    def of(cls, seed: int) -> Numbers:
        """The events of a seed."""
        return cls(seed, SAMPLE.read_bytes().partition(b"\n\n")[2].strip())

    def body(self, number: int) -> bytes:
        """The bytes that GitHub would send."""
        digest = hashlib.sha256(b"%d:%d" % (self.seed, number)).hexdigest()
        start, length = number % 1000, number * 7919 % 1500
        chaos = {"number": number, "text": TEXT[start : start + length] + digest}
        return b'{"chaos":' + orjson.dumps(chaos) + b"," + self.sample[1:]

    def delivery(self, number: int) -> str:
        """The id that stays the same when the event is sent again."""
        return f"{self.seed:08x}-cafe-4000-8000-{number:012x}"

    def number(self, delivery: str) -> int | None:
        """The number of a delivery id; None if it is none of ours."""
        number = int(delivery.rpartition("-")[2] or "0", 16)
        return number if delivery == self.delivery(number) else None

    def request(self, number: int) -> bytes:
        """The whole request, signed as GitHub signs it."""
        body = self.body(number)
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        head = (
            "POST /webhooks/github HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            "User-Agent: GitHub-Hookshot/chaos\r\nX-GitHub-Event: push\r\n"
            f"X-GitHub-Delivery: {self.delivery(number)}\r\nX-Hub-Signature-256: sha256={signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def digest(self, number: int) -> bytes:
        """What every copy of the body comes to."""
        return hashlib.sha256(self.body(number)).digest()
