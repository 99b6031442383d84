"""Places and slots in words, for pages and the terminal: told by the objects that read, so the words stay true."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from hub.extract import (
    body,
    digest_of,
    echo,
    first_of,
    form,
    header,
    inside,
    items,
    join,
    json_in,
    key_of,
    query,
    whole,
    words,
    xml,
)

SMALL = (
    *("A", "All", "An", "Any", "As", "Each", "Every", "How", "Its", "No", "Nothing", "Older", "Only", "Some", "The"),
    *("What", "When", "Where", "Which", "With", "Without"),
)
"""Words that lose their capital inside a sentence; another one may be a name."""
IN_BODY = " in the body"


def place_words(place: Any) -> str:
    """Where a place or a slot reads; "" if that cannot be said."""
    match place:
        case str():
            return f"`{place}`"
        case header(name=name):
            return f"the header `{name}`"
        case query(name=name):
            return f"`{name}` in the query"
        case form(name=name):
            return f"`{name}` in the form"
        case body(path=""):
            return "the body"
        case body(path=path):
            return f"`{path}`{IN_BODY}"
        case inside(paths=paths):
            return place_words(first_of(*map(body, paths)))
        case json_in(place=inner):
            return f"the JSON in {place_words(inner)}, else the body"
        case xml(path=path):
            return f"`{path}` in the XML" if path else "the XML"
        case items(path="[]"):
            return "the list that is the body"
        case items(path=path):
            return f"`{path}`{IN_BODY}"
        case whole(place=inner):
            return place_words(inner)
        case first_of(places=(only,)):
            return place_words(only)
        case first_of(places=places):
            return _listed(map(place_words, places), ", else ", ", else ")
        case join(places=places, by=by):
            return f"{_listed(map(_inner_words, places))}, joined by `{by}`"
        case digest_of(places=places):
            return f"a hash of {_listed(map(_inner_words, places))}"
        case key_of(place=inner, but=but):
            others = f" that is not {_listed((f'`{name}`' for name in but), last=' or ')}" if but else ""
            return f"the first key of {place_words(inner)}{others}"
        case words(place=inner):
            return f"{place_words(inner)}, in words"
        case echo(place=inner):
            return f"answered with {place_words(inner)}"
    return _function_words(place) if inspect.isfunction(place) else _own_place_words(place)


def first_sentence(text: str | None) -> str:
    """The first sentence of a docstring, to stand inside another one."""
    paragraph = " ".join((text or "").strip().partition("\n\n")[0].split())
    said = re.sub(r"^For `\w+`: ", "", re.split(r"\.(?= [A-Z])", paragraph)[0].removesuffix("."))
    word, space, rest = said.partition(" ")
    return f"{word.lower() if word in SMALL else word}{space}{rest}"


def capitalized(text: str) -> str:
    """The text as a sentence begins."""
    return text[:1].upper() + text[1:]


def _function_words(function: Callable[..., Any]) -> str:
    """What its docstring says, or the place around which it was made, as `inside("a.b")` makes them."""
    if function.__doc__:
        return first_sentence(function.__doc__)
    for cell in function.__closure__ or ():
        inner = body(cell.cell_contents) if isinstance(cell.cell_contents, str) else cell.cell_contents
        said = "" if inspect.isfunction(inner) else place_words(inner)
        if said:
            return said
    return ""


def _own_place_words(place: Any) -> str:
    """A plugin's own kind of place: by its name, its path, or the place in it."""
    if hasattr(place, "place"):
        return place_words(place.place)
    name = getattr(place, "name", None)
    return f"the field `{name}`" if name else place_words(body(place.path)) if getattr(place, "path", None) else ""


def _inner_words(place: Any) -> str:
    """A place among several; in brackets if it is several itself."""
    said = place_words(place)
    return f"({said})" if ", " in said or " else " in said else said


def _listed(parts: Iterable[str], by: str = ", ", last: str = " and ") -> str:
    """Several in one phrase; those of which nothing can be said are left out."""
    said = [part for part in parts if part]
    for number, (part, following) in enumerate(pairwise(said)):
        if part.endswith(IN_BODY) and following.endswith(IN_BODY):  # said once, after the last of them
            said[number] = part.removesuffix(IN_BODY)
    return last.join(filter(None, (by.join(said[:-1]), said[-1]))) if said else ""
