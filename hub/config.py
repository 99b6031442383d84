"""config.toml: read, checked as a whole, and every problem said at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from hub.errors import ConfigError, PluginError, Problem
from hub.functions import Marked
from hub.loader import Plugins, load_plugins
from hub.options import GIVEN, Option, options_of, read_options, subscriber_options
from hub.provider import NAME, Provider
from hub.secrets import DEVELOPMENT_KEY, Resolved, read_environment, resolve, texts, variable_name
from hub.settings import TOP, Console, LogSettings, RetryPolicy, Server, SourceTable, SubscriptionTable, Table
from hub.subscriber import Handler, Subscriber
from hub.toml import in_file_order, read_toml
from hub.validation import no_such, read_table

TABLES = [*TOP, "providers", "subscribers"]
LONGEST_NAME = 64


@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """A `[providers.<name>]` table.

    plugin: the provider's name; options: as the scheme and the slots get them, secrets resolved; verify: False takes
    requests that prove nothing; development: it has a development key, and whoever else has that can sign for the
    platform; public_url: the source's own whole URL; max_body: bytes; both None if left out.
    """

    name: str
    plugin: str
    provider: Provider = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    enabled: bool = True
    verify: bool = True
    development: bool = False
    dedupe: Literal["id", "body"] = "id"
    public_url: str | None = None
    max_body: int | None = None


@dataclass(frozen=True, kw_only=True)
class SubscriptionConfig:
    """A `[subscribers.<name>]` table, or a function marked with `@on`.

    plugin: the subscriber's name, `on` for a function; subscriber: the class, made with `options`; handler: the
    function; one of both is None. events: patterns on the event type; sources: names, () for every one;
    start: for a subscription that the log does not know yet; rate: a second, None for no limit; timeout: seconds.
    """

    name: str
    plugin: str
    subscriber: type[Subscriber] | None = None
    handler: Handler | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    events: tuple[str, ...] = ("*",)
    sources: tuple[str, ...] = ()
    where: str | None = None
    start: Literal["now", "beginning"] | datetime = "now"
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    concurrency: int = 8
    rate: float | None = None
    timeout: float = 30.0
    ordered: bool = False
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Config:
    """A whole configuration, checked.

    path: of config.toml; folder: its folder, to which relative paths are relative; secrets: every secret value, for
    blotting them out of what is written.
    """

    path: Path
    folder: Path
    server: Server
    console: Console
    log: LogSettings
    sources: tuple[SourceConfig, ...]
    subscriptions: tuple[SubscriptionConfig, ...]
    plugins: Plugins = field(repr=False)
    secrets: frozenset[str] = field(repr=False)

    @property
    def unverified(self) -> tuple[str, ...]:
        """The enabled sources that take requests which prove nothing; for saying so aloud."""
        return tuple(source.name for source in self.sources if source.enabled and not source.verify)


def load_config(path: Path, environ: Mapping[str, str] | None = None, *, plugins: Plugins | None = None) -> Config:
    """Read and check a config file, with the `.env` file and the `plugins/` folder beside it.

    environ: the real environment, which wins over `.env`; os.environ if None.

    Raises:
        ConfigError: all that is wrong with it.
        PluginError: a local or installed plugin cannot be loaded.
    """
    name = str(path)
    folder = path.absolute().parent
    tree = read_toml(path, name)
    environment, problems = read_environment(folder, os.environ if environ is None else environ)
    resolved = resolve(tree, folder, environment, name)
    reading = _Reading(name, folder, resolved, plugins or load_plugins(folder / "plugins"), environment.values)
    server, console, log = (reading.section(section) for section in TOP)
    reading.check_tables(server, console)
    sources = tuple(reading.sources(server))
    subscriptions = (*reading.subscriptions(), *reading.functions())
    problems += in_file_order([*resolved.problems, *reading.problems], tree)
    if problems:
        raise ConfigError(problems)
    return Config(
        path=path,
        folder=folder,
        server=server,
        console=console,
        log=log,
        sources=sources,
        subscriptions=subscriptions,
        plugins=reading.plugins,
        secrets=frozenset(reading.secrets(console, log)),
    )


class _Reading:
    """One pass over a config tree: what it comes to, and in `problems` what is wrong with it."""

    def __init__(
        self,
        file: str,
        folder: Path,
        resolved: Resolved,
        plugins: Plugins,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.file = file
        self.folder = folder
        self.resolved = resolved
        self.tree = resolved.tree
        self.plugins = plugins
        self.environment = environment
        self.problems: list[Problem] = []
        self._secret: set[str] = set()

    def say(self, where: str, text: str) -> None:
        self.problems.append(Problem(where, text, self.file))

    def section(self, name: str) -> Any:
        """A settings table, with its defaults if it is left out; None if it is wrong."""
        return self.table(TOP[name], name, self.tree.get(name, {}))

    def table(self, model: type[Table], path: str, values: object) -> Any:
        return read_table(model, path, values, self.problems, hidden=self.resolved.brought, file=self.file)

    def check_tables(self, server: Server | None, console: Console | None) -> None:
        """What no table shows by itself."""
        for name in self.tree:
            if name not in TABLES:
                self.say(name, no_such("table", name, TABLES))
        if console is None:
            return
        open_to_others = console.token is None and not _is_loopback(console.host)
        if open_to_others and "console.token" not in self.resolved.missing:
            text = 'a console that others can reach needs a token: set token = { env = "HUB_CONSOLE_TOKEN" }'
            self.say("console.host", f'{text}, or host = "127.0.0.1"')
        if server is not None and console.port and (console.host, console.port) == (server.host, server.port):
            self.say("console.port", f"the webhook listener has port {console.port} already; give the console another")

    def sources(self, server: Server | None) -> Iterator[SourceConfig]:
        base = server.public_url.rstrip("/") if server is not None and server.public_url else None
        for path, name, values in self.named_tables("providers", "source"):
            before = len(self.problems)
            common, own = _split(values, SourceTable)
            table: SourceTable | None = self.table(SourceTable, path, common)
            provider: Provider | None = self.plugin(path, name, values, self.plugins.provider)
            if provider is None:
                continue
            offered = options_of(provider)
            options = self.options(path, offered, own, SourceTable)
            options |= self.development_key(name, offered, options)
            if table is None or len(self.problems) > before:
                continue
            common_options = {
                "public_url": table.public_url or (base and f"{base}/webhooks/{name}"),
                "tolerance": table.tolerance,
            }
            options |= {key: value for key, value in common_options.items() if value is not None}
            if table.verify and table.enabled:
                self.check_credentials(path, name, provider, offered, options)
            yield SourceConfig(
                name=name,
                plugin=provider.name,
                provider=provider,
                options=options,
                development=any(option.development and options.get(key) for key, option in offered.items()),
                **table.model_dump(include={"enabled", "verify", "dedupe", "public_url", "max_body"}),
            )

    def options(
        self, path: str, offered: Mapping[str, Option], values: Mapping[str, Any], common: type[Table]
    ) -> dict[str, Any]:
        """A plugin's own options as their types; paths relative to the config's folder."""
        for name in offered:
            if name in common.model_fields and name not in GIVEN:
                self.say(
                    path, f"the plugin's option {name!r} cannot be set, as each table has one; rename the plugin's"
                )
        read, problems = read_options(offered, values, path, file=self.file)
        for problem in problems:
            if any(_inside(missing, problem.where) for missing in self.resolved.missing):
                continue  # said already
            shown = problem.text
            if any(_inside(brought, problem.where) for brought in self.resolved.brought):
                shown = shown.partition(", found ")[0]
            self.say(problem.where, shown)
        self._secret.update(text for name, value in read.items() if offered[name].secret for text in texts(value))
        return {name: self.folder / value if isinstance(value, Path) else value for name, value in read.items()}

    def development_key(self, name: str, offered: Mapping[str, Option], options: Mapping[str, Any]) -> dict[str, str]:
        """The key that `hub init` has put beside the public one: no table names it, as it is not for production."""
        value = self.environment.get(variable_name(name, DEVELOPMENT_KEY))
        found = {key: value for key, option in offered.items() if option.development and value and not options.get(key)}
        self._secret.update(found.values())
        return found

    def check_credentials(
        self, path: str, name: str, provider: Provider, offered: Mapping[str, Option], options: Mapping[str, Any]
    ) -> None:
        """A source that could not verify is refused here, so that nobody finds out by lost webhooks.

        One whose secret comes with a handshake may start without; until then it refuses what proves itself.
        """
        if any(missing.startswith(f"{path}.") for missing in self.resolved.missing):
            return
        if not provider.verify.proves:
            text = f"{provider.title} does not sign its requests, so anyone could send them"
            self.say(path, f"{text}; take them with verify = false")
        elif not provider.verify.configured(options) and not any(option.learned for option in offered.values()):
            self.say(path, _credentials_problem(path, name, provider))

    def subscriptions(self) -> Iterator[SubscriptionConfig]:
        for path, name, values in self.named_tables("subscribers", "subscription"):
            before = len(self.problems)
            common, own = _split(values, SubscriptionTable)
            table: SubscriptionTable | None = self.table(SubscriptionTable, path, common)
            subscriber: type[Subscriber] | None = self.plugin(path, name, values, self.plugins.subscriber)
            offered = subscriber_options(subscriber) if subscriber is not None else {}
            options = self.options(path, offered, own, SubscriptionTable) if subscriber is not None else {}
            if table is not None:
                self.check_selection(f"{path}.", table)
            if table is not None and subscriber is not None and len(self.problems) == before:
                rest = _fields(table, without="plugin")
                yield SubscriptionConfig(
                    name=name, plugin=subscriber.name, subscriber=subscriber, options=options, **rest
                )

    def functions(self) -> Iterator[SubscriptionConfig]:
        """The functions marked with `@on`, whose problems stand in the file that marks them."""
        for rule in self.plugins.rules:
            inside = _Reading(rule.place, self.folder, Resolved(self.tree, (), frozenset(), {}), self.plugins)
            config = inside.function(rule)
            if rule.name in self.tree.get("subscribers", {}):
                inside.say("@on", f"[subscribers.{rule.name}] has this name already; give @on another with name=")
            self.problems += inside.problems
            if config is not None:
                yield config

    def function(self, rule: Marked) -> SubscriptionConfig | None:
        values = {**rule.options, "events": rule.events, "sources": rule.sources}
        if rule.where is not None:
            values["where"] = rule.where
        if "plugin" in values:
            self.say("@on", "it takes no plugin; the function is what receives")
        table: SubscriptionTable | None = self.table(SubscriptionTable, "@on", values)
        if table is None:
            return None
        self.check_selection("@on.", table)
        return SubscriptionConfig(
            name=rule.name, plugin="on", handler=rule.function, **_fields(table, without="plugin")
        )

    def check_selection(self, prefix: str, table: SubscriptionTable) -> None:
        """The names of sources and the expression that select a subscription's events."""
        known = list(self.tree.get("providers", {}))
        for source in table.sources:
            if source not in known:
                self.say(f"{prefix}sources", f"{source!r}: {no_such('source', source, known)}")
        if table.where is not None:
            problem = where_problem(table.where)
            if problem:
                self.say(f"{prefix}where", problem)

    def named_tables(self, top: str, word: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """The tables below `[providers]` or `[subscribers]`: key path, name, keys."""
        tables = self.tree.get(top, {})
        if not isinstance(tables, dict):
            self.say(top, f"it holds tables: write [{top}.<name>]")
            return
        for name, values in tables.items():
            path = f"{top}.{name}"
            if not isinstance(values, dict):
                self.say(path, f"a {word} is a table: write [{top}.<name>] above its keys")
            elif not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
                rule = f"lower-case letters and digits, with hyphens between words, at most {LONGEST_NAME} in all"
                self.say(path, f"a {word}'s name is {rule}")
            else:
                yield path, name, values

    def plugin(self, path: str, name: str, values: Mapping[str, Any], find: Callable[[str], Any]) -> Any:
        """The plugin that a table names, or is named after; None if there is no such."""
        try:
            return find(str(values.get("plugin", name)))
        except PluginError as error:
            self.say(f"{path}.plugin" if "plugin" in values else path, str(error))
            return None

    def secrets(self, console: Console, log: LogSettings) -> Iterator[str]:
        """Every secret: options that say so, whatever came from the environment or a file, the token, a password."""
        yield from self._secret
        yield from texts(console.token)
        password = urlsplit(log.url).password
        if password:
            yield from (password, unquote(password))
        common = {"providers": SourceTable.model_fields, "subscribers": SubscriptionTable.model_fields}
        for path, value in self.resolved.brought.items():
            top, _, rest = path.partition(".")
            key = rest.partition(".")[2].partition(".")[0]
            if top in common and key not in common[top]:
                yield value


def _split(values: Mapping[str, Any], model: type[Table]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A table's common keys, and the options of its plugin."""
    common = {key: value for key, value in values.items() if key in model.model_fields}
    return common, {key: value for key, value in values.items() if key not in common}


def _fields(table: Table, *, without: str) -> dict[str, Any]:
    return {key: getattr(table, key) for key in type(table).model_fields if key != without}


def _inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _credentials_problem(path: str, name: str, provider: Provider) -> str:
    from hub.signatures.description import modes  # for an error alone

    needed = dict.fromkeys(option for mode in modes(provider.verify) for option in mode.needs)
    names = list(needed) or list(provider.verify.options())
    which = names[0] if len(names) == 1 else f"some of {', '.join(names)}"
    variable = variable_name(name, names[0])
    return (
        f'[{path}] needs {"a " if len(names) == 1 else ""}{which}: set {names[0]} = {{ env = "{variable}" }}; '
        "verify = false would take requests that prove nothing"
    )


def where_problem(where: str) -> str:
    """What is wrong with a JMESPath expression; "" if nothing is."""
    import jmespath

    try:
        jmespath.compile(where)
    except jmespath.exceptions.JMESPathError as error:
        return f"not JMESPath: {str(error).splitlines()[0]}"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
