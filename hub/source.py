"""The source: a provider bound to one `[providers.<name>]` table; decides about a request, with no I/O."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from hub.errors import KeyNeeded, Reason, Refused, Unreadable
from hub.event import Event, new_id
from hub.extract import body, json_in
from hub.provider import Fetch, Provider, Reply, bind
from hub.redaction import Redactor
from hub.request import Request
from hub.secrets import texts
from hub.signatures.signed import place_text
from hub.times import parse_time

PROBLEMS = "urn:webhook-hub:problem:"
"""Prefix of the `type` of every problem (RFC 9457); stable."""

LONGEST_ID = 512
"""Characters of a delivery id. A longer one, as no platform has, is known by its digest: the newest are in memory."""
FETCHED_KEYS = 16
CHALLENGE = 'Basic realm="webhooks"'
"""What goes with every 401 (RFC 9110, 15.5.2)."""

TITLES: Mapping[Reason, str] = {
    "missing": "The signature is missing",
    "malformed": "The signature is malformed",
    "mismatch": "The signature does not match",
    "stale": "The timestamp is out of range",
    "algorithm": "The signature algorithm is not supported",
    "unconfigured": "The source has no credentials",
}


class Outcome(NamedTuple):
    """What a request came to; several are made for each request, a dataclass takes three times as long.

    accepted: it is proven (or is a handshake); status, headers, body: the answer; reason: the kind of a refusal, "" if
    there is none; detail: for the operator; events: what is to be kept; stage: where it ended: `handshake method verify
    read accepted`; reply: the platform's own answer, if the provider gave one.
    """

    accepted: bool
    status: int
    stage: str
    reason: str = ""
    detail: str = ""
    events: tuple[Event, ...] = ()
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""
    reply: Reply | None = None
    bug: bool = False

    @property
    def plain(self) -> bool:
        """Nothing is to be done but to keep its events and to answer with the first one's id."""
        return self.stage == "accepted" and self.reply is None and bool(self.events)


