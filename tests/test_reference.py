"""The reference and the JSON Schema say what the settings are; the sample config is a working one."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.config import load_config
from hub.reference import json_schema, reference
from hub.settings import Console, LogSettings, RetryPolicy, Server, SourceTable, SubscriptionTable, Table

ROOT = Path(__file__).parent.parent
MODELS = (Server, Console, LogSettings, SourceTable, SubscriptionTable, RetryPolicy)


@pytest.mark.parametrize("model", MODELS)
def test_every_key_is_described(model: type[Table]) -> None:
    text = reference()
    for name, info in model.model_fields.items():
        assert info.description, name
        assert info.description.endswith((".", ")")), name
        assert f"| `{name}` |" in text


def test_defaults_and_types_are_shown_as_they_are_written() -> None:
    rows = reference().splitlines()
    assert '| `max_body` | size | `"25 MiB"` | Largest body that is taken; larger ones are answered 413. |' in rows
    assert any(row.startswith('| `keep` | duration | `"7d"` |') for row in rows)
    assert any(row.startswith('| `events` | text or list of texts | `["*"]` |') for row in rows)
    assert any(row.startswith('| `dedupe` | `"id"` or `"body"` | `"id"` |') for row in rows)
    assert any(row.startswith("| `ordered` | true or false | `false` |") for row in rows)
    assert any(row.startswith("| `concurrency` | number | `8` |") for row in rows)
    assert any(row.startswith("| `token` | text |  |") for row in rows)


def test_the_defaults_that_are_shown_are_valid() -> None:
    """What a reader copies from the table is taken."""
    for row in reference().split("## `[providers")[0].splitlines():
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        if row.startswith("| `") and cells[2]:
            key, default = cells[0].strip("` "), cells[2].strip("`")
            model = next(model for model in (Server, Console, LogSettings) if key in model.model_fields)
            model.model_validate(tomllib.loads(f"{key} = {default}"))


def test_the_schema_knows_every_key_and_reference() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    tables = schema["properties"]
    assert set(tables) == {"server", "console", "log", "providers", "subscribers"}
    assert set(tables["server"]["properties"]) == set(Server.model_fields)
    assert tables["server"]["additionalProperties"] is False
    source = tables["providers"]["additionalProperties"]
    assert set(source["properties"]) == set(SourceTable.model_fields)
    assert source["additionalProperties"] is True
    token: dict[str, Any] = tables["console"]["properties"]["token"]
    assert {"$ref": "#/$defs/reference"} in token["anyOf"]
    assert token["description"] == Console.model_fields["token"].description


def test_every_definition_that_the_schema_names_is_there() -> None:
    schema = json_schema()

    def names(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return own.union(*(names(value) for value in part.values()))
        return set().union(*(names(item) for item in part)) if isinstance(part, list) else set()

    assert names(schema) == {f"#/$defs/{name}" for name in schema["$defs"]}


def test_the_sample_config_is_a_working_one() -> None:
    config = load_config(ROOT / "config.toml", {"TYPEFORM_SECRET": "typeform's", "GITHUB_SECRET": "github's"})
    assert [source.name for source in config.sources] == ["typeform", "github"]
    assert [subscription.name for subscription in config.subscriptions] == ["store"]
    assert config.secrets == {"typeform's", "github's"}


def test_the_commented_part_of_the_sample_config_works_too(tmp_path: Path) -> None:
    (tmp_path / "stripe").write_text("whsec_dGVzdA==")
    text = (ROOT / "config.toml").read_text()
    wanted = text[text.index("# [providers.stripe-eu]") :].replace("/run/secrets/stripe-eu", "stripe")
    keys = (
        "# [",
        "# plugin",
        "# secret",
        "# events",
        "# sources",
        "# where",
        "# url",
        "# retry",
        "# conc",
        "# rate",
        "# time",
    )
    lines = [line[2:] if line.startswith(keys) else line for line in wanted.splitlines()]
    (tmp_path / "config.toml").write_text("\n".join(lines))
    config = load_config(tmp_path / "config.toml", {"SLACK_URL": "https://hooks.example.com/1"})
    assert [subscription.name for subscription in config.subscriptions] == ["store", "live", "sales"]
    assert config.subscriptions[-1].sources == ("stripe-eu",)
