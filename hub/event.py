"""The event: one normalized occurrence, immutable, with the attributes of CloudEvents 1.0."""

from __future__ import annotations

import json
import random
import time as clock
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import orjson

SPEC_VERSION = "1.0"
ID_VERSION, ID_RANDOM = 0x7000_8000_0000_0000_0000, 0x0FFF_3FFF_FFFF_FFFF_FFFF
"""The lower 80 bits of a UUIDv7: version and variant, and those that are random."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One normalized occurrence (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).

    id: the hub's own, a UUIDv7, sortable by arrival; source: the `[providers.<name>]` table it came through;
    type: `<provider>.<the platform's own word>`; subject: what it is about, if the platform says;
    time: when it happened, timezone-aware, None where the platform does not say;
    data: what the platform said, JSON-like (str, int, float, bool, None, list, dict).
    Extensions: provider: the plugin that read it; deliveryid: the platform's id, stable over its retries (the event's
    own id where there is none); receivedat: when the request arrived, timezone-aware.
    index: position among the events of one delivery id (0 where the id is the event's own); no CloudEvents attribute.
    text: `data` as JSON (RFC 8259, UTF-8), if the event was made of that, or is kept so; None otherwise.
    unread: makes the event when something of it is first asked for; None once it is made.
    origin: gives the request it came in, where that is in memory (see `Context.request`); None otherwise.
    """

    id: str
    source: str
    type: str
    provider: str
    deliveryid: str
    receivedat: datetime
    subject: str | None = None
    time: datetime | None = None
    data: Any = None
    index: int = 0
    text: bytes | None = field(default=None, init=False, repr=False, compare=False)
    unread: Callable[[], Event] | None = field(default=None, init=False, repr=False, compare=False)
    origin: Callable[[], Any] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of_text(
        cls,
        text: bytes,
        *,
        id: str,
        source: str,
        type: str,
        provider: str,
        deliveryid: str,
        receivedat: datetime,
        subject: str | None = None,
        time: datetime | None = None,
        index: int = 0,
    ) -> Event:
        """An event whose `data` is read from its JSON when it is first asked for: most are only passed on."""
        event = object.__new__(cls)
        _ID(event, id)
        _SOURCE(event, source)
        _TYPE(event, type)
        _PROVIDER(event, provider)
        _DELIVERYID(event, deliveryid)
        _RECEIVEDAT(event, receivedat)
        _SUBJECT(event, subject)
        _TIME(event, time)
        _INDEX(event, index)
        _TEXT(event, text)
        _UNREAD(event, None)
        _ORIGIN(event, None)
        return event

    @classmethod
    def later(cls, read: Callable[[], Event]) -> Event:
        """The event that `read` gives, once something of it is asked for: many are only kept and counted."""
        event = object.__new__(cls)
        object.__setattr__(event, "unread", read)
        return event

    def __getattr__(self, name: str) -> Any:
        # called only for what is not there, such as the data of a text that was not read yet
        if name != "unread" and self.unread is not None:
            made = self.unread()
            for one in BESIDE_DATA if made.text is not None else (*BESIDE_DATA, "data"):
                object.__setattr__(self, one, getattr(made, one))
            return getattr(self, name)
        if name != "data" or self.text is None:
            raise AttributeError(f"an event has no {name!r}", name=name, obj=self)
        object.__setattr__(self, "data", orjson.loads(self.text))
        return self.data

    def apart(self) -> Event:
        """The same event for one more reader: what that one changes in its data, nobody else sees.

        Only data that JSON cannot say to the letter is shared.
        """
        if self.text is None:
            return self
        event = object.__new__(Event)
        for name in BESIDE_DATA:
            object.__setattr__(event, name, getattr(self, name))
        return event

    def attach(self, origin: Callable[[], Any]) -> Event:
        """Itself, with what gives the request it came in."""
        object.__setattr__(self, "origin", origin)
        return self

    def keyed(self, deliveryid: str, index: int) -> Event:
        """The same event, known by another delivery id."""
        event = copy(self)
        object.__setattr__(event, "deliveryid", deliveryid)
        object.__setattr__(event, "index", index)
        return event

    def attributes(self) -> dict[str, str]:
        """The CloudEvents attributes, as text; absent optional ones are left out."""
        form = {
            "specversion": SPEC_VERSION,
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "provider": self.provider,
            "deliveryid": self.deliveryid,
            "receivedat": rfc3339(self.receivedat),
        }
        if self.subject is not None:
            form["subject"] = self.subject
        if self.time is not None:
            form["time"] = rfc3339(self.time)
        form["datacontenttype"] = "application/json"
        return form

    def cloudevent(self) -> dict[str, Any]:
        """The CloudEvents JSON form (structured mode)."""
        return {**self.attributes(), "data": self.data}

    def json(self) -> bytes:
        """`cloudevent()` as one line of JSON, UTF-8."""
        return to_json(self.attributes())[:-1] + b',"data":' + self.data_json() + b"}"

    def data_json(self) -> bytes:
        """`data` alone as one line of JSON, UTF-8; to the letter what the platform sent, where that is one line."""
        text = self.text
        return text if text is not None and b"\n" not in text and b"\r" not in text else to_json(self.data)


BESIDE_DATA = tuple(one.name for one in fields(Event) if one.name != "data")
_ID, _SOURCE, _TYPE, _PROVIDER, _DELIVERYID, _RECEIVEDAT, _SUBJECT, _TIME, _INDEX, _TEXT, _UNREAD, _ORIGIN = (
    Event.__dict__[name].__set__ for name in BESIDE_DATA
)
"""Set the attributes of a frozen event while it is made, for a third of what `object.__setattr__` takes."""


def to_json(value: Any) -> bytes:
    """One line of JSON, UTF-8; ASCII escapes where UTF-8 has no such character (lone surrogates); NaN becomes null."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # also integers above 64 bits and very deep nesting
        return json.dumps(json.loads(json.dumps(value), parse_constant=lambda name: None)).encode()


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T08:15:30.123456Z`: UTC, RFC 3339. A moment without a zone is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def new_id(at: float | None = None) -> str:
    """A UUIDv7 (RFC 9562, 5.7) of the moment `at` (unix seconds; now if None): 48 bits of milliseconds, then random."""
    milliseconds = int((clock.time() if at is None else at) * 1000) & 0xFFFFFFFFFFFF
    bits = random.getrandbits(80) & ID_RANDOM  # unique, not secret
    return canonical_uuid("%032x" % (milliseconds << 80 | ID_VERSION | bits))


def canonical_uuid(digits: str) -> str:
    """A UUID's 32 hexadecimal digits as it is written; `uuid.UUID` takes ten times as long."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
