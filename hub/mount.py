"""Importing plugin files: a folder is mounted as a package, then its files are ordinary modules."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import hub
from hub.errors import PluginError

BUILTIN_PACKAGE = "hub.plugins"


def builtin_folder() -> Path:
    """The built-in plugins: `hub/plugins` where the hub is installed, `plugins` beside `hub` in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "plugins"
    return installed if (installed / "providers").is_dir() else package.parent / "plugins"


BUILTIN = builtin_folder()


def mount_builtin() -> None:
    """Make `hub.plugins.providers.<file>` importable."""
    if BUILTIN_PACKAGE not in sys.modules:
        _mount(BUILTIN_PACKAGE, BUILTIN)


def mount_local(folder: Path) -> str:
    """Make a local `plugins/` folder importable anew; the name of its package.

    The name holds the folder's digest, so that two hubs in one process keep their modules apart. What was imported from
    the folder before is forgotten by Python, not by those who hold it.
    """
    folder = folder.resolve()
    name = f"hub.local_{sha256(str(folder).encode()).hexdigest()[:8]}"
    for module in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
        del sys.modules[module]
    importlib.invalidate_caches()
    _mount(name, folder)
    return name


def _mount(name: str, folder: Path) -> None:
    spec = ModuleSpec(name, loader=None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    module = module_from_spec(spec)
    sys.modules[name] = module
    setattr(hub, name.partition(".")[2], module)


def import_file(package: str, folder: Path, file: Path) -> ModuleType:
    """The module of a plugin file in a mounted folder.

    Raises:
        PluginError: its name cannot be imported, or importing it fails; with file, line and what to do.
    """
    parts = file.relative_to(folder).with_suffix("").parts
    for part in parts:
        if not part.isidentifier():
            better = "".join(letter if letter.isalnum() else "_" for letter in part)
            better = f"x{better}" if better[0].isdigit() else better
            raise PluginError(f"{shown(file)}: {part!r} cannot be imported; rename it to {better!r}")
    with explained(file):
        return importlib.import_module(".".join((package, *parts)))


@contextmanager
def no_bytecode() -> Iterator[None]:
    """Import without writing `.pyc` files: two edits of one size within a second would load the first."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


@contextmanager
def explained(file: Path | str) -> Iterator[None]:
    """Turn whatever a plugin's code raises into a PluginError that names its file and line."""
    try:
        yield
    except (KeyboardInterrupt, PluginError):
        raise
    except BaseException as error:  # a plugin's sys.exit() would end the hub without a word
        place = _place(error, file)
        raise PluginError(f"{place}: {_reason(error)}") from error


def _place(error: BaseException, file: Path | str) -> str:
    """`file:line` of the plugin's own last line in the traceback; a syntax error says itself where it is."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shown(error.filename)}:{error.lineno or 1}"
    wanted = str(file)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == wanted]
    return f"{shown(file)}:{lines[-1]}" if lines else shown(file)


def _reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the plugin called sys.exit({error.code!r}); a plugin must not end the process, raise an exception"
    if isinstance(error, SyntaxError):
        return f"not Python: {error.msg}"
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("hub."):
        return f"there is no module {error.name!r}; install the package that has it where the hub is installed"
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown(file: Path | str) -> str:
    """A file as a person would name it: relative to the working directory if it is below it."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def sample_folders(plugins: Path | None) -> list[Path]:
    """Where samples are looked for: the local `plugins/samples/` first, then the built-in ones."""
    local = [] if plugins is None else [plugins / "samples"]
    return [*local, BUILTIN / "samples"]
