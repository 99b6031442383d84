"""Writes the generated pages of the docs: `make docs`. A test says when they are stale."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hub.about import about
from hub.loader import builtin_names, load_plugins
from hub.provider_pages import overview, page
from hub.reference import json_schema, reference

HERE = Path(__file__).parent
VECTORS = HERE.parent / "tests" / "vectors"
WORDS = {"docs": "published", "sdk-test": "published", "sdk-generated": "library", "sdk-accepted": "library"}
"""Origins of vectors in the table; those that were computed are told where there is nothing better."""
PHRASES = {
    "docs": "requests that the platform published",
    "sdk-test": "requests out of its SDK's tests",
    "sdk-generated": "requests made with its SDK",
    "computed": "requests computed from its documentation",
}
LIBRARY = re.compile(r"(PyPI|npm) (\S+) (\S+) .*(signs|accepts)")
"""How a vector of `sdk.json` names the library that made it."""
LANGUAGES = {"PyPI": " (Python)", "npm": " (JavaScript)"}
INTRODUCTION = """# Configuration

Everything stands in `config.toml`, and in the `.env` file beside it what must not be read by others. `hub check` says
all that is wrong with them at once.

Editors complete and check it with [its JSON Schema](config.schema.json): VS Code with Even Better TOML, and others that
use Taplo, when the first line of `config.toml` is `#:schema docs/config.schema.json`, with the path to where it is.

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
    plugins = load_plugins(installed=False)
    providers = [about(plugins, name) for name in builtin_names("providers")]
    vectors = {facts.provider.name: list(vectors_of(facts.provider.name)) for facts in providers}
    tested = {name: in_words(found) for name, found in vectors.items()}
    return {
        HERE / "configuration.md": INTRODUCTION + reference(),
        HERE / "config.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        HERE / "providers.md": overview(providers, tested),
        **{
            HERE / "providers" / f"{facts.provider.name}.md": page(facts, in_phrases(vectors[facts.provider.name]))
            for facts in providers
        },
    }


def vectors_of(provider: str) -> Iterator[dict[str, Any]]:
    """The requests that were not made by the hub, and that it takes."""
    for name in ("vectors", "sdk"):
        found: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
        yield from (vector for vector in found if vector["provider"] == provider and vector["valid"])


def in_words(vectors: Iterable[dict[str, Any]]) -> list[str]:
    """Where they come from, for the table."""
    origins = [vector["origin"] for vector in vectors]
    return sorted({WORDS[origin] for origin in origins if origin in WORDS}) or ["documentation"] * bool(origins)


def in_phrases(vectors: Iterable[dict[str, Any]]) -> list[str]:
    """Where they come from, for the provider's page: the libraries by name and version."""
    found = set[str]()
    for vector in vectors:
        match = LIBRARY.match(vector["note"])
        language = "" if match is None or match[2] == "OpenSSL" else LANGUAGES[match[1]]
        found.add(f"{match[2]} {match[3]}{language}" if match else PHRASES[vector["origin"]])
    return sorted(found)


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
