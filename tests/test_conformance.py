"""Every provider passes the conformance checks, without being asked."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from provider_kit import builtin

from hub.extract import body, first_of, form, header, items, query
from hub.loader import builtin_names
from hub.mount import sample_folders
from hub.provider import Provider, Reply
from hub.request import Request
from hub.samples import Sample, samples
from hub.signatures import HMAC, JWT, Custom, Each, Scheme, Unsigned
from hub.signatures.signed import Key
from hub.testing import Nonconforming, check_provider


@pytest.mark.parametrize("name", builtin_names("providers"))
def test_provider_conforms(name: str) -> None:
    check_provider(builtin(name))


@pytest.mark.parametrize("name", builtin_names("providers"))
def test_every_sample_is_of_a_provider(name: str) -> None:
    assert samples(name, sample_folders(None)), f"{name} has no sample"


def test_no_sample_is_of_nobody() -> None:
    (folder,) = sample_folders(None)
    assert {path.name for path in folder.iterdir()} == set(builtin_names("providers"))


def made(**slots: object) -> Provider:
    common: dict[str, object] = {"name": "github", "title": "X", "docs": "https://x.example", "type": lambda r: "push"}
    return Provider(**{**common, **slots})  # type: ignore[arg-type]  # slots by name


@pytest.mark.parametrize(
    ("slots", "says"),
    [
        ({"verify": HMAC("X-S"), "type": lambda r: r.json["nope"]}, "cannot be read"),
        ({"verify": HMAC("X-S"), "type": lambda r: None}, "no event type"),
        ({"verify": HMAC("X-S"), "id": lambda r: r.received.isoformat()}, "sent twice it is not one event"),
        ({"verify": HMAC("X-S"), "answer": lambda r: {}["x"]}, "its code broke"),
    ],
)
def test_a_bad_provider_is_found(slots: dict[str, object], says: str) -> None:
    with pytest.raises(Nonconforming, match=says):
        check_provider(made(**slots))


def test_a_scheme_that_accepts_everything_is_found() -> None:
    class Blind(HMAC):
        def check(self, key: object, message: bytes, signature: str) -> bool:
            return True

    with pytest.raises(Nonconforming, match="is accepted"):
        check_provider(made(verify=Blind("X-S")))


class FirstSecret(HMAC):
    def keys(self, options: Mapping[str, Any], *, signing: bool = False) -> list[Key]:
        return super().keys(options)[:1]


class Timeless(HMAC):
    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        return super().bind({**options, "tolerance": None})


class Open(HMAC):
    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        return super().bind(options) if self.keys(options) else lambda request: None


class Lazy(HMAC):
    def check(self, key: Key, message: bytes, signatures: Sequence[str]) -> bool:
        last = self.make(key, message)[-1]
        return super().check(key, message, [signature[:-1] + last for signature in signatures])


class Beginning(HMAC):
    def make(self, key: Key, message: bytes) -> str:
        return super().make(key, message[:200])


class Fixed(HMAC):
    def keys(self, options: Mapping[str, Any], *, signing: bool = False) -> list[Key]:
        return [Key(None, b"known to all")] if super().keys(options) else []


class Lenient(HMAC):
    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        check = super().bind(options)
        return lambda request: None if request.header("X-S") == "" else check(request)


class Caseless(HMAC):
    def check(self, key: Key, message: bytes, signatures: Sequence[str]) -> bool:
        return super().check(key, message, [signature.lower() for signature in signatures])


class Prefix(HMAC):
    def check(self, key: Key, message: bytes, signatures: Sequence[str]) -> bool:
        return any(signature.startswith(self.make(key, message)) for signature in signatures)


class Urlless(HMAC):
    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        check = super().bind(options)
        return lambda request: check(replace(request, url="https://hub.example.com/webhooks/github"))


class Methodless(HMAC):
    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        check = super().bind(options)
        return lambda request: check(replace(request, method="POST"))


class FirstItem(Each):
    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        check = self.scheme.bind(options)
        return lambda request: check(request.part(self.split(request)[0]))


class Trusting(JWT):
    def _check_signature(self, head: object, signed: bytes, signature: bytes, keys: list[Any]) -> None:
        return


TIMED = {"signed": "{timestamp}.{body}", "timestamp": header("X-T")}


@pytest.mark.parametrize(
    ("slots", "says"),
    [
        ({"verify": FirstSecret("X-S")}, "with a list of secrets"),
        ({"verify": Timeless("X-S", **TIMED)}, "a stale request is accepted, not stale"),
        ({"verify": Timeless("X-S", **TIMED, tolerance=10**9)}, "a stale request is accepted, not stale"),
        ({"verify": Open("X-S")}, "a source without credentials accepts a request"),
        ({"verify": Lazy("X-S")}, "character 63 of the header x-s changed to"),
        ({"verify": Beginning("X-S")}, "a body with byte"),
        ({"verify": Fixed("X-S")}, "a request signed with another secret is accepted"),
        ({"verify": Lenient("X-S")}, "the header x-s emptied is accepted"),
        ({"verify": Caseless("X-S")}, "of the header x-s changed to"),
        ({"verify": Prefix("X-S")}, "the header x-s made longer is accepted"),
        ({"verify": Urlless("X-S", "{hex}", "{url}{body}")}, "a request with a URL with character"),
        ({"verify": Methodless("X-S", "{hex}", "{method}{body}"), "methods": ("POST", "PUT")}, "another method"),
        ({"verify": Trusting("X-S", algorithms=("HS256",))}, "of the header x-s changed to"),
        ({"verify": Trusting("X-S", algorithms=("HS256",), claims={"b": "{body|sha256|hex}"})}, "x-s changed to"),
        ({"verify": HMAC("X-S", "{hex}", "{timestamp}", timestamp=header("X-T"))}, ""),
        ({"verify": HMAC("X-S"), "split": lambda r: []}, "its own signed request makes no event"),
        ({"verify": HMAC("X-S"), "handshake": lambda r: Reply(200, "hi", event=False)}, "none of its samples makes"),
        ({"verify": HMAC("X-S"), "answer": lambda r: Reply(200, "x", {"Content-Type": "text/html"})}, "text/html"),
        ({"verify": HMAC("X-S"), "answer": lambda r: Reply(200, "x", {"X-Y": "a\r\nb: c"})}, "has a line break"),
        ({"verify": HMAC("X-S"), "answer": lambda r: Reply(500)}, "it answered 500"),
        ({"verify": HMAC("X-S"), "data": lambda r: {1, 2}}, "an event cannot be written as JSON"),
        ({"verify": HMAC("X-S"), "id": lambda r: "None"}, "the delivery id is 'None'"),
    ],
)
def test_each_defect_is_found(slots: dict[str, object], says: str) -> None:
    if not says:
        check_provider(made(**slots))
        return
    with pytest.raises(Nonconforming, match=re.escape(says)):
        check_provider(made(**slots))


class Loose(HMAC):
    """Takes any other value of the fields `who` and `sig`."""

    def check(self, key: Key, message: bytes, signatures: Sequence[str]) -> bool:
        return True


BATCH = b'{"all": [{"t": "x", "who": "a"}, {"t": "y", "who": "b"}]}'
FORM = b"POST /\ncontent-type: application/x-www-form-urlencoded\n\nt=x&who=a&b=1"


@pytest.mark.parametrize(
    ("scheme", "content", "says"),
    [
        (HMAC(body("sig"), "{hex}", "{body:who}"), b'{"t": "x", "who": "a"}', ""),
        (Loose(body("sig"), "{hex}", "{body:who}"), b'{"t": "x", "who": "a"}', "of the body value sig changed"),
        (Each(items("all[]"), HMAC(body("sig"), "{hex}", "{body:who}")), BATCH, ""),
        (FirstItem(items("all[]"), HMAC(body("sig"), "{hex}", "{body:who}")), BATCH, "changed to"),
        (HMAC(form("sig"), "{hex}", "{form:who}"), FORM, "the form value who twice is accepted"),
        (Loose(form("sig"), "{hex}", "{form:who}"), FORM, "of the form value sig changed"),
        (HMAC("X-S", "{hex}", "{params}"), FORM, ""),
        (HMAC(query("sig"), "{hex}", "{body}"), BATCH, ""),
        (Loose(query("sig"), "{hex}", "{body}"), BATCH, "of the query value sig changed"),
        (Custom(lambda request: None, covers="none").signer(lambda r: body("sig").put(r, "ok")), BATCH, "the unsigned"),
    ],
)
def test_proofs_are_changed_wherever_they_stand(tmp_path: Path, scheme: Scheme, content: bytes, says: str) -> None:
    path = tmp_path / ("it.http" if content.startswith(b"POST") else "it.json")
    path.write_bytes(content)
    kind = first_of(body("t"), body("all.0.t"), form("t"))
    provider = made(verify=scheme, type=kind)
    if not says:
        check_provider(provider, found=[Sample("github", "it", path)])
        return
    with pytest.raises(Nonconforming, match=says):
        check_provider(provider, found=[Sample("github", "it", path)])


def test_what_may_be_said_in_other_words_makes_the_same_events(tmp_path: Path) -> None:
    """Of several signatures in a header one is enough, but what stands beside it is no event."""
    path = tmp_path / "it.json"
    path.write_bytes(b'{"t": "x"}')
    scheme = HMAC("X-S", "v1={hex}")
    check_provider(made(verify=scheme, type=body("t")), found=[Sample("github", "it", path)])
    with pytest.raises(Nonconforming, match="the header x-s twice is accepted"):
        check_provider(made(verify=scheme, type=header("X-S")), found=[Sample("github", "it", path)])


def test_a_provider_without_samples_fails() -> None:
    with pytest.raises(Nonconforming, match="there is no sample"):
        check_provider(made(verify=Unsigned(), name="nobody-knows"))
