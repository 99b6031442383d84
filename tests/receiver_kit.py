"""What the tests of receivers send, and a provider of the user's own."""

from __future__ import annotations

import hmac
import uuid

MINE = '''"""Mine."""
import os

from hub import Provider, hookimpl
from hub.signatures import HMAC

mine = Provider(
    name="mine", title="Mine", docs="https://example.com", verify=HMAC("X-Signature", "{hex}"),
    type=lambda request: "tick", data=lambda request: {"process": os.getpid()},
)


@hookimpl
def register_providers():
    return [mine]
'''


def signed(
    source: str, secret: str = "s", delivery: str = "", text: bytes | None = None
) -> tuple[dict[str, str], bytes]:
    body = b'{"action":"opened"}' if text is None else text
    digest = hmac.digest(secret.encode(), body, "sha256").hex()
    if source == "mine":
        return {"X-Signature": digest}, body
    headers = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Event": "issues"}
    return {**headers, "X-GitHub-Delivery": delivery or str(uuid.uuid4())}, body
