"""All that can be said of a provider, told by it and by its module's docstring: for the terminal and the docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.extract import first_of, header, query
from hub.loader import Origin, Plugins
from hub.mount import sample_folders
from hub.options import Option, options_of
from hub.provider import Provider
from hub.samples import samples
from hub.secrets import variable_name
from hub.signatures.description import Mode, modes, together
from hub.signatures.keys import KeySet
from hub.wording import capitalized, place_words

NO_ID = 'There is no delivery id: a retry makes new events. `dedupe = "body"` recognizes identical requests.'
SHOWN = "Events have `[secret]` in place of a secret that stands in the body or the URL; only the kept request has it."
SETUP = "Setup: "
"""How the paragraph of a docstring begins that says what is to be done at the platform."""


@dataclass(frozen=True, slots=True)
class About:
    """What there is to say of a provider.

    summary: what it sends; setup: the steps at the platform, "" if nobody wrote them; notes: the docstring's other
    paragraphs; modes: how its requests are proven; together: whether every configured mode must hold; samples: events.
    """

    provider: Provider
    origin: Origin
    summary: str
    setup: str
    notes: tuple[str, ...]
    modes: tuple[Mode, ...]
    together: bool
    options: Mapping[str, Option]
    samples: tuple[str, ...]

    @property
    def caveats(self) -> tuple[str, ...]:
        """What to know before relying on it: what follows from how it is built, then what its author wrote."""
        shown = (SHOWN,) if self.provider.verify.shows({}) else ()
        return (*_caveats_of_modes(self), *shown, *(() if self.provider.id else (NO_ID,)), *self.notes)

    @property
    def reads(self) -> dict[str, str]:
        """Where the parts of an event come from, by slot; those of which it can be said."""
        found = {name: place_words(slot) for name, slot in self.provider.slots()}
        return {name: words for name, words in found.items() if words and name not in ("handshake", "answer")}

    @property
    def answers(self) -> dict[str, str]:
        """What it answers by itself, by slot."""
        slots = dict(self.provider.slots())
        asked = [name for name in ("handshake", "answer") if name in slots]
        return {name: place_words(slots[name]) or "as the platform wants it" for name in asked}

    def config(self) -> dict[str, str]:
        """The table in config.toml for each way of proof: TOML by its name, "" where there is no choice."""
        name = self.provider.name
        head = f"[providers.{name}]  # {self.provider.methods[0]} /webhooks/{name}"
        if not self.provider.verify.proves:
            return {"": f"{head}\nverify = false"}
        if self.together:
            return {"": "\n".join((head, *self._lines_of_all()))}
        labels: dict[str, list[str]] = {}
        for mode in self.modes:
            labels.setdefault("\n".join((head, *self._lines(mode))), []).append(mode.label)
        return {" or ".join(found) if len(labels) > 1 else "": toml for toml, found in labels.items()}

    def _lines_of_all(self) -> Iterator[str]:
        """Those of the first mode, and what may stand beside them."""
        first, *others = (list(self._lines(mode)) for mode in self.modes)
        yield from first
        yield "# and what else the platform was told; all that is configured must hold:"
        yield from dict.fromkeys(f"# {line}" for lines in others for line in lines if line not in first)

    def _lines(self, mode: Mode) -> Iterator[str]:
        if not mode.proves:
            yield f'variant = "{mode.name}"'
        yield from (f'{name} = "{value}"' for name, value in mode.settings.items())
        for name in mode.needs:
            option = self.options.get(name, Option(secret=True))
            plain = not option.secret and option.type is not KeySet
            reference = f'{{ env = "{variable_name(self.provider.name, name)}" }}'
            yield f"{name} = " + ('"..."' if plain else reference)
        if mode.learned:
            yield "# the secret comes with the handshake"


def about(plugins: Plugins, name: str) -> About:
    """What there is to say of the provider of this name.

    Raises:
        PluginError: there is none, or its file cannot be loaded.
    """
    provider = plugins.provider(name)
    first, *rest = [" ".join(part.split()) for part in plugins.doc("providers", name).split("\n\n")]
    summary = first.partition(": ")[2] or first
    return About(
        provider,
        plugins.origin("providers", name),
        capitalized(summary),
        next((capitalized(part.removeprefix(SETUP)) for part in rest if part.startswith(SETUP)), ""),
        tuple(part for part in rest if part and not part.startswith(SETUP)),
        modes(provider.verify),
        together(provider.verify),
        options_of(provider),
        tuple(sample.event for sample in samples(name, sample_folders(plugins.folder))),
    )


def _caveats_of_modes(facts: About) -> Iterator[str]:
    """What the proofs do not prove; what holds for some modes only says for which."""
    said: dict[str, list[str]] = {}
    for mode in facts.modes:
        for text in _doubts(mode, facts.provider):
            said.setdefault(text, []).append(mode.label)
    for text, names in said.items():
        if len(names) == len(facts.modes):
            yield capitalized(text)
        elif facts.together:
            yield f"With {' or '.join(names)} alone, {text}"
        else:
            yield f"In the mode{'s' if len(names) > 1 else ''} {' and '.join(names)}, {text}"


def _doubts(mode: Mode, provider: Provider) -> Iterator[str]:
    if not mode.proves:
        yield "nothing proves who sent a request: keep the URL to yourself."
    elif not mode.signed:
        yield "nothing is signed, the secret itself is sent: whoever sees one request can make any other."
    elif mode.covers == "none":
        until = ", until it is too old" if mode.replay else ""
        yield f"the body is not signed: the proof of one request is good for any body{until}."
    elif mode.covers == "part":
        yield f"only a part of the body is signed: {mode.signed}."
    if mode.signed and mode.replay == "":
        place = _unsigned_id(mode, provider)
        again = "is a new event" if provider.id is None else "is recognized while the log keeps its first event"
        if place:
            yield f"neither a time nor the delivery id, {place}, is signed: a captured request can become a new event."
        else:
            yield f"no time is signed: a captured request is good for ever; sent again, it {again}."
    if mode.signs_url:
        yield "the URL is signed: `public_url` must be the address that the platform was told."


def _unsigned_id(mode: Mode, provider: Provider) -> str:
    """Where the delivery id stands, if the mode does not sign it."""
    place = provider.id.places[0] if isinstance(provider.id, first_of) else provider.id
    if not isinstance(place, (header, query)) or (isinstance(place, query) and mode.signs_url):
        return ""
    signed = {value.lower() for value in mode.values}
    return "" if f"{type(place).__name__}:{place.name}".lower() in signed else place_words(place)
