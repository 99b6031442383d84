"""Samples: real payloads of each platform, for `hub send`, the conformance checks and the docs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.errors import UsageError
from hub.provider import Provider
from hub.request import Request

FRAMING = ("content-length", "transfer-encoding", "connection")
"""Headers of a sample that are left out: they belong to the connection it is sent over."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One unsigned request of a platform.

    event: the file's name without its suffix; path: a `.json` file is the body of a POST; a `.http` file is a request
    line (the target relative to the source's URL, such as `POST ?a=b`), header lines, an empty line and the exact body.
    """

    provider: str
    event: str
    path: Path

    def request(self, url: str, received: datetime | None = None) -> Request:
        """The sample as a request to a source's URL.

        Raises:
            UsageError: the file is not in the form described above.
        """
        content = self.path.read_bytes()
        if self.path.suffix == ".json":
            return Request.make("POST", url, {"content-type": "application/json"}, content.rstrip(b"\n"), received)
        blank = min((mark for mark in (b"\n\n", b"\r\n\r\n") if mark in content), key=content.index, default=b"\n\n")
        head, separator, body = content.partition(blank)
        lines = head.decode("utf-8").splitlines()
        method, _, target = lines[0].strip().partition(" ") if lines else ("", "", "")
        if not separator or not method.isalpha():
            raise UsageError(
                f"{self.path}: a sample starts with a line such as 'POST /', then headers, then an empty line"
            )
        pairs = [line.split(":", 1) for line in lines[1:] if ":" in line]
        headers = [(name.strip(), value.strip()) for name, value in pairs if name.strip().lower() not in FRAMING]
        return Request.make(method, _join(url, target.strip()), headers, body, received)


def samples(provider: str, folders: Iterable[Path]) -> list[Sample]:
    """A provider's samples by name; the first folder that has one of a name wins."""
    found: dict[str, Sample] = {}
    for folder in folders:
        for path in sorted((folder / provider).glob("*")):
            if path.suffix in (".json", ".http"):
                found.setdefault(path.stem, Sample(provider, path.stem, path))
    return sorted(found.values(), key=lambda sample: sample.event)


def find_sample(provider: str, event: str | None, folders: Iterable[Path]) -> Sample:
    """The sample of that name; without a name the only one, or the one called `default`, or the first.

    Raises:
        UsageError: there is none; the message lists what there is.
    """
    found = samples(provider, folders)
    if not found:
        raise UsageError(
            f"there is no sample of {provider}: put a request into plugins/samples/{provider}/<event>.json"
        )
    if event is None:
        return next((sample for sample in found if sample.event == "default"), found[0])
    for sample in found:
        if sample.event == event:
            return sample
    raise UsageError(f"{provider} has no sample {event!r}; it has {', '.join(sample.event for sample in found)}")


def fresh(request: Request, provider: Provider) -> Request:
    """The request with a delivery id of its own, where the id's place can be written; else as it is."""
    put = getattr(provider.id, "put", None)
    if put is None or provider.id is None:
        return request
    try:
        old: Any = provider.id(request)
        return request if old is None else put(request, _like(old))
    except Exception:  # the sample has no such place: it is sent as it is
        return request


def _like(old: Any) -> Any:
    """A new id of the old one's kind: a number, a UUID, or text that starts like it."""
    new = uuid.uuid4()
    if isinstance(old, int):
        return new.int % 10**15
    text = str(old)
    if text.isdigit():
        return str(new.int % 10 ** max(len(text), 12))
    prefix, mark, _ = text.rpartition("_")
    return f"{prefix}{mark}{new.hex}" if mark else str(new)


def _join(url: str, target: str) -> str:
    """A source's URL with the sample's query; a path in the sample is appended unless it is "/"."""
    path, mark, query = target.partition("?")
    base = url if path in ("", "/") else url.rstrip("/") + "/" + path.lstrip("/")
    return base + mark + query
