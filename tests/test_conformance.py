"""Every provider passes the conformance checks, without being asked."""

import pytest

from hub.loader import builtin_names, load_plugins
from hub.mount import sample_folders
from hub.provider import Provider
from hub.samples import samples
from hub.signatures import HMAC, Unsigned
from hub.testing import Nonconforming, check_provider


@pytest.mark.parametrize("name", builtin_names("providers"))
def test_provider_conforms(name: str) -> None:
    check_provider(load_plugins(None).provider(name))


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


def test_a_provider_without_samples_fails() -> None:
    with pytest.raises(Nonconforming, match="there is no sample"):
        check_provider(made(verify=Unsigned(), name="nobody-knows"))
