"""Makes `sdk.json` with foreign libraries in Python, in an environment of its own; README.md beside it says how."""

import base64
import json
import logging
import ssl
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from accepts import Check, R, check_of
from anymail_accepts import MORE
from libraries import LIBRARIES
from schemes import signed_schemes
from signs import NOW, SIGNS

KIND = "PyPI "
"""Marks the vectors of this script among those of the others."""
BODYLESS = {
    *("brevo", "mailjet", "postmark", "sparkpost"),
    *("google-chat", "google-play-rtdn", "google-pubsub", "mercadopago", "plivo-v2", "vonage", "wechat"),
}
"""What these libraries verify does not cover the body."""


def verdict(check: Check, request: R) -> bool | None:
    """What the library says; None if the request is in a mode that it does not know."""
    try:
        return check(request) is not False
    except KeyError:
        return None
    except Exception as error:
        logging.debug("refused: %r", error)
        return False


def accepted(vector: dict[str, Any], request: R) -> Iterator[dict[str, Any]]:
    """The hub's request, if the library accepts it, but not with another body: each `e` in it made a 3."""
    found = MORE.get(vector["provider"]) or check_of(vector["provider"], request)
    if found is None:
        return
    package, check = found
    said = verdict(check, request)
    spoiled = replace(request, raw=request.raw.replace(b"e", b"3"))
    if said is False:
        print(f"{vector['provider']}: {package} refuses what the hub signs", file=sys.stderr)
    elif said and request.raw and vector["provider"] not in BODYLESS and verdict(check, spoiled):
        print(f"{vector['provider']}: {package} accepts another body", file=sys.stderr)
    elif said:
        yield written(vector, request, "sdk-accepted", f"{named(package)} accepts what the hub signs")


def made(vector: dict[str, Any], request: R) -> Iterator[dict[str, Any]]:
    """The request with the proofs of libraries."""
    first = [SIGNS[vector["provider"]]] if vector["provider"] in SIGNS else []
    for package, sign in (*first, *LIBRARIES.get(vector["provider"], ())):
        signed = sign(request)
        if signed is not None:
            yield written({**vector, "now": NOW}, signed, "sdk-generated", f"{named(package)} signs")


def named(package: str) -> str:
    """With its version."""
    return ssl.OPENSSL_VERSION if package == "OpenSSL" else f"{package} {version(package)}"


def written(vector: dict[str, Any], r: R, origin: str, note: str) -> dict[str, Any]:
    """A vector; development keys are left out, but Braintree's, which both sides have."""
    options = {
        name: value for name, value in r.options.items() if name != "private_key" or vector["provider"] == "braintree"
    }
    body = base64.b64encode(r.raw).decode()
    sent = {"method": r.method, "url": r.url, "headers": r.headers, "body_b64": body}
    made = {**vector, "origin": origin, "options": options, **sent, "note": KIND + note}
    order = ("provider", "origin", "scheme", "options", "method", "url", "headers", "body_b64", "valid", "now", "note")
    return {name: made[name] for name in order}


def main(ours: Path, result: Path) -> None:
    """Replace this script's vectors in the result."""
    mine: list[dict[str, Any]] = []
    for vector in json.loads(ours.read_text()):
        raw = base64.b64decode(vector["body_b64"])
        request = R(vector["options"], vector["method"], vector["url"], vector["headers"], raw)
        mine += [*accepted(vector, request), *made(vector, request)]
    for package, scheme, request in signed_schemes():
        vector = {"provider": None, "origin": "", "scheme": scheme, "valid": True, "now": NOW}
        mine.append(written(vector, request, "sdk-generated", f"{named(package)} signs"))
    kept = json.loads(result.read_text()) if result.exists() else []
    others = [vector for vector in kept if not vector["note"].startswith(KIND)]
    vectors = sorted([*others, *mine], key=lambda one: (one["provider"] or "", one["note"]))
    result.write_text(json.dumps(vectors, indent=1) + "\n")
    print(len(mine), "vectors of", len({one["provider"] for one in mine}), "providers")


if __name__ == "__main__":
    if "--debug" in sys.argv:
        logging.basicConfig(level=logging.DEBUG)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
