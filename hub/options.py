"""Options of plugins: names, types, docs and secrecy, gathered from the plugin and checked by one model each."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

from hub.errors import Problem
from hub.provider import Provider, wanted

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hub.subscriber import Subscriber


class Secret:
    """The type of a credential: one, several of which any will do, or several by the platform's key id."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        # strict: `true` is no number
        one = core_schema.union_schema([core_schema.str_schema(strict=True), core_schema.int_schema(strict=True)])
        several = core_schema.list_schema(one, min_length=1, strict=True)
        named = core_schema.dict_schema(core_schema.str_schema(), one, min_length=1)
        return core_schema.union_schema(
            [one, several, named],
            custom_error_type="credential",
            custom_error_message="a credential is a text in quotes, a list of texts, or a table of them by key id",
        )


SECRET_NAMES = ("secret", "password", "token")
"""Ends of names of parameters that are secrets without saying so."""

GIVEN = ("secrets", "fetched", "public_url", "tolerance")
"""Names that slot functions may ask for and no config table has as options of its own."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a plugin's config table.

    doc: one sentence; type: what pydantic is to make of it; default: None if it may be left out; required: the config
    is wrong without it; secret: never shown; learned: a handshake may bring it, so that a source may start without;
    development: a key that signs in the platform's place, for trying it out.
    """

    doc: str = ""
    type: Any = str
    default: Any = None
    required: bool = False
    secret: bool = False
    learned: bool = False
    development: bool = False


def credential(doc: str, *, learned: bool = False) -> Option:
    """The option of a shared credential: one, a list, or a table by key id."""
    return Option(doc, Secret, secret=True, learned=learned)


def options_of(provider: Provider) -> dict[str, Option]:
    """All options of a provider: its own, its scheme's, and what its slots ask for."""
    found = dict(provider.verify.options())
    for name, option in provider.options.items():
        known = found.get(name)
        # the provider's words, but a credential stays one
        found[name] = dataclasses.replace(known, doc=option.doc) if known and known.secret else option
    for _, slot in provider.slots():
        for name, option in parameter_options(slot).items():
            found.setdefault(name, option)
    return found


def parameter_options(function: Callable[..., Any]) -> dict[str, Option]:
    """What a function asks for by keyword-only parameters, but for what the hub gives by itself."""
    hints = _hints(function)
    return {
        parameter.name: _from_parameter(parameter, hints.get(parameter.name, str))
        for parameter in wanted(function)
        if parameter.name not in GIVEN
    }


def subscriber_options(subscriber: type[Subscriber]) -> dict[str, Option]:
    """The fields of a subscriber's dataclass as options.

    `Annotated[str, "doc"]`, `Annotated[str, Option("doc", secret=True)]`, or `metadata` with `doc` and `secret` says
    more; a field with `repr=False` that says nothing is a secret.
    """
    if not dataclasses.is_dataclass(subscriber):
        return {}
    hints = typing.get_type_hints(subscriber, include_extras=True)
    found = {}
    for field in dataclasses.fields(subscriber):
        if not field.init:
            continue
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = None if required else _default(field)
        kind, option = _annotated(hints.get(field.name, str))
        doc = field.metadata.get("doc", option.doc if option else "")
        secret = field.metadata.get("secret", option.secret if option else not field.repr)
        found[field.name] = Option(doc, kind, default, required, secret)
    return found


def read_options(
    options: Mapping[str, Option], values: Mapping[str, Any], path: str, *, file: str = "config.toml"
) -> tuple[dict[str, Any], list[Problem]]:
    """The values as their types, defaults left out; and what is wrong with them. Values are never shown of secrets."""
    from pydantic import ValidationError

    problems = [Problem(f"{path}.{name}", _unknown(name, options), file) for name in values if name not in options]
    known = {name: value for name, value in values.items() if name in options}
    try:
        model = option_model(options).model_validate(known)
    except ValidationError as error:
        seen: set[str] = set()
        for item in error.errors(include_url=False):
            name = str(item["loc"][0])
            if name not in seen:  # a union reports each of its members
                seen.add(name)
                problems.append(Problem(f"{path}.{name}", _wrong(item, options[name]), file))
        return {}, problems
    return {name: getattr(model, f"option_{name}") for name in known}, problems


def option_model(options: Mapping[str, Option]) -> type[BaseModel]:
    """A pydantic model with the options as fields; its JSON Schema has their docs."""
    from pydantic import ConfigDict, Field, create_model

    fields: dict[str, Any] = {}
    for name, option in options.items():
        default = ... if option.required else option.default
        kind = option.type if option.required else option.type | None if option.default is None else option.type
        extra: Any = {"writeOnly": True} if option.secret else None
        # an alias: an option may be called `json` or `copy`, a field of a model may not
        fields[f"option_{name}"] = (
            kind,
            Field(default=default, alias=name, description=option.doc or None, json_schema_extra=extra),
        )
    config = ConfigDict(extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)
    return create_model("Options", __config__=config, **fields)


def _unknown(name: str, options: Iterable[str]) -> str:
    names = sorted(options)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"there is no such option; did you mean {close[0]!r}?"
    return f"there is no such option; it takes {', '.join(names) or 'none'}"


def _wrong(item: Mapping[str, Any], option: Option) -> str:
    if item["type"] == "missing":
        return f"it is missing{': ' + option.doc if option.doc else ''}"
    message = str(item["msg"])
    message = message[0].lower() + message[1:]
    found = item.get("input")
    if option.secret or isinstance(found, (dict, list)) or len(str(found)) > 100:
        return message
    return f"{message}, found {found!r}"


def _hints(slot: Any) -> dict[str, Any]:
    function = slot if inspect.isroutine(slot) else type(slot).__call__
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # a name that only exists while type checking: the option is a text then
        return {}


def _from_parameter(parameter: inspect.Parameter, hint: Any) -> Option:
    kind, option = _annotated(hint)
    if option is not None and option.type is not str:
        kind = option.type
    default = None if parameter.default is parameter.empty else parameter.default
    doc = option.doc if option else ""
    secret = (option.secret if option else False) or parameter.name.endswith(SECRET_NAMES)
    if parameter.name == "secret":
        kind = Secret
    learned, development = (option.learned, option.development) if option else (False, False)
    return Option(doc, kind, default, secret=secret, learned=learned, development=development)


def _annotated(hint: Any) -> tuple[Any, Option | None]:
    """The type and the doc of `Annotated[str, "doc"]` or `Annotated[str, Option("doc", secret=True)]`."""
    if typing.get_origin(hint) is not Annotated:
        return hint, None
    kind, *notes = typing.get_args(hint)
    for note in notes:
        if isinstance(note, Option):
            return kind, note
        if isinstance(note, str):
            return kind, Option(note)
    return hint, None


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