class Source:
    """A configured provider.

    name: the table's; options: as in the config, secrets resolved; verify: False takes unsigned requests.
    """

    def __init__(self, name: str, provider: Provider, options: Mapping[str, Any], *, verify: bool = True) -> None:
        self.name = name
        self.provider = provider
        self.options = dict(options)
        # the option `variant` may name a mode that proves nothing
        mode = getattr(provider.verify, "modes", {}).get(self.options.get("variant"), provider.verify)
        self.verified: bool = verify and mode.proves
        self._verify = provider.verify.bind(self.options) if verify else None
        self._handshake = bind(provider.handshake, self.options)
        self._answer = bind(provider.answer, self.options)
        self._split = bind(provider.split, self.options)
        self._prefix = f"{provider.name}."
        slots = {name: bind(slot, self.options) for name, slot in provider.slots()}
        self._places = tuple(slots.get(name) for name in ("type", "id", "subject", "time"))
        self._place_of_data = slots.get("data")
        self._faithful = provider.data is None or isinstance(provider.data, (body, json_in))
        self._shows = provider.verify.shows(self.options)
        self._redactor = Redactor(self._secrets() if self._shows else ())

    def examine(self, request: Request) -> Outcome:
        """Handshake, proof, reading, answer.

        Raises:
            KeyNeeded: put what it fetches into `options["fetched"]`, bind again, examine again.
        """
        return self._unproven(request) or self._accepted(request)

    def proves(self, request: Request) -> bool:
        """Is only reading left to be done, of which `examine` would give a plain outcome?

        Raises:
            KeyNeeded
        """
        return self._answer is None and self._unproven(request) is None

    def _unproven(self, request: Request) -> Outcome | None:
        """A handshake, or what was refused; None where only reading and answering are left."""
        if self._handshake is not None:
            try:
                greeting = self._greet(request)
            except Refused as refusal:
                return self._refused(refusal, stage="handshake")
            if greeting is not None:
                return _replied(greeting, stage="handshake")
        if request.method not in self.provider.methods:
            return _wrong_method(self.provider.methods)
        try:
            if self._verify is not None:
                self._verify(request)
        except Refused as refusal:
            return self._refused(refusal)
        except KeyNeeded:
            raise
        except Exception as error:  # fail closed
            return self._refused(Refused("malformed", f"the provider {self.provider.name} failed: {error!r}", bug=True))
        return None

    def supply(self, fetch: Fetch, text: str) -> None:
        """Give it a key that it asked for with `KeyNeeded`; only the newest are kept."""
        fetched = {**self.options.get("fetched", {}), fetch.key or fetch.url: text}
        while len(fetched) > FETCHED_KEYS:
            fetched.pop(next(iter(fetched)))
        self.options["fetched"] = fetched
        self._verify = self.provider.verify.bind(self.options)

    def read(self, request: Request) -> tuple[Event, ...]:
        """The events in a request that is trusted already.

        Raises:
            Unreadable: the provider cannot read it.
        """
        try:
            if self._split is None:
                return (self._event(request),)
            return _numbered([self._event(request.part(item)) for item in self._split(request)])
        except Unreadable:
            raise
        except Exception as error:
            raise Unreadable(f"the provider {self.provider.name} failed: {type(error).__name__}: {error}") from error
        finally:
            request.let_go()

    def _greet(self, request: Request) -> Reply | None:
        assert self._handshake is not None
        try:
            reply: Reply | None = self._handshake(request)
        except Refused:
            raise
        except Exception:  # a stranger's bytes broke the plugin: not a handshake
            return None
        return reply

    def _accepted(self, request: Request) -> Outcome:
        try:
            reply: Reply | None = self._answer(request) if self._answer else None
            events = self.read(request) if reply is None or reply.event else ()
        except Exception as error:
            detail = str(error) if isinstance(error, Unreadable) else f"{type(error).__name__}: {error}"
            return Outcome(
                accepted=True,
                status=200,
                stage="read",
                reason="unreadable",
                detail=detail,
                bug=not isinstance(error, Unreadable),
            )
        if reply is not None:
            return _replied(reply, stage="accepted", events=events)
        return Outcome(accepted=True, status=200, stage="accepted", events=events)

    def _event(self, part: Request) -> Event:
        event_id = new_id(part.received.timestamp())
        of_type, of_id, of_subject, of_time = self._places
        word = _text(of_type, part) or "unknown"
        kind = word if word.startswith(self._prefix) else self._prefix + word
        delivery = _text(of_id, part) or event_id
        if len(delivery) > LONGEST_ID:
            delivery = _digest(delivery)
        subject = _text(of_subject, part)
        time = None if of_time is None else parse_time(of_time(part))
        text = part.strict_json if not self._shows and self._is_body(part) else None
        data = None
        if text is None:
            data = self._data(part)
            if self._shows:
                redactor = self._redactor_for(part)
                kind, delivery, subject, data = map(redactor.without, (kind, delivery, subject, data))
            strict = part.strict_json
            if strict is not None and data is part.json and (self._faithful or _says(strict, data)):
                text = strict
        make = partial(Event, data=data) if text is None else partial(Event.of_text, text)
        return make(
            id=event_id,
            source=self.name,
            type=kind,
            provider=self.provider.name,
            deliveryid=delivery,
            receivedat=part.received,
            subject=subject,
            time=time,
        )

    def _redactor_for(self, part: Request) -> Redactor:
        """Keeps what proves a request out of its events: only the request that is kept has it."""
        # what an unverified request shows is none of the configured secrets
        shown = {text for place in self._shows if (text := place_text(place, part)) is not None}
        known = self._redactor.secrets
        return self._redactor if shown <= known else Redactor(known | shown)

    def _secrets(self) -> Iterator[str]:
        for name, option in self.provider.verify.options().items():
            if option.secret and not option.development:
                yield from texts(self.options.get(name))

    def _is_body(self, part: Request) -> bool:
        """Is the data the JSON body, all of it? Then it is read by whoever asks for it."""
        place = self.provider.data
        if "_envelope" in part.__dict__ or not part.body:
            return False
        if isinstance(place, json_in):
            whole = place.place(part) is None
        else:
            whole = not part.form if place is None else isinstance(place, body) and not place.keys
        return whole and part.document is not None

    def _data(self, part: Request) -> Any:
        if self._place_of_data is not None:
            return part.once(self._place_of_data)
        if "_envelope" in part.__dict__:
            return part.json
        if part.form:
            return {name: values[0] if len(values) == 1 else values for name, values in part.form.items()}
        if not part.body:
            return {name: values[0] if len(values) == 1 else values for name, values in part.query.items()}
        return part.json

    def _refused(self, refusal: Refused, stage: str = "verify") -> Outcome:
        status = 501 if refusal.reason == "algorithm" else self.provider.refuse
        return problem(
            status,
            refusal.reason,
            TITLES[refusal.reason],
            stage=stage,
            detail=refusal.text,
            bug=bool(refusal.evidence.get("bug")),
            # some platforms send the user name and the password of a URL only to who asks for them
            headers={"www-authenticate": CHALLENGE} if status == 401 else {},
        )


