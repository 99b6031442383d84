"""`hub rejected`: after a secret is corrected, what was refused is verified as of when it came, and let in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_kit import command, fill, hub_folder
from provider_kit import builtin

from hub.event import new_id
from hub.log.base import Log, Rejection
from hub.request import Request

Capsys = pytest.CaptureFixture[str]
RIGHT, WRONG = "whsec_the-right-secret", "whsec_of-a-stranger"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    config = f'[providers.stripe]\nsecret = "{RIGHT}"\n[providers.typeform]\nsecret = "{RIGHT}"\n'
    yield from hub_folder(tmp_path, monkeypatch, config)


def refused(source: str, secret: str, ago: timedelta, *, late: timedelta = timedelta()) -> Rejection:
    """What the platform sent while the hub had another secret. late: how old it was when it came."""
    at = datetime.now(UTC) - ago
    body = b'{"id":"%s","type":"invoice.paid","event_type":"form_response"}' % new_id().encode()
    request = Request.make("POST", f"http://h/webhooks/{source}", {"content-type": "application/json"}, body, at - late)
    signed = builtin(source).verify.sign(request, {"secret": secret})
    return Rejection(
        id=new_id(),
        source=source,
        at=at,
        stage="verify",
        reason="mismatch",
        detail="the signature does not match",
        request=replace(signed, received=at),
    )


def keep(folder: Path, *rejections: Rejection) -> None:
    async def work(log: Log) -> None:
        for one in rejections:
            await log.reject(one)

    fill(folder, work)


def test_the_good_ones_are_let_in_and_the_others_say_why_not(folder: Path, capsys: Capsys) -> None:
    half_an_hour = timedelta(minutes=30)
    good = refused("stripe", RIGHT, half_an_hour)
    stale = refused("stripe", RIGHT, half_an_hour, late=timedelta(minutes=20))
    forged = refused("stripe", WRONG, half_an_hour)
    older = refused("stripe", RIGHT, timedelta(hours=2))
    other = refused("typeform", RIGHT, half_an_hour)
    keep(folder, good, stale, forged, older, other)

    done = command(capsys, "rejected", "accept", "--source", "stripe", "--since", "1h")

    assert done.code == 1  # not all of them
    lines = {line.split()[1]: line for line in done.out.splitlines()}
    assert lines.keys() == {good.id, stale.id, forged.id}
    assert lines[good.id].startswith("accepted")
    assert lines[stale.id].startswith("refused") and re.search("120[01] s old", lines[stale.id])
    assert lines[forged.id].startswith("refused") and "is not that of this request" in lines[forged.id]
    assert RIGHT not in done.out
    (event,) = command(capsys, "events", "--json").rows
    assert (event["source"], event["type"]) == ("stripe", "stripe.invoice.paid")
    assert event["id"] in lines[good.id]
    assert abs(datetime.fromisoformat(event["receivedat"]) - good.at) < timedelta(milliseconds=2)
    still_open = {row["id"] for row in command(capsys, "rejected", "--json").rows}
    assert still_open == {stale.id, forged.id, older.id, other.id}

    done = command(capsys, "rejected", "accept", "--source", "typeform")
    assert (done.code, done.out.split()[:2]) == (0, ["accepted", other.id])
    assert command(capsys, "rejected", "accept", good.id[:13]).code != 0


def test_why_and_what_would_become_of_it_today(folder: Path, capsys: Capsys) -> None:
    good, forged = refused("typeform", RIGHT, timedelta(hours=3)), refused("typeform", WRONG, timedelta(hours=3))
    keep(folder, good, forged)
    done = command(capsys, "rejected", "explain", good.id)
    assert f"today it is good: hub rejected accept {good.id}" in done.out
    done = command(capsys, "rejected", "explain", forged.id)
    assert "today it is still refused: mismatch" in done.out
    assert "likely cause: it is signed with a secret that is not configured in [providers.typeform]" in done.out


def test_they_are_listed_and_dropped(folder: Path, capsys: Capsys) -> None:
    old, new = refused("typeform", WRONG, timedelta(days=2)), refused("stripe", WRONG, timedelta(minutes=1))
    keep(folder, old, new)
    assert [row["id"] for row in command(capsys, "rejected", "list", "--json").rows] == [old.id, new.id]
    assert [row["id"] for row in command(capsys, "rejected", "--json", "--since", "1d").rows] == [new.id]
    done = command(capsys, "rejected", "drop", "--until", "1d")
    assert (done.code, done.out) == (0, "1 rejection dropped\n")
    assert [row["id"] for row in command(capsys, "rejected", "--json").rows] == [new.id]
    assert command(capsys, "rejected", "--state", "dropped", "--json").rows[0]["id"] == old.id


def test_nothing_refused(folder: Path, capsys: Capsys) -> None:
    keep(folder)
    done = command(capsys, "rejected", "accept", "--all")
    assert (done.code, done.err) == (1, "no such rejection is open\n")
    assert "nothing was refused" in command(capsys, "rejected").err
