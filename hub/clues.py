"""Clues for `diagnose`: other spellings of what a request and its secrets are, and what a request resembles."""

from __future__ import annotations

import copy
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from hub.errors import Refused, Unreadable
from hub.extract import first_of, header, join
from hub.provider import Provider, Scheme
from hub.request import Request
from hub.secrets import texts
from hub.signatures import AllOf, Basic, Configured, Each, OneOf
from hub.signatures.keys import KeySet
from hub.signatures.signed import Signed
from hub.signatures.symmetric import HMAC
from hub.source import Source
from hub.times import parse_time

PREFIXES = ("v1,whsec_", "whsec_", "whpk_", "whsk_", "sha256=", "Bearer ", "base64:", "hex:")
COMMON = frozenset(
    [
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "content-type",
        "content-length",
        "connection",
        "date",
        "via",
        "forwarded",
        "cookie",
    ]
)
SHARED_NAMES = frozenset({"authorization", "x-signature", "signature", "x-api-key", "x-token", "x-webhook-signature"})
"""Headers of so many platforms that they tell none."""
MODES = ("livemode", "live_mode", "testmode", "test_mode", "is_test", "test", "sandbox", "environment", "mode")
MODE_WORDS = ("test", "live", "sandbox", "production", "development")
SLACK = timedelta(seconds=60)
"""Within this, two clocks agree."""
NUMBER = "~number~"
LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    "compact": {"separators": (",", ":")},
    "spaced": {"separators": (", ", ": ")},
    "indented by 2": {"indent": 2},
    "indented by 4": {"indent": 4},
    "indented by a tab": {"indent": "\t"},
    "pretty": {"indent": 2, "separators": (",", " : ")},
}
ESCAPES: Mapping[str, Callable[[str], str]] = {
    "": lambda text: text,
    " with `\\/` for slashes": lambda text: text.replace("/", "\\/"),
    " with `\\u003c` for `<`": lambda text: re.sub("[<>&]", lambda found: f"\\u{ord(found.group()):04x}", text),
    " with `\\u` in capitals": lambda text: re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m.group()[2:].upper(), text),
}


def secrets_of(source: Source) -> list[tuple[str, str]]:
    """(option, text) of every credential of a source."""
    found = []
    for name, option in source.provider.verify.options().items():
        if (option.secret or option.type is KeySet) and not option.development:
            found += [(name, text) for text in texts(source.options.get(name)) if text]
    return found


def leaves(scheme: Any, options: Mapping[str, Any]) -> list[Any]:
    """The schemes that a scheme is made of, as these options have it."""
    if isinstance(scheme, OneOf):
        named = scheme.modes.get(str(options.get("variant")))
        modes = [named] if named else [mode for mode in scheme.modes.values() if mode.configured(options)]
        return [leaf for mode in modes for leaf in leaves(mode, options)]
    if isinstance(scheme, AllOf):
        return [leaf for one in scheme.schemes for leaf in leaves(one, options)]
    if isinstance(scheme, Each):
        return leaves(scheme.scheme, options)
    if isinstance(scheme, Configured):
        return leaves(scheme.made(options), options)
    return [scheme]


def reshaped(scheme: Any, options: Mapping[str, Any], **changes: Any) -> Scheme:
    """The scheme with these attributes changed in every HMAC in it."""
    if isinstance(scheme, OneOf):
        return OneOf(**{name: reshaped(mode, options, **changes) for name, mode in scheme.modes.items()})
    if isinstance(scheme, AllOf):
        return AllOf(*(reshaped(one, options, **changes) for one in scheme.schemes))
    if isinstance(scheme, Each):
        return Each(scheme.split, reshaped(scheme.scheme, options, **changes))
    if isinstance(scheme, Configured):
        return reshaped(scheme.made(options), options, **changes)
    if isinstance(scheme, HMAC):
        scheme = copy.copy(scheme)
        vars(scheme).update(changes)
    return scheme  # type: ignore[no-any-return]  # a scheme of another kind is left as it is


def places(leaf: Any) -> list[Any]:
    """Where a scheme has its signature or token; the members of `first_of` one by one."""
    if isinstance(leaf, Basic):
        return [header("Authorization")]
    found = getattr(leaf, "places", None) or [getattr(leaf, "place", None) or getattr(leaf, "carried", None)]
    return _single(found)


def headers_of(leaf: Any) -> list[str]:
    """The headers that a scheme reads, the signature's first."""
    found = [*places(leaf), *_single(getattr(leaf, "outside", {}).values()), *_single(getattr(leaf, "require", {}))]
    return [place.name for place in found if isinstance(place, header)]


