"""Writes the generated pages of the docs: `make docs`. A test says when they are stale."""

from pathlib import Path

from hub.reference import json_schema, reference

HERE = Path(__file__).parent
INTRODUCTION = """# Configuration

Everything stands in `config.toml`, and in the `.env` file beside it what must not be read by others. `hub check` says
all that is wrong with them at once. Editors complete and check it with [the schema](config.schema.json).

A value may come from the environment, `{ env = "GITHUB_SECRET" }`, or from a file, `{ file = "/run/secrets/github" }`.
The real environment wins over `.env`. Relative paths are relative to the folder of `config.toml`.

Sizes are written `"25 MiB"`, durations `"7d"`, `"1h"`, `"5s"`, rates `"50/s"`.

"""


def pages() -> dict[Path, str]:
    """Every generated file's path and content."""
    import json

    return {
        HERE / "configuration.md": INTRODUCTION + reference(),
        HERE / "config.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
