"""Writes the generated pages of the docs: `make docs`. A test says when they are stale."""

from pathlib import Path

from hub.about import about
from hub.loader import builtin_names, load_plugins
from hub.provider_pages import overview, page
from hub.reference import json_schema, reference

HERE = Path(__file__).parent
INTRODUCTION = """# Configuration

Everything stands in `config.toml`, and in the `.env` file beside it what must not be read by others. `hub check` says
all that is wrong with them at once. Editors complete and check it with [the schema](config.schema.json).

A value may come from the environment, `{ env = "GITHUB_SECRET" }`, or from a file, `{ file = "/run/secrets/github" }`.
The real environment wins over `.env`. Relative paths are relative to the folder of `config.toml`.

Some platforms bring the secret themselves, with a handshake: `[providers.notion]` may stand there empty. The hub trusts
the first one that comes while the source has none; anyone can send a handshake, so later ones wait for you:

```console
$ hub secrets                    # which came, and which are trusted; --show prints them whole
$ hub secrets accept <id>
$ hub secrets drop <id>
```

Sizes are written `"25 MiB"`, durations `"7d"`, `"1h"`, `"5s"`, rates `"50/s"`.

"""


def pages() -> dict[Path, str]:
    """Every generated file's path and content."""
    import json

    plugins = load_plugins(installed=False)
    providers = [about(plugins, name) for name in builtin_names("providers")]
    return {
        HERE / "configuration.md": INTRODUCTION + reference(),
        HERE / "config.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        HERE / "providers.md": overview(providers),
        **{HERE / "providers" / f"{facts.provider.name}.md": page(facts) for facts in providers},
    }


def stale(pages: dict[Path, str]) -> list[Path]:
    """Generated pages that belong to nothing any more."""
    return sorted(set((HERE / "providers").glob("*.md")) - set(pages))


if __name__ == "__main__":
    written = pages()
    (HERE / "providers").mkdir(exist_ok=True)
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    for path in stale(written):
        path.unlink()