def _single(found: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for place in found:
        flat += _single(place.places) if isinstance(place, (first_of, join)) else [place]
    return [place for place in flat if hasattr(place, "put")]


def renamed(leaf: Any, request: Request) -> Iterator[tuple[str, str, Request]]:
    """(due name, found name, the request with it renamed) for headers that could be the missing ones."""
    due, own = headers_of(leaf), [place.name for place in places(leaf) if isinstance(place, header)]
    found = any(request.header(name) for name in own)
    absent = [name for name in due if request.header(name) is None and not (found and name in own)]
    known = {name.lower() for name in due} | COMMON
    free = [name for name in dict.fromkeys(key.decode("latin-1") for key, _ in request.headers) if name not in known]
    if not absent:
        return
    for candidate in get_close_matches(absent[0].lower(), free, 3, 0.6):
        moved = request.with_header(absent[0], request.header(candidate))
        tail = "-" + absent[0].lower().rpartition("-")[2]
        before, instead = absent[0].lower().removesuffix(tail), candidate.removesuffix(tail)
        for name in absent[1:]:
            twin = name.lower().replace(before, instead, 1)
            near = [twin] if twin in free else get_close_matches(name.lower(), free, 1, 0.6)
            if near and name not in own:
                moved = moved.with_header(name, request.header(near[0]))
        yield absent[0], candidate, moved


def decoded(token: str) -> Iterator[tuple[str, bytes]]:
    """(encoding, bytes) that a signature's text may be."""
    if re.fullmatch(r"([0-9a-f]{2})+", token, re.IGNORECASE):
        yield "upper-case hex" if token.upper() == token else "hex", bytes.fromhex(token)
    for kind, plain in (("base64", token), ("base64url", token.replace("-", "+").replace("_", "/"))):
        try:
            raw = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except ValueError:
            continue
        yield "base64" if kind == "base64" and token.endswith("=") else kind, raw
        if re.fullmatch(rb"([0-9a-f]{2})+", raw, re.IGNORECASE):
            yield f"{kind} of its hex", bytes.fromhex(raw.decode())


def from_base64(text: str) -> bytes:
    """A key in any base64, after its prefix."""
    plain = _bare(text).replace("-", "+").replace("_", "/").rstrip("=")
    return b64decode(plain + "=" * (-len(plain) % 4), validate=True)


KEYS: Mapping[str, Callable[[str], bytes]] = {
    "the secret's text as it is": lambda text: text.encode("utf-8", "surrogatepass"),
    "the secret's text after its prefix": lambda text: _bare(text).encode("utf-8", "surrogatepass"),
    "the secret decoded from base64": from_base64,
    "the secret decoded from hex": lambda text: bytes.fromhex(_bare(text)),
    "the secret's hex": lambda text: text.encode().hex().encode(),
}
"""Ways to make a key of a secret."""


def spellings(text: str) -> Iterator[tuple[str, str, str]]:
    """(what is wrong, hint, the secret in another spelling); the sentence begins with the option's name."""
    copied = "copy it again, and nothing but it"
    yield "has white space around it", copied, text.strip()
    yield "has quotes around it", "leave the quotes out: .env files and consoles keep some", text.strip().strip("'\"")
    yield "has the name of its variable in it", "configure what stands after `=`", re.sub(r"^\w+\s*=\s*", "", text)
    yield "has `\\n` where line breaks are due", "write real line breaks", text.replace("\\n", "\n")
    yield "lacks a line break at its end, which the platform's has", "set it anew at the platform", text + "\n"
    yield "lacks a space at its end, which the platform's has", "set it anew at the platform", text + " "
    for quote in "\"'":
        yield "lacks the quotes that the platform's has", "set it anew at the platform", f"{quote}{text}{quote}"
    for prefix in PREFIXES:
        if text.startswith(prefix):
            yield f"still has its prefix {prefix}", "configure what stands after it", text.removeprefix(prefix)
        else:
            yield f"lacks its prefix {prefix}", "configure it with its prefix", prefix + text
    yield "has something before its first `_` that is not part of it", copied, text.partition("_")[2]
    yield "is percent-encoded", "decode it", unquote(text)
    for case in (text.lower(), text.upper()):
        yield "is in other case than the platform's", copied, case
    encoded = {
        "hex": text.encode("utf-8", "replace").hex(),
        "base64": b64encode(text.encode("utf-8", "replace")).decode(),
    }
    for how, changed in encoded.items():
        yield f"is the decoded form: the platform's is its {how}", f"configure the {how} of it", changed
    for how, decode in (("hex", bytes.fromhex), ("base64", from_base64)):
        try:
            yield f"is the {how} of the platform's", f"configure what the {how} stands for", decode(text).decode()
        except ValueError:
            continue


def _bare(text: str) -> str:
    return next((text.removeprefix(prefix) for prefix in PREFIXES if text.startswith(prefix)), text)


def signs_url(leaf: Any) -> bool:
    """Could the URL be in what is signed?"""
    if not isinstance(leaf, Signed):
        return not hasattr(leaf, "value") or hasattr(leaf, "claims")
    names = [getattr(one, "names", {"url"}) for one in leaf.signed]
    return any(name in ("url", "path", "query") for group in names for name in group)


def addresses(request: Request, public: object) -> list[str]:
    """URLs by which the platform may know what the hub sees under another."""
    parts = urlsplit(request.url)
    given = [request.header(name) for name in ("x-forwarded-host", "x-original-host", "host")]
    forwarded = re.search(r'host="?([^;,"\s]+)', request.header("forwarded") or "", re.IGNORECASE)
    hosts = [parts.netloc, *(one.partition(",")[0].strip() for one in given if one)]
    hosts += [forwarded.group(1)] if forwarded else []
    hosts += [urlsplit(public).netloc] if isinstance(public, str) else []
    port = request.header("x-forwarded-port") or ""
    hosts += [f"{re.sub(':[0-9]+$', '', host)}:{port}" for host in hosts if port.isdigit()]
    whole = [request.header(name) for name in ("x-original-url", "x-original-uri", "x-forwarded-uri", "x-rewrite-url")]
    prefix = request.header("x-forwarded-prefix") or ""
    paths = [parts.path, *(urlsplit(one).path for one in whole if one), prefix + parts.path if prefix else parts.path]
    paths += [f"{path.rstrip('/')}/" for path in paths] + [path.rstrip("/") for path in paths]
    found = [public] if isinstance(public, str) else []
    for query in dict.fromkeys((parts.query, "", unquote(parts.query))):
        for path in dict.fromkeys((*paths, unquote(parts.path))):
            for host in dict.fromkeys(hosts):
                bare = re.sub(r":\d+$", "", host)
                for scheme, number in (("https", 443), ("http", 80)):
                    named = dict.fromkeys((host, bare, f"{bare}:{number}", bare.lower()))
                    found += [urlunsplit((scheme, one, path, query, "")) for one in named]
    return [url for url in dict.fromkeys(found) if url != request.url]


def json_forms(body: bytes) -> Iterator[tuple[str, bytes]]:
    """(label, bytes) of the body's JSON as other libraries write it; numbers keep their digits."""
    marked = f'"{NUMBER}'
    try:
        value = json.loads(body, parse_float=lambda digits: f"{NUMBER}{digits}{NUMBER}")
    except (ValueError, RecursionError):
        return
    if not isinstance(value, (dict, list)) or NUMBER.encode() in body:
        return
    seen = {body}
    for ascii_only, escapes in ((False, ""), (True, " with `\\u` escapes")):
        for keys, sort in (("", False), (" with its keys sorted", True)):
            for layout, options in LAYOUTS.items():
                text = json.dumps(value, ensure_ascii=ascii_only, sort_keys=sort, **options)
                text = text.replace(marked, "").replace(f'{NUMBER}"', "")
                for escape, change in ESCAPES.items():
                    label = f"{layout} JSON{keys}{escapes}{escape}"
                    for end, more in (("", ""), ("\n", " and a line break at its end")):
                        changed = (change(text) + end).encode("utf-8", "surrogatepass")
                        if changed not in seen:
                            seen.add(changed)
                            yield label + more, changed


def looks_like(request: Request, own: Provider, used: list[Any], platforms: Iterable[Provider]) -> list[str]:
    """The titles of other platforms whose signature header is in the request, the likeliest only.

    used: the schemes of the source. A header that resembles a missing one of its own takes more than that header.
    """
    mine = {name.lower() for leaf in used + _all_leaves(own.verify) for name in headers_of(leaf)}
    if any(request.header(name) for name in mine):
        return []
    alike = any(True for leaf in used for _ in renamed(leaf, request))
    least = max(_score(request, own, mine), 1 if alike else 0)
    scores: dict[str, int] = {}
    for platform in platforms:
        schemes = _all_leaves(platform.verify)
        read = {name.lower() for leaf in schemes for name in headers_of(leaf)}
        signed = {one.name.lower() for leaf in schemes for one in places(leaf) if isinstance(one, header)}
        if platform.name == own.name or read & mine:
            continue
        if any(request.header(name) for name in signed - SHARED_NAMES):
            scores[platform.title] = _score(request, platform, read)
    best = max(scores.values(), default=0)
    return sorted(title for title, score in scores.items() if score == best > least)


def _score(request: Request, platform: Provider, read: set[str]) -> int:
    """How many of a platform's headers the request has; its name in the User-Agent is worth two."""
    slots = _single(slot for _, slot in platform.slots())
    read = read | {place.name.lower() for place in slots if isinstance(place, header)}
    agent = (request.header("user-agent") or "").lower()
    words = {platform.name.partition("-")[0], platform.title.partition(" ")[0].lower()}
    return sum(request.header(name) is not None for name in read) + 2 * any(word in agent for word in words)


def _all_leaves(scheme: Any) -> list[Any]:
    """The schemes of every mode, configured or not."""
    if isinstance(scheme, OneOf):
        return [leaf for mode in scheme.modes.values() for leaf in _all_leaves(mode)]
    if isinstance(scheme, AllOf):
        return [leaf for one in scheme.schemes for leaf in _all_leaves(one)]
    if isinstance(scheme, Each):
        return _all_leaves(scheme.scheme)
    return list(scheme.examples) if isinstance(scheme, Configured) else [scheme]


def clock(request: Request, refusal: Refused) -> tuple[str, str, str]:
    """Sentence, evidence and hint for a right signature whose time is not.

    Other clocks that wrote into the headers tell whose is wrong.
    """
    age = refusal.evidence.get("seconds")
    if not isinstance(age, (int, float)):
        return "the signature is right, but its time is out of range", refusal.text, "compare the clocks (NTP)"
    off, signed = _span(abs(age)), request.received - timedelta(seconds=age)
    proxy = _stamp(request, "x-request-start", "x-queue-start", "x-amzn-trace-id")
    if proxy is not None and abs(proxy - signed) < SLACK:
        text = f"this machine's clock is {off} {'ahead' if age > 0 else 'behind'}"
        return text, f"a proxy's header and the sender agree; {refusal.text}", "set this machine's clock (NTP)"
    hint = "compare this machine's clock (`date -u`) with another; if it is right, the sender's is not"
    if abs((age + 900) % 1800 - 900) < 60 and abs(age) > 900:
        hint += "; whole hours look like a local time that is taken for UTC"
    if age < 0:
        return f"the sender's clock is ahead of this machine's by {off}", refusal.text, hint
    sent = parse_time(request.header("date"))
    if sent is not None and abs(sent - signed) < SLACK:
        evidence = f"by its Date header it was sent when it was signed; {refusal.text}"
        return f"the sender's clock is behind this machine's by {off}", evidence, hint
    hint = (
        "sent again by hand, held back by a queue, or the clocks differ; `tolerance` allows more, and replays with it"
    )
    return f"it was delivered late: {off} after it was signed", refusal.text, hint


def _stamp(request: Request, *names: str) -> datetime | None:
    """The time that a proxy wrote into a header."""
    for name in names:
        text = request.header(name) or ""
        found = re.search(r"Root=1-([0-9a-f]{8})-", text)
        moment = parse_time(str(int(found.group(1), 16)) if found else text.removeprefix("t="))
        if moment is not None:
            return moment
    return None


def _span(seconds: float) -> str:
    if seconds >= 172_800:
        return f"{seconds:.0f} s ({seconds / 86_400:.0f} days)"
    return f"{seconds:.0f} s ({seconds / 3600:.1f} h)" if seconds >= 7200 else f"{seconds:.0f} s"


def mode(request: Request, before: str) -> str:
    """What the body says of test mode and live mode; "" if nothing."""
    try:
        value = request.json
    except Unreadable:
        return ""
    for name in MODES if isinstance(value, dict) else ():
        found = value.get(name)
        if isinstance(found, bool) or (isinstance(found, str) and found.lower() in MODE_WORDS):
            return f"{before}{name} = {str(found).lower()}"
    return ""


def shown(url: str) -> str:
    """Without the query, which may hold a signature."""
    base, mark, _ = url[:300].partition("?")
    return base + (mark and "?...")
