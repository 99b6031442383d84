"""What may stand in config.toml, for people (Markdown) and for editors (JSON Schema), from the settings themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from hub.settings import Console, LogSettings, RetryPolicy, Server, SourceTable, SubscriptionTable, Table
from hub.units import show_duration, show_size

SCHEMA = "https://json-schema.org/draft/2020-12/schema"
SECTIONS: tuple[tuple[str, type[Table], str], ...] = (
    ("[server]", Server, ""),
    ("[console]", Console, ""),
    ("[log]", LogSettings, ""),
    ("[providers.<name>]", SourceTable, "The provider's own options stand in the same table: `hub providers <name>`."),
    ("[subscribers.<name>]", SubscriptionTable, "The subscriber's own options stand in the same table."),
    ("retry of [subscribers.<name>]", RetryPolicy, 'Written `retry = { attempts = 12, first = "5s", max = "1h" }`.'),
)
KINDS = ("size", "duration", "rate", "text or list of texts", "`now`, `beginning` or a time")
"""Types that have a name of their own: the titles that `hub.settings` gives them."""
REFERENCE = {
    "description": "A value that stands elsewhere.",
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "env": {"type": "string", "description": "Name of an environment variable; `.env` beside the file counts."},
        "file": {"type": "string", "description": "A file that holds the value, relative to the config's folder."},
    },
}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of config.toml; options of providers and subscribers are not checked by it."""
    definitions: dict[str, Any] = {"reference": REFERENCE}
    tables = {
        "server": _schema(Server, definitions),
        "console": _schema(Console, definitions),
        "log": _schema(LogSettings, definitions),
    }
    for key, model in (("providers", SourceTable), ("subscribers", SubscriptionTable)):
        table = {**_schema(model, definitions), "additionalProperties": True}
        tables[key] = {"type": "object", "additionalProperties": table}
    return {
        "$schema": SCHEMA,
        "title": "config.toml of webhook-hub",
        "type": "object",
        "additionalProperties": False,
        "properties": tables,
        "$defs": definitions,
    }


def _schema(model: type[Table], definitions: dict[str, Any]) -> dict[str, Any]:
    """A table's schema, in which each value may also be a reference; its definitions go to the common ones."""
    schema = model.model_json_schema(ref_template="#/$defs/{model}")
    for name, inner in schema.pop("$defs", {}).items():
        definitions[name] = {**inner, "properties": _or_reference(inner["properties"])}
    schema["properties"] = _or_reference(schema["properties"])
    return schema


def _or_reference(properties: dict[str, Any]) -> dict[str, Any]:
    said = ("description", "default")
    return {
        name: {
            **{key: value[key] for key in said if value.get(key) is not None},
            "anyOf": [{key: part for key, part in value.items() if key not in said}, {"$ref": "#/$defs/reference"}],
        }
        for name, value in properties.items()
    }


def reference() -> str:
    """The reference as Markdown: a section for each table, a row for each key."""
    parts = [f"## `{heading}`\n\n{_section(model, note)}" for heading, model, note in SECTIONS]
    return "\n\n".join(parts) + "\n"


def _section(model: type[Table], note: str) -> str:
    text = f"{(model.__doc__ or '').strip()} {note}".strip()
    rows = ["| key | type | default | meaning |", "|---|---|---|---|", *_rows(model)]
    return f"{text}\n\n" + "\n".join(rows)


def _rows(model: type[Table]) -> Iterator[str]:
    properties = model.model_json_schema()["properties"]
    for name, info in model.model_fields.items():
        kind = _kind(properties[name])
        yield f"| `{name}` | {kind} | {_default(info, properties[name])} | {info.description} |"


def _kind(schema: dict[str, Any]) -> str:
    if schema.get("title") in KINDS:
        return str(schema["title"])
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema:
        return " or ".join(f'`"{value}"`' for value in schema["enum"])
    if "$ref" in schema or schema.get("type") == "object":
        return "table"
    if schema.get("type") == "array":
        return "list of texts"
    return {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}[schema["type"]]


def _default(info: FieldInfo, schema: dict[str, Any]) -> str:
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is None or value == ():
        return ""
    if isinstance(value, RetryPolicy):
        return "as below"
    kind = schema.get("title")
    if kind == "size":
        return f'`"{show_size(value)}"`'
    if kind == "duration":
        return f'`"{show_duration(value)}"`'
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value!r}`".replace("'", '"')