def problem(
    status: int,
    kind: str,
    title: str,
    *,
    stage: str,
    detail: str = "",
    bug: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Outcome:
    """A refusal as problem details (RFC 9457). `detail` is for the operator and is not in the answer."""
    body = orjson.dumps({"type": PROBLEMS + kind, "title": title, "status": status})
    return Outcome(
        accepted=False,
        status=status,
        stage=stage,
        reason=kind,
        detail=detail or title,
        headers={"content-type": "application/problem+json", **(headers or {})},
        body=body,
        bug=bug,
    )


def _text(read: Callable[[Request], Any] | None, part: Request) -> str | None:
    value = read(part) if read is not None else None
    if type(value) is str:
        return value or None
    return None if value is None or value == "" or isinstance(value, (dict, list)) else str(value)


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _replied(reply: Reply, *, stage: str, events: tuple[Event, ...] = ()) -> Outcome:
    body = reply.body.encode() if isinstance(reply.body, str) else reply.body
    headers = {name.lower(): value for name, value in reply.headers.items()}
    # an answer may echo a stranger's text: a browser must never take it for a page
    headers.setdefault("content-type", "text/plain; charset=utf-8")
    headers["x-content-type-options"] = "nosniff"
    return Outcome(
        accepted=True,
        status=reply.status,
        stage=stage,
        detail=reply.note,
        events=events if reply.event else (),
        headers=headers,
        body=body,
        reply=reply,
    )


def _wrong_method(methods: tuple[str, ...]) -> Outcome:
    allow = {"allow": ", ".join(methods)}
    return problem(405, "method", "This address does not take this method", stage="method", headers=allow)


def _says(text: bytes, data: Any) -> bool:
    """Is that what the text says? A plugin may have changed the parsed body in place."""
    try:
        return orjson.dumps(data) == text or bool(orjson.loads(text) == data)
    except (orjson.JSONEncodeError, RecursionError):  # very deep nesting
        return False


def _numbered(events: list[Event]) -> tuple[Event, ...]:
    """Events that share a delivery id are told apart by an index: the id belongs to the envelope, or is not unique.

    An event with an id of its own keeps index 0, so that it is recognized when the platform regroups its batches.
    """
    if len(events) == 1:
        return tuple(events)
    shared = {key for key, count in Counter(event.deliveryid for event in events).items() if count > 1}
    if not shared:
        return tuple(events)
    seen: Counter[str] = Counter()
    numbered = []
    for event in events:
        numbered.append(replace(event, index=seen[event.deliveryid]) if event.deliveryid in shared else event)
        seen[event.deliveryid] += 1
    return tuple(numbered)
