"""How a signature header looks: one description, by which it is read and written.

`HMAC {base64}`               a prefix and the signature
`t={timestamp},v1={hex}`      pairs: in any order, joined by `, ; space`, repeated; unknown ones are passed over
`sha256={base64}`             one pair
`{timestamp},{hex}...`        the last one repeats
`v1,{base64} ...`             the whole repeats, between spaces; what looks otherwise is passed over
`{keyid}/SHA256/{hex}`        the key is named
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.errors import Refused

ENCODINGS = ("hex", "HEX", "base64", "base64url")
PLACES = (*ENCODINGS, "timestamp", "id", "nonce", "keyid")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
PAIR = re.compile(r"([\w-]+)=\{(\w+)\}")
HASHES = re.compile(r"(hmac[-_]?)?(sha|md)-?\d+", re.IGNORECASE)
OTHER_WORD = re.compile(r"([A-Za-z][\w-]{0,15})[= ][^=\s]")
SEPARATORS = re.compile(r"[,;\s]+")
MOST_SIGNATURES = 20
"""Signatures that are looked at in one header: each costs a comparison, or a public-key operation."""


@dataclass(slots=True)
class Group:
    """What stands in a header together: signatures, and what they were made with."""

    signatures: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """A compiled description of a header's value. encoding: of the signature; names: the other places in it; needed:
    those without which pairs are no signature."""

    text: str
    encoding: str
    names: frozenset[str]
    pairs: Mapping[str, str] | None = None
    pattern: re.Pattern[str] | None = None
    order: tuple[str, ...] = ()
    repeats: bool = False
    whole: bool = False
    needed: frozenset[str] = frozenset()

    def read(self, text: str, where: str) -> list[Group]:
        """The groups in a header's value.

        Raises:
            Refused: it is not of this form (malformed), or names another hash (algorithm).
        """
        if self.pairs is not None:
            groups = self._read_pairs(text)
        elif self.whole:
            groups = self._read_whole(text)
        elif self.repeats:
            groups = self._read_repeated(text)
        else:
            groups = self._read_one(text)
        groups = [group for group in groups if group.signatures]
        if not groups:
            word = self._other_hash(text)
            if word is not None:
                raise Refused("algorithm", f"{where} names {word!r}; the hub takes {self.text!r}", found=word)
            raise Refused("malformed", f"{where} does not look like {self.text!r}")
        return groups

    def write(self, signature: str, values: Mapping[str, str]) -> str:
        """A header's value."""
        known = {**values, self.encoding: signature}
        return PLACEHOLDER.sub(lambda match: known.get(match.group(1), ""), self.text.removesuffix("...").rstrip(" "))

    def _read_one(self, text: str) -> list[Group]:
        assert self.pattern is not None
        match = self.pattern.fullmatch(text)
        if match is None:
            return []
        group = Group()
        for name, value in zip(self.order, match.groups(), strict=True):
            if name == self.encoding:
                group.signatures.append(value)
            else:
                group.values[name] = value
        return [group]

    def _read_pairs(self, text: str) -> list[Group]:
        assert self.pairs is not None
        name, _, value = text.partition("=")
        if value and len(self.pairs) == 1 and name in self.pairs and not SEPARATORS.search(value):
            return [Group([value])]  # a single pair, as most send it
        groups = [Group()]
        for part in SEPARATORS.split(text, maxsplit=4 * MOST_SIGNATURES):
            name, _, value = part.partition("=")
            place = self.pairs.get(name)
            if place is None or not value:
                continue
            if place == self.encoding:
                groups[-1].signatures.append(value)
                continue
            if place in groups[-1].values:  # Persona: a second t= starts a new group
                groups.append(Group())
            groups[-1].values[place] = value
        whole = [group for group in groups if self.needed <= group.values.keys()]
        return [Group(group.signatures[:MOST_SIGNATURES], group.values) for group in whole[:MOST_SIGNATURES]]

    def _read_whole(self, text: str) -> list[Group]:
        found = [group for part in text.split(" ", 2 * MOST_SIGNATURES) for group in self._read_one(part)]
        return found[:MOST_SIGNATURES]

    def _read_repeated(self, text: str) -> list[Group]:
        parts = re.split(r"[,\s]+", text.strip(), maxsplit=2 * MOST_SIGNATURES)
        fixed = self.order[:-1]
        if len(parts) <= len(fixed):
            return []
        signatures = [part for part in parts[len(fixed) :] if part][:MOST_SIGNATURES]
        return [Group(signatures, dict(zip(fixed, parts, strict=False)))]

    def _other_hash(self, text: str) -> str | None:
        """The word that a header names where this form names a hash."""
        own = re.match(r"([\w-]+)[= ]", self.text)
        if own is None or HASHES.fullmatch(own.group(1)) is None:
            return None
        found = OTHER_WORD.match(text)
        return found.group(1) if found is not None and found.group(1) != own.group(1) else None


def compile_form(text: str) -> Form:
    """Parse a description.

    Raises:
        ValueError: it has no signature, or an unknown place.
    """
    order = tuple(PLACEHOLDER.findall(text))
    unknown = [name for name in order if name not in PLACES]
    if unknown:
        raise ValueError(f"{text!r} has no place {{{unknown[0]}}}; there are {', '.join(PLACES)}")
    encodings = [name for name in order if name in ENCODINGS]
    if len(encodings) != 1:
        raise ValueError(f"{text!r} needs one of {', '.join(f'{{{name}}}' for name in ENCODINGS)}")
    encoding, names = encodings[0], frozenset(order) - {encodings[0]}
    pairs = dict(PAIR.findall(text))
    if len(pairs) == len(order) and (len(order) > 1 or PAIR.fullmatch(text)):
        return Form(text, encoding, names, pairs=pairs, needed=names - {"keyid"})
    if text.endswith("...") and not text.endswith(" ..."):
        return Form(text, encoding, names, order=order, repeats=True)
    whole = text.endswith(" ...")
    literal = re.split(r"\{\w+\}", text.removesuffix(" ..."))
    if any("{" in part or "}" in part for part in literal):
        raise ValueError(f"{text!r} has a place that is none; there are {', '.join(PLACES)}")
    pattern = "".join(re.escape(part) + (r"(\S+)" if index < len(order) else "") for index, part in enumerate(literal))
    return Form(text, encoding, names, pattern=re.compile(pattern), order=order, whole=whole)


def encode(raw: bytes, encoding: str) -> str:
    """A signature's bytes as text."""
    if encoding == "hex":
        return raw.hex()
    if encoding == "HEX":
        return raw.hex().upper()
    if encoding == "base64":
        return b64encode(raw).decode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str, encoding: str) -> bytes | None:
    """A signature's bytes, if the text is their one right spelling; None if it is not."""
    try:
        if encoding in ("hex", "HEX"):
            raw = bytes.fromhex(text)
            text = canonical(text, encoding)
        elif encoding == "base64":
            raw = b64decode(text, validate=True)
        else:
            raw = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, Base64Error):
        return None
    return raw if encode(raw, encoding) == text else None


def canonical(text: str, encoding: str) -> str:
    """The spelling that is compared: `{HEX}` takes any case."""
    return text.upper() if encoding == "HEX" else text
