"""`hub events`: listing, showing and following what arrived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from cli_kit import append, command, environ, event, fill, hub_folder

from hub.log.base import Log, Settled, SubscriptionSpec

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from hub_folder(tmp_path, monkeypatch)


def test_events_are_listed_newest_last(folder: Path, capsys: Capsys) -> None:
    events = [event(number) for number in range(1, 6)]
    fill(folder, lambda log: append(log, events))
    done = command(capsys, "events", "--limit", "3", "--json")
    assert done.rows == [one.cloudevent() for one in events[2:]]
    assert done.code == 0


def test_more_than_a_page_is_listed(folder: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.cli.reading.PAGE", 2)
    fill(folder, lambda log: append(log, [event(number) for number in range(1, 8)]))
    rows = command(capsys, "events", "list", "--json", "--limit", "5").rows
    assert [row["data"]["number"] for row in rows] == [3, 4, 5, 6, 7]


def test_events_are_selected(folder: Path, capsys: Capsys) -> None:
    several = [
        event(1),
        event(2, type="github.issues.opened", subject="42"),
        event(3, source="eu", type="stripe.invoice.paid"),
    ]
    fill(folder, lambda log: append(log, several))

    def numbers(*options: str) -> list[int]:
        return [row["data"]["number"] for row in command(capsys, "events", "--json", *options).rows]

    assert numbers("--type", "github.*") == [1, 2]
    assert numbers("--type", "github.push", "--type", "stripe.*") == [1, 3]
    assert numbers("--source", "eu") == [3]
    assert numbers("--subject", "42") == [2]
    assert numbers("--since", "2026-05-01T12:02:00Z") == [2, 3]
    assert numbers("--until", "2026-05-01T12:02:00Z") == [1]
    assert numbers("--id", "delivery-2", "--id", several[0].id) == [1, 2]
    assert numbers("--since", "1s") == []


def test_a_table_shows_what_strangers_sent_and_obeys_none_of_it(folder: Path, capsys: Capsys) -> None:
    odd = event(1, subject="[red]x\x1b[31m\x9b1m\u202egnp", type="github.[bold]\n")
    fill(folder, lambda log: append(log, [odd]))
    done = command(capsys, "events")
    assert "[red]x\\x1b[31m\\x9b1m\\u202egnp" in done.out
    assert "github.[bold]\\n" in done.out
    assert odd.id in done.out
    assert not {"\x1b", "\x9b", "\u202e"} & set(done.out)


def test_a_shown_event_obeys_nothing_either(folder: Path, capsys: Capsys) -> None:
    odd = event(1, subject="\x1b[31mx", data={"\x9b2J": "\u202enp\x7f"}, deliveryid="a\x07")
    fill(folder, lambda log: append(log, [odd]))
    done = command(capsys, "events", "show", odd.id)
    assert "\\x1b[31mx" in done.out and "a\\x07" in done.out
    assert not {"\x1b", "\x9b", "\u202e", "\x7f", "\x07"} & set(done.out)


def test_json_holds_no_control_characters_and_stays_the_same_data(folder: Path, capsys: Capsys) -> None:
    data = {"a\x1b[2J": "\x9b\x00\u202e\ud800\n"}
    fill(folder, lambda log: append(log, [event(1, data=data)]))
    done = command(capsys, "events", "--json")
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 or sign == "\u202e" for sign in done.out.rstrip("\n"))
    assert done.rows[0]["data"] == data


def test_there_is_no_event_yet(folder: Path, capsys: Capsys) -> None:
    done = command(capsys, "events")
    assert (done.code, done.out) == (1, "")
    assert "there is no log at" in done.err and "hub run" in done.err

    async def nothing(log: Log) -> None: ...

    fill(folder, nothing)
    assert "no event yet: `hub send <source>` sends one" in command(capsys, "events").err
    assert command(capsys, "events", "--json").out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "soon"], "'soon' is no time: write 30m"),
        (["--limit", "0"], "'--limit': Input should be greater than or equal to 1"),
        (["--nope"], "--nope"),
        (["shwo", "x"], "No such command 'shwo'. Did you mean 'show'?"),
        (["show"], "Missing argument 'ID'"),
    ],
)
def test_wrong_use_is_code_2(folder: Path, capsys: Capsys, arguments: list[str], said: str) -> None:
    done = command(capsys, "events", *arguments)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_missing_config_says_what_to_do(folder: Path, capsys: Capsys) -> None:
    done = command(capsys, "events", "--config", "nowhere/config.toml")
    assert done.code == 2
    assert "there is no such file; `hub init` writes one" in done.err


def test_a_secret_of_a_source_need_not_be_set_to_read(folder: Path, capsys: Capsys) -> None:
    with (folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[providers.github]\nsecret = { env = "NOT_SET_ANYWHERE" }\n')
    fill(folder, lambda log: append(log, [event(1)]))
    assert len(command(capsys, "events", "--json").rows) == 1


def test_the_config_may_be_named_by_the_environment(
    folder: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fill(folder, lambda log: append(log, [event(1)]))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("HUB_CONFIG", str(folder / "config.toml"))
    assert len(command(capsys, "events", "--json").rows) == 1


def test_an_event_is_shown_by_the_start_of_its_id(folder: Path, capsys: Capsys) -> None:
    events = [event(1), event(2)]
    fill(folder, lambda log: append(log, events))
    for wanted in (events[1].id, events[1].id[:13], events[1].id[:20].upper(), "delivery-2"):
        done = command(capsys, "events", "show", wanted, "--json")
        assert done.rows[0]["event"] == events[1].cloudevent()
    assert f"id          {events[1].id}" in command(capsys, "events", "show", events[1].id).out


def test_the_start_of_several_ids_is_not_enough(folder: Path, capsys: Capsys) -> None:
    fill(folder, lambda log: append(log, [event(1), event(2), event(1, deliveryid="twin")]))
    for wanted in (event(1).id[:5], event(1).id[:13]):
        done = command(capsys, "events", "show", wanted)
        assert done.code == 2
        assert "several events have an id that is or begins with" in done.err


@pytest.mark.parametrize("wanted", ["0", "ffffffffffff", "zz", "", "019-", "\x1b[31m", "0" * 400])
def test_there_is_no_such_event(folder: Path, capsys: Capsys, wanted: str) -> None:
    fill(folder, lambda log: append(log, [event(1)]))
    done = command(capsys, "events", "show", wanted)
    if wanted == "0":
        assert done.code == 0
        return
    assert done.code == 2
    assert "there is no event" in done.err
    assert "\x1b" not in done.err


def test_what_became_of_an_event_is_told(folder: Path, capsys: Capsys) -> None:
    one = event(1, subject="main")

    async def deliver(log: Log) -> None:
        for name in ("store", "broken", "slow", "late"):
            await log.feed(SubscriptionSpec(name=name))
        await append(log, [one])
        later = datetime(2036, 1, 1, tzinfo=UTC)
        outcomes: list[tuple[str, Literal["delivered", "dead", "later"], datetime | None]] = [
            ("store", "delivered", None),
            ("broken", "dead", None),
            ("slow", "later", later),
        ]
        for name, kind, due in outcomes:
            feed = await log.feed(SubscriptionSpec(name=name))
            (delivery,) = await feed.take(1, 1)
            await feed.settle([Settled(delivery, kind, due=due, reason=f"because {kind}", took=0.5)])

    fill(folder, deliver)
    details = command(capsys, "events", "show", one.id, "--json").rows[0]
    found = {row["subscription"]: (row["status"], row["why"]) for row in details["deliveries"]}
    assert found == {
        "store": ("delivered", ""),
        "broken": ("dead", "because dead"),
        "slow": ("later", "because later"),
        "late": ("waiting", ""),
    }
    assert [(row["subscription"], row["outcome"]) for row in details["attempts"]] == [
        ("broken", "dead"),
        ("slow", "later"),
    ]
    shown = command(capsys, "events", "show", one.id).out
    assert "because dead" in shown and "2036-01-01 00:00:00Z" in shown and '"number": 1' in shown


def test_events_are_followed_across_restarts(folder: Path) -> None:
    fill(folder, lambda log: append(log, [event(1), event(2)]))
    tail = subprocess.Popen(
        [sys.executable, "-m", "hub", "events", "tail", "--json", "--limit", "1"],
        cwd=folder,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert tail.stdout is not None
        assert '"number":2' in tail.stdout.readline()
        for number in (3, 4):  # each time another process owns the log, as when the hub is restarted
            fill(folder, lambda log, number=number: append(log, [event(number)]))
            assert f'"number":{number}' in tail.stdout.readline()
        os.kill(tail.pid, signal.SIGINT)
        _, errors = tail.communicate(timeout=10)
        assert "Traceback" not in errors
        assert tail.returncode == 130
    finally:
        tail.kill()
        tail.communicate()
