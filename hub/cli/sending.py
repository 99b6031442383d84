"""What `hub send` sends: a sample with an id of its own, signed as the platform would, to where the hub listens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.cli.common import Place
from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.config import Config, SourceConfig
    from hub.request import Request


class Unsigned(HubError):
    """The hub answers this request whatever its signature: it is a handshake."""


@dataclass(frozen=True)
class Target:
    """A source as `hub send` sees it.

    options: with the secrets that handshakes brought; url: where it is sent to; public: the URL as the platform would
    have been told it, which some sign.
    """

    settings: SourceConfig
    options: Mapping[str, Any] = field(repr=False)
    url: str
    public: str

    @property
    def proves(self) -> bool:
        """Is there a signature at all?"""
        return self.settings.verify and self.settings.provider.verify.proves


async def find_targets(place: Place, config: Config, chosen: list[SourceConfig], url: str | None) -> list[Target]:
    """Where the requests of these sources go. url: instead of the configured hub's."""
    from hub.cli.reading import known_options

    learned = await known_options(place, chosen)
    addresses = await _addresses(place, config) if url is None else {}
    found = []
    for settings in chosen:
        local = url or _local(config, settings.name)
        public = settings.public_url or addresses.get(settings.name) or local
        found.append(Target(settings, learned.get(settings.name, settings.options), local, public))
    return found


def sample_names(config: Config, settings: SourceConfig) -> list[str]:
    """The events of which there are samples.

    Raises:
        UsageError: there is none.
    """
    from hub.mount import sample_folders
    from hub.samples import find_sample, samples

    folders = sample_folders(config.plugins.folder)
    found = [sample.event for sample in samples(settings.plugin, folders)]
    return found or [find_sample(settings.plugin, None, folders).event]


def make_request(
    config: Config, target: Target, event: str | None, body: bytes | None, *, same_id: bool, bad: bool
) -> Request:
    """The signed request. event: None for the first sample, or for none at all with a body of one's own.

    Raises:
        UsageError: there is no such sample, or nothing to sign with.
    """
    from hub.mount import sample_folders
    from hub.request import Request
    from hub.samples import find_sample, fresh

    settings = target.settings
    if body is None or event is not None:
        folders = sample_folders(config.plugins.folder)
        request = find_sample(settings.plugin, event, folders).request(target.public)
    else:
        request = Request.make("POST", target.public, {"content-type": "application/json"})
    if body is not None:
        request = replace(request, body=body)
    if not same_id:
        request = fresh(request, settings.provider)
    return _badly_signed(request, target) if bad else _signed(request, target, target.options)


def address(request: Request, target: Target) -> str:
    """Where the request goes: the hub's URL, with what the sample and the signature added to the public one."""
    if request.url.startswith(target.public):
        return target.url + request.url[len(target.public) :]
    _, mark, query = request.url.partition("?")
    return target.url + mark + query


def _signed(request: Request, target: Target, options: Mapping[str, Any]) -> Request:
    from hub.errors import Refused, UsageError

    settings, scheme = target.settings, target.settings.provider.verify
    if not settings.verify and not scheme.configured(options):
        return request
    try:
        return scheme.sign(request, options)
    except Refused as refusal:
        raise UsageError(f"[providers.{settings.name}] cannot be signed for: {_why(settings, refusal)}") from None


def _why(settings: SourceConfig, refusal: Exception) -> str:
    from hub.options import options_of
    from hub.secrets import variable_name
    from hub.signatures.keys import KeySet

    offered = options_of(settings.provider)
    keys = [name for name, option in offered.items() if option.type is KeySet]
    if settings.development or not any(option.development for option in offered.values()) or not keys:
        learned = any(option.learned for option in offered.values())
        return f"{refusal}{'; a handshake brings it' if learned else ''}"
    set_up = f'{keys[0]} = {{ env = "{variable_name(settings.name, keys[0])}" }}'
    return (
        f"only {settings.provider.title} has the private key. To try it out, give it (or a second source) {set_up}, "
        "which is not set yet, and `hub init` makes a development key pair"
    )


def _badly_signed(request: Request, target: Target) -> Request:
    from hub.source import Source

    settings, scheme = target.settings, target.settings.provider.verify
    signed = _signed(request, target, {**target.options, **scheme.credentials()})
    outcome = Source(settings.name, settings.provider, target.options, verify=True).examine(signed)
    if outcome.accepted:
        error = Unsigned if outcome.stage == "handshake" else HubError
        raise error(f"no bad signature can be made for {settings.plugin}: this request is accepted anyway")
    return signed


async def _addresses(place: Place, config: Config) -> dict[str, str]:
    """The public URLs, by source: a tunnel's is known to the running hub only."""
    from hub.cli.console import running

    base = config.server.public_url
    if base:
        return {one.name: f"{base.rstrip('/')}/webhooks/{one.name}" for one in config.sources}
    try:
        async with running(place) as console:
            rows = (await console.get("/api/sources"))["items"]
    except HubError:
        return {}
    return {row["name"]: row["public_url"] for row in rows if row["public_url"]}


def _local(config: Config, name: str) -> str:
    server = config.server
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)  # noqa: S104 (called, not bound)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{server.port}/webhooks/{name}"


def read_body(file: Path) -> bytes:
    """The content of a file.

    Raises:
        UsageError: it cannot be read.
    """
    from hub.errors import UsageError

    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
