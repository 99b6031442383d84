"""`hub send`: a real payload of a platform, signed as the platform would, sent to the hub as the platform would."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.common import CONFIG, ConfigPath, Place, find_place, run

if TYPE_CHECKING:
    import httpx2

    from hub.config import Config, SourceConfig
    from hub.log.base import Rejection
    from hub.request import Request

TIMEOUT = 30.0
ANSWER = 500
"""Characters of an answer that are shown."""
WHY = 2.0
"""Seconds to wait for the refusal to be in the log: it is written behind the answer."""


def send(
    source: Annotated[str, typer.Argument(help="A [providers.<name>] table.")],
    event: Annotated[str | None, typer.Argument(help="Which sample; `hub providers <provider>` lists them.")] = None,
    config: ConfigPath = CONFIG,
    bad_signature: Annotated[bool, typer.Option("--bad-signature", help="Sign with a wrong secret.")] = False,
    same_id: Annotated[
        bool, typer.Option("--same-id", help="Keep the sample's id: a duplicate when sent twice.")
    ] = False,
    count: Annotated[int, typer.Option("--count", min=1, max=100_000, help="Send so many.")] = 1,
    body: Annotated[Path | None, typer.Option("--body", help="Send this file as the body.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Send to this URL, not to the configured hub.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Send every sample of the provider.")] = False,
    print_: Annotated[bool, typer.Option("--print", help="Print it as a curl command, with its credentials.")] = False,
) -> None:
    """Send a signed, realistic request to a source."""
    from hub.config import load_config

    place, loaded = find_place(config), load_config(config)
    sender = _Sender(place, loaded, source, url, bad_signature=bad_signature, same_id=same_id)
    run(sender.run(_events(sender.settings, loaded, event, every), count, body, as_curl=print_))


class _Sender:
    """What is sent to one source."""

    def __init__(
        self, place: Place, config: Config, name: str, url: str | None, *, bad_signature: bool, same_id: bool
    ) -> None:
        from hub.errors import UsageError

        self.settings = _find(config, name)
        self._place = place
        self._config = config
        self._bad = bad_signature
        self._same_id = same_id
        self._asked = url
        if bad_signature and not (self.settings.verify and self.settings.provider.verify.proves):
            raise UsageError(f"[providers.{name}] takes unsigned requests: there is no signature that could be bad")

    async def run(self, events: list[str | None], count: int, body: Path | None, *, as_curl: bool) -> int:
        """Send; the exit code."""
        import httpx2

        url, public = self._local(), await self._public()
        failed = 0
        async with httpx2.AsyncClient(timeout=TIMEOUT, trust_env=self._asked is not None) as client:
            for event in events:
                for _ in range(count):
                    request = self._signed(event, public, body)
                    target = url + _rest(request.url, public)
                    if as_curl:
                        _print_curl(request, target)
                    else:
                        failed += not await self._send(client, request, target, event)
        return 1 if failed else 0

    def _local(self) -> str:
        if self._asked is not None:
            return self._asked
        server = self._config.server
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)  # noqa: S104 (called, not bound)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{server.port}/webhooks/{self.settings.name}"

    async def _public(self) -> str:
        """The URL as the platform would have been told it: some sign it."""
        from hub.cli.console import running
        from hub.errors import HubError

        base = self._config.server.public_url
        if self.settings.public_url:
            return self.settings.public_url
        if base:
            return f"{base.rstrip('/')}/webhooks/{self.settings.name}"
        if self._asked is not None:
            return self._asked
        try:
            async with running(self._place) as console:  # a tunnel's address is known to the running hub only
                rows = (await console.get("/api/sources"))["items"]
        except HubError:
            return self._local()
        found = next((row["public_url"] for row in rows if row["name"] == self.settings.name), None)
        return str(found) if found else self._local()

    def _signed(self, event: str | None, public: str, body: Path | None) -> Request:
        from hub.mount import sample_folders
        from hub.samples import find_sample, fresh

        if body is None or event is not None:
            folders = sample_folders(self._config.plugins.folder)
            request = find_sample(self.settings.plugin, event, folders).request(public)
        else:
            from hub.request import Request

            request = Request.make("POST", public, {"content-type": "application/json"})
        if body is not None:
            request = replace(request, body=_read(body))
        if not self._same_id:
            request = fresh(request, self.settings.provider)
        return self._sign(request)

    def _sign(self, request: Request) -> Request:
        from hub.errors import HubError, UsageError
        from hub.source import Source

        scheme, options = self.settings.provider.verify, dict(self.settings.options)
        if not scheme.configured(options):
            if not self.settings.verify:
                return request
            raise UsageError(f"[providers.{self.settings.name}] has no credentials to sign with yet")
        if not self._bad:
            return scheme.sign(request, options)
        wrong = {**options, **scheme.credentials()}
        signed = scheme.sign(request, wrong)
        source = Source(self.settings.name, self.settings.provider, options, verify=True)
        if source.examine(signed).accepted:
            raise HubError(f"no bad signature can be made for {self.settings.plugin}: its requests are accepted anyway")
        return signed

    async def _send(self, client: httpx2.AsyncClient, request: Request, url: str, event: str | None) -> bool:
        """Is the answer what it should be?"""
        import httpx2

        from hub.cli.output import say
        from hub.errors import HubError, HubNotRunning

        began, at = time.perf_counter(), time.time()
        try:
            response = await client.request(
                request.method, url, headers=list(request.headers), content=request.body, follow_redirects=False
            )
        except httpx2.ConnectError:
            where = url.partition("/webhooks/")[0]
            raise HubNotRunning(f"the hub does not run at {where}: start it with `hub run`") from None
        except httpx2.HTTPError as error:
            raise HubError(f"{url}: no answer ({type(error).__name__})") from None
        took = (time.perf_counter() - began) * 1000
        good = response.is_success
        right = good is not self._bad
        name = f"{self.settings.name} {event}" if event else self.settings.name
        say(
            f"{response.status_code}  {name}  {took:.1f} ms  {response.text[:ANSWER]}",
            colour="green" if right else "red",
        )
        if self._bad:
            await self._tell(good, at)
        return right

    async def _tell(self, accepted: bool, at: float) -> None:
        from hub.cli.output import say

        if accepted:
            say("a request with a wrong signature was ACCEPTED", colour="red", bold=True)
            return
        say("refused, as a wrong signature must be; what the sender learns is the line above")
        rejection = await self._rejection(at)
        if rejection is not None:
            say(f"for you: {rejection.reason}: {rejection.detail}")
            say(f"more: hub rejected explain {rejection.id}")

    async def _rejection(self, at: float) -> Rejection | None:
        """The refusal as the log has it, once it has it."""
        import asyncio
        from datetime import UTC, datetime

        from hub.cli.reading import reading
        from hub.errors import LogError
        from hub.log.base import RejectionQuery

        if self._asked is not None:
            return None
        # the file may have been written on another clock tick than this process sees
        query = RejectionQuery(sources=(self.settings.name,), since=datetime.fromtimestamp(at - 0.01, UTC))
        deadline = time.monotonic() + WHY
        try:
            async with reading(self._place) as log:
                while time.monotonic() < deadline:
                    page = await log.rejections(query, None, 1)
                    if page.items:
                        return page.items[0]
                    await asyncio.sleep(0.02)
        except LogError:
            pass
        return None


def _find(config: Config, name: str) -> SourceConfig:
    from hub.errors import UsageError
    from hub.validation import no_such

    for settings in config.sources:
        if settings.name == name:
            return settings
    raise UsageError(f"{name[:60]}: {no_such('source', name, [settings.name for settings in config.sources])}")


def _events(settings: SourceConfig, config: Config, event: str | None, every: bool) -> list[str | None]:
    from hub.mount import sample_folders
    from hub.samples import find_sample, samples

    if not every:
        return [event]
    folders = sample_folders(config.plugins.folder)
    return [sample.event for sample in samples(settings.plugin, folders)] or [
        find_sample(settings.plugin, None, folders).event
    ]


def _read(file: Path) -> bytes:
    from hub.errors import UsageError

    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


def _rest(url: str, public: str) -> str:
    """What the sample and the signature added to the URL that the platform was told."""
    if url.startswith(public):
        return url[len(public) :]
    _, mark, query = url.partition("?")
    return mark + query


def _print_curl(request: Request, url: str) -> None:
    import shlex

    from hub.errors import UsageError

    try:
        parts = ["curl", "-i", "-X", request.method, url]
        for name, value in request.headers:
            parts += ["-H", f"{name.decode('latin-1')}: {value.decode('latin-1')}"]
        if request.body:
            parts += ["--data-binary", request.body.decode()]
    except UnicodeDecodeError:
        raise UsageError("this body is no text, a shell cannot hold it: send it without --print") from None
    typer.echo(shlex.join(parts))
