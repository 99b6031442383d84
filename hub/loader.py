"""Finding plugins: the local folder first, then installed packages, then the built-in ones that the config names."""

from __future__ import annotations

import inspect
import logging
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, is_dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pluggy

from hub import hookspecs
from hub.errors import PluginError
from hub.functions import Marked, marked
from hub.mount import BUILTIN, BUILTIN_PACKAGE, explained, import_file, mount_builtin, mount_local, no_bytecode, shown
from hub.provider import NAME, Provider
from hub.subscriber import Subscriber

if TYPE_CHECKING:
    from hub.core import Hub
    from hub.event import Event
    from hub.log.base import Attempt, Delivery

Kind = Literal["providers", "subscribers"]
Place = Literal["local", "installed", "built-in"]
GROUP = "hub.plugins"
BUILTIN_FILE = re.compile(r"([a-z]|_[0-9])\w*\.py")
NOT_LOCAL = ("providers", "subscribers", "samples")
"""In a checkout the local folder is the built-in one; there these subfolders are not local."""

logger = logging.getLogger("hub.plugins")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugin comes from. file: as a person would name it; an installed one by its package."""

    place: Place
    file: str


class _Found(NamedTuple):
    """A provider or subscriber, where it comes from, and what its module says at its top."""

    thing: Any
    origin: Origin
    doc: str


class Plugins:
    """What was found, by name; built-in ones are imported when they are asked for.

    manager: pluggy's, which knows every hook; folder: the local `plugins/` folder, None if there is none;
    rules: the functions marked with `@on` in it, in the order of their files.
    """

    def __init__(self, folder: Path | None) -> None:
        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.folder = folder
        self.rules: tuple[Marked, ...] = ()
        self._found: dict[Kind, dict[str, _Found]] = {"providers": {}, "subscribers": {}}
        self._origins: dict[str, Origin] = {}

    def provider(self, name: str) -> Provider:
        """The provider of this name.

        Raises:
            PluginError: there is none, or its file cannot be loaded.
        """
        provider: Provider = self._find("providers", name).thing
        return provider

    def subscriber(self, name: str) -> type[Subscriber]:
        """The subscriber class of this name.

        Raises:
            PluginError: there is none, or its file cannot be loaded.
        """
        subscriber: type[Subscriber] = self._find("subscribers", name).thing
        return subscriber

    def doc(self, kind: Kind, name: str) -> str:
        """What the module of the plugin of this name says at its top.

        Raises:
            PluginError: there is none, or its file cannot be loaded.
        """
        return self._find(kind, name).doc

    def names(self, kind: Kind) -> tuple[str, ...]:
        """All names, sorted, those of built-in plugins too; imports nothing."""
        return tuple(sorted({*self._found[kind], *builtin_names(kind)}))

    def origin(self, kind: Kind, name: str) -> Origin:
        """Where the plugin of this name comes from; imports nothing.

        Raises:
            PluginError: there is none.
        """
        if name in self._found[kind]:
            return self._found[kind][name].origin
        if name in builtin_names(kind):
            return Origin("built-in", shown(_builtin_file(kind, name)))
        raise self._unknown(kind, name)

    def add(self, plugin: object, origin: Origin) -> None:
        """Register a plugin (a module or any object with hooks) and what it brings.

        Raises:
            PluginError: it has a wrong hook, a hook of it fails, or brings something impossible or twice.
        """
        if self.manager.is_registered(plugin):
            return
        self._register(plugin, origin)
        doc = inspect.getdoc(plugin) or ""
        try:
            self._check_hooks(plugin, origin)
            for provider in self._collect(plugin, "register_providers", origin):
                self._keep("providers", _Found(_checked_provider(provider, origin), origin, doc))
            for subscriber in self._collect(plugin, "register_subscribers", origin):
                self._keep("subscribers", _Found(_checked_subscriber(subscriber, origin), origin, doc))
        except BaseException:
            self.manager.unregister(plugin)
            raise
        self._origins[self.manager.get_name(plugin) or ""] = origin

    async def startup(self, hub: Hub) -> None:
        """Call every `startup` hook, one after the other.

        Raises:
            PluginError: one of them failed.
        """
        for hook, origin in self._implementations("startup"):
            with explained(origin.file):
                await _call(hook, hub=hub)

    async def shutdown(self, hub: Hub) -> None:
        """Call every `shutdown` hook, the last one started first; a failure is logged."""
        for hook, origin in reversed(list(self._implementations("shutdown"))):
            try:
                await _call(hook, hub=hub)
            except Exception:
                logger.exception("%s: shutdown failed", origin.file)

    def attempt_finished(self, event: Event, delivery: Delivery, attempt: Attempt) -> None:
        """Call every `attempt_finished` hook; a failure is logged."""
        for hook, origin in self._implementations("attempt_finished"):
            try:
                _call(hook, event=event, delivery=delivery, attempt=attempt)
            except Exception:
                logger.exception("%s: attempt_finished failed", origin.file)

    def _find(self, kind: Kind, name: str) -> _Found:
        if name not in self._found[kind]:
            if name not in builtin_names(kind):
                raise self._unknown(kind, name)
            self._load_builtin(kind, name)
        return self._found[kind][name]

    def _unknown(self, kind: Kind, name: str) -> PluginError:
        close = get_close_matches(name.lower().replace("_", "-"), self.names(kind), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"`hub new {kind[:-1]} {name}` starts one"
        return PluginError(f"there is no {kind[:-1]} {name!r}; {hint}")

    def _load_builtin(self, kind: Kind, name: str) -> None:
        file = _builtin_file(kind, name)
        mount_builtin()
        self.add(import_file(BUILTIN_PACKAGE, BUILTIN, file), Origin("built-in", shown(file)))
        if name not in self._found[kind]:
            raise PluginError(f"{shown(file)}: it does not register a {kind[:-1]} {name!r}, which its name says")

    def _register(self, plugin: object, origin: Origin) -> None:
        try:
            self.manager.register(plugin, name=f"{origin.place} {origin.file}")
            self.manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            if self.manager.is_registered(plugin):
                self.manager.unregister(plugin)
            raise PluginError(_hook_problem(plugin, origin, error)) from error

    def _check_hooks(self, plugin: object, origin: Origin) -> None:
        for name, hook in self._hooks_of(plugin):
            wanted = inspect.iscoroutinefunction(getattr(hookspecs, name))
            if inspect.iscoroutinefunction(hook.function) != wanted:
                rule = "must be `async def`" if wanted else "must be a plain `def`, not `async def`"
                raise PluginError(f"{_line(hook.function, origin)}: {name} {rule}")

    def _hooks_of(self, plugin: object) -> Iterator[tuple[str, pluggy.HookImpl]]:
        for caller in self.manager.get_hookcallers(plugin) or ():
            yield from ((caller.name, hook) for hook in caller.get_hookimpls() if hook.plugin is plugin)

    def _collect(self, plugin: object, name: str, origin: Origin) -> Iterator[Any]:
        for hook in (hook for hook_name, hook in self._hooks_of(plugin) if hook_name == name):
            with explained(getattr(plugin, "__file__", None) or origin.file):
                brought = _call(hook)
            if not isinstance(brought, (list, tuple)):
                found = type(brought).__name__
                raise PluginError(f"{_line(hook.function, origin)}: {name} must return a list, it returned {found}")
            yield from brought

    def _keep(self, kind: Kind, found: _Found) -> None:
        name, origin = found.thing.name, found.origin
        earlier = self._found[kind].setdefault(name, found)
        if earlier.thing is not found.thing and earlier.origin.place == origin.place:
            raise PluginError(
                f"{origin.file}: there is a {kind[:-1]} {name!r} in {earlier.origin.file} already; rename one of them"
            )

    def _implementations(self, name: str) -> Iterator[tuple[pluggy.HookImpl, Origin]]:
        for hook in reversed(getattr(self.manager.hook, name).get_hookimpls()):
            yield hook, self._origins[hook.plugin_name]


def load_plugins(folder: Path | None = None, *, installed: bool = True) -> Plugins:
    """Load local and installed plugins; the built-in ones wait until they are asked for.

    folder: the `plugins/` folder beside config.toml, which need not exist; installed: packages with entry points of the
    group `hub.plugins`.

    Raises:
        PluginError: plugins that cannot be loaded, each on a line of its own.
    """
    plugins = Plugins(folder.resolve() if folder is not None and folder.is_dir() else None)
    problems: list[str] = []
    rules: list[Marked] = []
    for file, module in _local_modules(plugins.folder, problems):
        try:
            plugins.add(module, Origin("local", shown(file)))
            rules.extend(marked(module, file, file.relative_to(plugins.folder or file.parent)))
        except PluginError as error:
            problems.append(str(error))
    problems.extend(_same_names(rules))
    plugins.rules = tuple(rules)
    for plugin, origin in _installed_plugins(problems) if installed else ():
        try:
            plugins.add(plugin, origin)
        except PluginError as error:
            problems.append(str(error))
    if problems:
        raise PluginError("\n".join(problems))
    return plugins


def builtin_names(kind: Kind) -> tuple[str, ...]:
    """The names of the built-in plugins, from their files: nothing is imported.

    A module's name cannot start with a digit: `2checkout` is in `_2checkout.py`.
    """
    names = (entry.name for entry in os.scandir(BUILTIN / kind) if BUILTIN_FILE.fullmatch(entry.name))
    return tuple(sorted(name[:-3].lstrip("_").replace("_", "-") for name in names))


def _builtin_file(kind: Kind, name: str) -> Path:
    return BUILTIN / kind / f"{'_' if name[:1].isdigit() else ''}{name.replace('-', '_')}.py"


def local_files(folder: Path) -> list[Path]:
    """The plugin files of a local folder and its subfolders, sorted; names that start with `_` or `.` are left out."""
    skipped = NOT_LOCAL if folder.resolve() == BUILTIN.resolve() else ()
    files: list[Path] = []
    for root, folders, names in os.walk(folder):
        top = Path(root) == folder
        folders[:] = [name for name in folders if name[0] not in "_." and not (top and name in skipped)]
        files.extend(Path(root, name) for name in names if name.endswith(".py") and name[0] not in "_.")
    return sorted(files)


def _local_modules(folder: Path | None, problems: list[str]) -> Iterator[tuple[Path, ModuleType]]:
    if folder is None:
        return
    package = mount_local(folder)
    for file in local_files(folder):
        try:
            with no_bytecode():
                module = import_file(package, folder, file)
        except PluginError as error:
            problems.append(str(error))
        else:
            yield file, module


def _installed_plugins(problems: list[str]) -> Iterator[tuple[object, Origin]]:
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        package = entry.dist.name if entry.dist else "?"
        label = f"{package} ({entry.name} = {entry.value})"
        try:
            with explained(label):
                plugin = entry.load()
        except PluginError as error:
            problems.append(str(error))
        else:
            yield plugin, Origin("installed", label)


def _same_names(rules: Iterable[Marked]) -> Iterator[str]:
    first: dict[str, Marked] = {}
    for rule in rules:
        earlier = first.setdefault(rule.name, rule)
        if earlier is not rule:
            yield f"{rule.place}: {earlier.place} has a subscription {rule.name!r} already; rename one of them"


def _hook_problem(plugin: object, origin: Origin, error: Exception) -> str:
    hooks: dict[str, Any] = {
        name: spec for name, spec in vars(hookspecs).items() if hasattr(spec, f"{hookspecs.PROJECT}_spec")
    }
    for name in dir(plugin):
        function: Any = getattr(plugin, name, None)
        if not hasattr(function, f"{hookspecs.PROJECT}_impl"):
            continue
        if name not in hooks:
            close = get_close_matches(name, hooks, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"the hooks are {', '.join(hooks)}"
            return f"{_line(function, origin)}: there is no hook {name!r}; {hint}"
        takes = list(inspect.signature(hooks[name]).parameters)
        extra = [parameter for parameter in inspect.signature(function).parameters if parameter not in takes]
        if extra:
            takes_text = f"takes {', '.join(takes)}" if takes else "takes no parameters"
            return f"{_line(function, origin)}: {name} has the parameter {extra[0]!r}, but the hook {takes_text}"
    return f"{origin.file}: {str(error).strip().splitlines()[-1]}"


def _line(function: Any, origin: Origin) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{shown(code.co_filename)}:{code.co_firstlineno}" if code else origin.file


def _call(hook: pluggy.HookImpl, **arguments: object) -> Any:
    """Call one implementation, with those of the arguments that it names."""
    return hook.function(**{name: arguments[name] for name in hook.argnames})


def _checked_provider(provider: object, origin: Origin) -> Provider:
    if not isinstance(provider, Provider):
        raise PluginError(f"{origin.file}: register_providers must return Provider objects, not {provider!r}")
    return provider


def _checked_subscriber(subscriber: Any, origin: Origin) -> type[Subscriber]:
    if not (inspect.isclass(subscriber) and issubclass(subscriber, Subscriber)):
        raise PluginError(f"{origin.file}: register_subscribers must return Subscriber classes, not {subscriber!r}")
    where = f"{origin.file}: the subscriber {subscriber.__name__}"
    name = getattr(subscriber, "name", None)
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise PluginError(f'{where} needs a name of lower-case words joined by hyphens, such as name = "slack"')
    if "__annotations__" in vars(subscriber) and not is_dataclass(subscriber):
        raise PluginError(f"{where} has fields but is no dataclass; put @dataclass above it")
    if subscriber.deliver is Subscriber.deliver and subscriber.deliver_batch is Subscriber.deliver_batch:
        raise PluginError(f"{where} has no deliver(); add `async def deliver(self, event: Event) -> None`")
    if not all(map(inspect.iscoroutinefunction, (subscriber.deliver, subscriber.deliver_batch))):
        raise PluginError(f"{where}: deliver must be `async def`")
    return subscriber
