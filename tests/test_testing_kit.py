"""The testing kit as plugin authors use it: `receive`, and the `hub` fixture with a whole hub behind it."""

import hashlib
import hmac
import subprocess
import sys
from pathlib import Path
from typing import Any

from hub import Fetch, Provider, Request, body
from hub.errors import KeyNeeded
from hub.signatures import Custom
from hub.testing import receive

ACME = """
from hub import Provider, body, header, hookimpl
from hub.signatures import HMAC

acme = Provider(
    name="acme", title="Acme", docs="https://acme.example", verify=HMAC("X-Acme-Signature", "{hex}", "{url}{body}"),
    type=body("event"), id=body("id"),
)

@hookimpl
def register_providers():
    return [acme]
"""
KEEP = """
from hub import Event, on

@on("acme.*")
async def keep(event: Event) -> None:
    with open(__file__ + ".seen", "a") as seen:
        print(event.deliveryid, file=seen)
"""
CONFIG = """
[server]
log = "quiet"
[providers.acme]
secret = "key"
public_url = "http://hub.test/webhooks/acme"
"""


def needing(request: Request) -> None:
    raise KeyNeeded(Fetch("https://keys.example/jwks", ("keys.example",)))


async def test_a_key_that_would_be_fetched_is_a_503() -> None:
    provider = Provider(
        name="far", title="F", docs="https://f.example", verify=Custom(needing, needs=()), type=body("t")
    )
    outcome = await receive(provider, {}, body=b'{"t": "x"}')
    assert (outcome.accepted, outcome.status) == (False, 503)
    assert "retry-after" in outcome.headers and b"keys.example" not in outcome.body


async def test_verify_false_takes_what_is_not_signed() -> None:
    body_ = b'{"event_type": "form_response", "event_id": "1"}'
    assert (await receive("typeform", {"secret": "s"}, body=body_)).status == 403
    assert (await receive("typeform", {"verify": False}, body=body_)).status == 200
    assert (await receive("typeform", {}, body=body_)).reason == "unconfigured"


async def test_a_wrong_method_is_said() -> None:
    outcome = await receive("typeform", {"secret": "s"}, method="PUT")
    assert (outcome.status, outcome.headers["allow"]) == (405, "POST")


async def test_what_cannot_be_read_is_accepted_without_events() -> None:
    outcome = await receive("typeform", {"verify": False}, body=b"no JSON")
    assert (outcome.accepted, outcome.status, outcome.reason, outcome.events) == (True, 200, "unreadable", ())


async def test_a_local_provider_by_name_and_the_url_that_it_signs(tmp_path: Path) -> None:
    (tmp_path / "acme.py").write_text(ACME)
    url, content = "https://h.example/webhooks/acme?a=1", b'{"event": "paid", "id": 7}'
    signed = hmac.new(b"key", url.encode() + content, hashlib.sha256).hexdigest()
    headers = {"X-Acme-Signature": signed}
    for where, status in ((url, 200), ("https://h.example/webhooks/acme", 403)):
        outcome = await receive("acme", {"secret": "key"}, url=where, headers=headers, body=content, plugins=tmp_path)
        assert outcome.status == status


async def test_a_whole_hub_in_a_fixture(hub: Any, tmp_path: Path) -> None:
    sample = tmp_path / "plugins" / "samples" / "acme" / "paid.json"
    sample.parent.mkdir(parents=True)
    sample.write_text('{"event": "paid", "id": "acme_1"}')
    async with hub(CONFIG, plugins={"acme.py": ACME, "mine.py": KEEP}) as running:
        assert (await running.post("acme", b'{"event": "paid"}')).status_code == 403
        first = await running.send("acme", same_id=True)
        assert (first.status_code, first.json()["status"]) == (200, "accepted")
        again = await running.send("acme", same_id=True)
        assert again.json() == {"status": "duplicate", "id": first.json()["id"]}
        assert (await running.send("acme", "paid")).json()["status"] == "accepted"
        await running.settled()
        one, other = await running.events()
        assert (one.event.deliveryid, one.event.type) == ("acme_1", "acme.paid")
    seen = (tmp_path / "plugins" / "mine.py.seen").read_text().split()
    assert seen == ["acme_1", other.event.deliveryid]


def test_the_kit_needs_no_pytest_and_its_fixtures_cost_nothing() -> None:
    """pytest imports the fixtures in every run where the hub is installed."""
    lines = "import sys; sys.modules['pytest'] = None; import hub.testing; hub.testing.receive; hub.testing.running"
    subprocess.run([sys.executable, "-c", lines], check=True)
    lines = "import sys, hub.testing.fixtures; assert not {'pydantic', 'httpx2', 'jwt'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", lines], check=True)
