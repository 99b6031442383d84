"""The tables of config.toml: every key with its type, default and meaning; the reference is made from them."""

from __future__ import annotations

import datetime as dates
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema

from hub.units import parse_duration, parse_rate, parse_size

MIB = 2**20
HOUR = 3600.0
DAY = 24 * HOUR


def _moment(value: Any) -> Any:
    """`now`, `beginning`, or a moment; one without a zone is taken as UTC."""
    if value in ("now", "beginning"):
        return value
    if isinstance(value, str):
        try:
            value = dates.datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, dates.date) and not isinstance(value, dates.datetime):
        value = dates.datetime.combine(value, dates.time())
    if not isinstance(value, dates.datetime):
        raise ValueError('it is "now", "beginning", or a time such as 2026-05-01T00:00:00Z')
    return value if value.tzinfo else value.replace(tzinfo=dates.UTC)


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        right = False
    if not right:
        raise ValueError("it is a whole URL, such as https://hub.example.com")
    return value


def _log_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in ("sqlite", "nats", "tls") or not rest.strip("/"):
        raise ValueError("it is sqlite:///<file>")
    if scheme == "sqlite" and not rest.startswith("/"):
        raise ValueError("a file's URL has three slashes, four if its path is absolute: sqlite:///data/hub.db")
    return value


def _network(value: str) -> str:
    try:
        ip_network(value, strict=False)
    except ValueError:
        raise ValueError("it is an address or a network, such as 127.0.0.1 or 10.0.0.0/8") from None
    return value


def _host(value: str) -> str:
    if not value or any(sign in value for sign in "/: ") or value != value.strip("."):
        raise ValueError("it is a host name without scheme and port, such as hub.example.com")
    return value.lower()


def _listed(value: Any) -> Any:
    """One text where a list is due is a list of one."""
    return [value] if isinstance(value, str) else value


Size = Annotated[int, BeforeValidator(parse_size), WithJsonSchema({"type": ["string", "integer"], "title": "size"})]
Duration = Annotated[
    float, BeforeValidator(parse_duration), WithJsonSchema({"type": ["string", "number"], "title": "duration"})
]
Rate = Annotated[float, BeforeValidator(parse_rate), WithJsonSchema({"type": ["string", "number"], "title": "rate"})]
Moment = Annotated[
    Literal["now", "beginning"] | dates.datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "title": "`now`, `beginning` or a time"}),
]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
LogUrl = Annotated[str, AfterValidator(_log_url)]
Host = Annotated[str, AfterValidator(_host)]
Network = Annotated[str, AfterValidator(_network)]
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "title": "text or list of texts",
        }
    ),
]
Port = Annotated[int, Field(ge=0, le=65535)]


class Table(BaseModel):
    """A table of config.toml. Unknown keys are errors, and what was found is never in pydantic's message."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class Server(Table):
    """The webhook listener: the only thing to expose."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; `0.0.0.0` for every one of this machine.")
    port: Port = Field(default=8000, description="TCP port; 0 takes a free one.")
    public_url: HttpUrl | None = Field(
        default=None, description="What platforms call the hub, for those that sign the URL; a tunnel sets it."
    )
    allowed_hosts: tuple[Host, ...] = Field(
        default=(), description="Names that requests may be addressed to; any if left out."
    )
    max_body: Size = Field(default=25 * MIB, description="Largest body that is taken; larger ones are answered 413.")
    max_pending: Size = Field(
        default=256 * MIB, description="Bodies held in memory at once; beyond it the answer is 503."
    )
    body_timeout: Duration = Field(
        default=10.0, description="Time for a head, then for a body to arrive; slower ones are answered 408."
    )
    grace: Duration = Field(
        default=15.0, description="Time for requests and deliveries in flight when the hub is stopped."
    )
    receivers: Annotated[int, Field(ge=0, le=64)] | Literal["auto"] = Field(
        default="auto",
        description="Processes that receive for the hub, on Linux; 0 for none: the hub's own does it all. "
        "`auto` is one for each processor, at most 4, and 0 where there is one.",
    )
    trusted_proxies: tuple[Network, ...] = Field(
        default=("127.0.0.1", "::1"), description="Addresses or networks whose `X-Forwarded-*` headers are believed."
    )
    log: Literal["auto", "terminal", "json", "quiet"] = Field(
        default="auto",
        description="Form of the lines on standard error; `auto` is coloured on a terminal, JSON Lines elsewhere.",
    )


class Console(Table):
    """Pages, API and metrics: on loopback unless a token is set."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; any but loopback needs a token.")
    port: Port = Field(default=8001, description="TCP port; 0 takes a free one.")
    token: SecretStr | None = Field(default=None, description="Asked of whoever opens the console or calls its API.")


class LogSettings(Table):
    """The durable log."""

    url: LogUrl = Field(
        default="sqlite:///data/hub.db",
        repr=False,
        description="`sqlite:///<file>`, relative to this file's folder; four slashes: absolute.",
    )
    keep: Duration = Field(default=7 * DAY, description="How long events and their requests are kept, at least.")

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"


class SourceTable(Table):
    """A source: a provider with its options, at `/webhooks/<name>`."""

    plugin: str | None = Field(default=None, description="The provider; the table's name if left out.")
    enabled: bool = Field(
        default=True, description="`false`: requests are answered 503 with Retry-After, so that none is lost."
    )
    public_url: HttpUrl | None = Field(
        default=None, description="The source's whole URL as the platform was told it, where it is not the server's."
    )
    tolerance: Duration | None = Field(
        default=None, description="Largest age of a signed time; the provider's own if left out."
    )
    verify: bool = Field(default=True, description="`false` takes requests that prove nothing. Anyone can send those.")
    dedupe: Literal["id", "body"] = Field(
        default="id", description="`id`: by the platform's id; `body`: also identical bytes within ten minutes."
    )
    max_body: Size | None = Field(default=None, description="Largest body; the server's if left out.")


class RetryPolicy(Table):
    """When a failed delivery is tried again."""

    attempts: int = Field(
        default=12, ge=1, le=1000, description="Tries in all; after the last one it is a dead letter."
    )
    first: Duration = Field(default=5.0, description="Time before the second try; it doubles with each one.")
    max: Duration = Field(default=HOUR, description="Longest time between two tries.")


class SubscriptionTable(Table):
    """A subscription: a subscriber with its options, what it receives and how."""

    plugin: str | None = Field(default=None, description="The subscriber; the table's name if left out.")
    events: Texts = Field(default=("*",), description="Patterns on the event type, such as `stripe.invoice.*`.")
    sources: Texts = Field(default=(), description="Names of sources; every one if left out.")
    where: str | None = Field(default=None, description="JMESPath over the event; it is delivered where this is true.")
    start: Moment = Field(
        default="now", description="Where a new subscription begins: `now`, `beginning` (all that is kept), or a time."
    )
    retry: RetryPolicy = Field(default_factory=RetryPolicy, description="When a failure is tried again.")
    concurrency: int = Field(default=8, ge=1, le=1000, description="Deliveries at once.")
    rate: Rate | None = Field(
        default=None, description="Most deliveries in a time, such as `50/s`; no limit if left out."
    )
    timeout: Duration = Field(default=30.0, description="Longest time of one attempt.")
    ordered: bool = Field(default=False, description="One at a time and in order: a retry holds back all that follow.")
    enabled: bool = Field(default=True, description="`false`: nothing is delivered; events wait in the log.")


TOP: dict[str, type[Table]] = {"server": Server, "console": Console, "log": LogSettings}
