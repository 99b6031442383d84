"""The provider: what the hub knows about one platform, as data."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from hub.request import Request

if TYPE_CHECKING:
    from hub.options import Option

Slot = Callable[..., Any]
"""A ready-made (`body("a.b")`) or a function of the request; options come by keyword-only parameters of their name."""

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Scheme(Protocol):
    """How a platform proves its requests; `hub.signatures` has them. Pure; `request.received` is the clock.

    proves: False if anyone could send such a request; covers: how much of the body the proof covers, `all part none`.
    """

    @property
    def proves(self) -> bool: ...

    @property
    def covers(self) -> str: ...

    def options(self) -> Mapping[str, Option]:
        """Names, types, docs and secrecy of what it takes."""

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Are its credentials there?"""

    def present(self, request: Request) -> bool:
        """Does the request carry what it reads?"""

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, KeyNeeded"""

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with everything that depends on the options done once."""

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request as the platform would send it."""

    def credentials(self) -> dict[str, Any]:
        """Fresh ones for development: options that verify and sign."""

    def shows(self, options: Mapping[str, Any]) -> tuple[Slot, ...]:
        """Where a secret stands as it is, in the body or the URL; it is kept out of the events."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A key to be fetched over https.

    hosts: exact names, `.suffix`es, or compiled patterns that the whole host name must match; json: POSTed if given;
    auth: (user, password) for basic authentication; key: under which the answer's text is put into
    `options["fetched"]`.
    """

    url: str
    hosts: tuple[str | re.Pattern[str], ...]
    key: str = ""
    json: Any = None
    auth: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that a platform wants.

    event: False if the request makes no event; learn: secrets that it brought, by option; follow: a URL to call after
    it; note: for the operator's log.
    """

    status: int = 200
    body: bytes | str = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    event: bool = True
    learn: Mapping[str, str] = field(default_factory=dict)
    follow: Fetch | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the platform documents of its deliveries.

    timeout: seconds it waits for the answer; retries and disables: in words; confidence: `high medium low`, `low` being
    unverified.
    """

    timeout: float | None = None
    retries: str = ""
    disables: str = ""
    confidence: str = "medium"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One platform: how to trust its requests and read events from them.

    name: as in the config, hyphens between words; title: the platform's own spelling; docs: its page about webhooks;
    verify: a scheme; type: the platform's own word for what happened.
    id: its delivery id, stable over retries; time: when it happened; subject: what it is about;
    data: the event's data where the body is neither plain JSON nor a form; split: the items of a batch, in each of
    which the other slots read; handshake: an answer before verification, or None; it may raise Refused; answer: what
    the platform wants back after it; refuse: the status of a refusal; methods: those that carry events; options: more
    options; limits: its documented timeout and retries.
    """

    name: str
    title: str
    docs: str
    verify: Scheme
    type: Slot
    id: Slot | None = None
    time: Slot | None = None
    subject: Slot | None = None
    data: Slot | None = None
    split: Slot | None = None
    handshake: Slot | None = None
    answer: Slot | None = None
    refuse: int = 403
    methods: tuple[str, ...] = ("POST",)
    options: Mapping[str, Option] = field(default_factory=dict)
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a provider's name is lower-case words joined by hyphens, not {self.name!r}")
        for slot in ("type", "id", "time", "subject", "data", "split", "handshake", "answer"):
            value = getattr(self, slot)
            if value is not None and not callable(value):
                raise TypeError(
                    f'provider {self.name}: {slot} takes body("..."), header("...") or a function, not {value!r}'
                )

    def slots(self) -> Iterable[tuple[str, Slot]]:
        """The slots that are filled, by name."""
        for name in ("handshake", "split", "type", "id", "time", "subject", "data", "answer"):
            slot = getattr(self, name)
            if slot is not None:
                yield name, slot


def wanted(slot: Slot) -> tuple[inspect.Parameter, ...]:
    """The options that a slot asks for: its keyword-only parameters."""
    try:
        parameters = inspect.signature(slot).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)


def bind(slot: Slot | None, options: Mapping[str, Any]) -> Callable[[Request], Any] | None:
    """The slot with its options filled in: `secret` is the first of several, `secrets` all of them."""
    if slot is None:
        return None
    asked = {parameter.name: parameter for parameter in wanted(slot)}
    if not asked:
        return slot
    given = {name: value for name, value in spread(options).items() if name in asked}
    for name, parameter in asked.items():
        if name not in given and parameter.default is parameter.empty:
            given[name] = [] if name == "secrets" else None
    return lambda request: slot(request, **given)


def spread(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as slot functions get them."""
    secret = options.get("secret")
    secrets = list(secret.values()) if isinstance(secret, dict) else secret if isinstance(secret, list) else [secret]
    # a key that a scheme hands to its own function is bytes already
    secrets = [one if isinstance(one, bytes) else str(one) for one in secrets if one is not None]
    return {**options, "secret": secrets[0] if secrets else None, "secrets": secrets}
