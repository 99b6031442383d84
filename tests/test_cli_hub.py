"""The commands that work with a running hub: a real process, real requests."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from api_kit import acme_folder
from cli_kit import command, environ, free_ports, wait_for

from hub.config import load_config

Capsys = pytest.CaptureFixture[str]
SUBSCRIBERS = """
[subscribers.lines]
plugin = "jsonl"
path = "data/lines.jsonl"

[subscribers.broken]
plugin = "broken"
events = ["acme.break"]
retry = { attempts = 1 }

[providers.off]
plugin = "acme"
secret = "x-secret"
enabled = false
"""
BROKEN = """
from dataclasses import dataclass
from hub import Event, Reject, Subscriber, hookimpl


@dataclass
class Broken(Subscriber):
    name = "broken"

    async def deliver(self, event: Event) -> None:
        raise Reject("it is broken")


@hookimpl
def register_subscribers():
    return [Broken]
"""
SAMPLES = {
    "paid": b'{"event":"paid","id":"1","subject":"order-1"}',
    "break": b'{"event":"break","id":"2"}',
}


@dataclass
class Process:
    """A hub in a process of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("hub")
    config = load_config(made(folder), {})
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "run"],
        cwd=folder,
        env=environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(config.server.port, process)
        yield Process(folder, config.server.port, process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def made(folder: Path) -> Path:
    """A folder with a provider that has two samples, and subscribers of which one is broken; its config."""
    file = acme_folder(folder, SUBSCRIBERS)
    (folder / "plugins" / "broken.py").write_text(BROKEN, encoding="utf-8")
    (folder / "plugins" / "samples" / "acme").mkdir(parents=True)
    for name, body in SAMPLES.items():
        (folder / "plugins" / "samples" / "acme" / f"{name}.json").write_bytes(body)
    return file


@pytest.fixture(autouse=True)
def inside(hub: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub.folder)
    monkeypatch.delenv("HUB_CONFIG", raising=False)


def until(capsys: Capsys, *arguments: str, has: str) -> dict[str, Any]:
    """The command's row with this id, once it is there: deliveries are made, and refusals kept, behind the answer."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for row in command(capsys, *arguments, "--json").rows:
            if row["id"] == has:
                return row
        time.sleep(0.02)
    raise AssertionError(f"{arguments} never had {has}")


def sent(capsys: Capsys, *arguments: str) -> str:
    """The id of an event that was sent."""
    answer = command(capsys, "send", *arguments).out
    return str(json.loads(answer[answer.index("{") :])["id"])


def refused(capsys: Capsys) -> str:
    """The id of a rejection."""
    return command(capsys, "send", "acme", "--bad-signature").out.split("hub rejected explain ")[1].strip()


def test_a_signed_request_is_accepted(capsys: Capsys) -> None:
    before = len(command(capsys, "events", "--json", "--type", "acme.paid").rows)
    done = command(capsys, "send", "acme", "paid")
    assert done.code == 0
    assert done.out.startswith("200  acme paid  ")
    assert '"status":"accepted"' in done.out
    rows = command(capsys, "events", "--json", "--type", "acme.paid").rows
    assert len(rows) == before + 1
    assert rows[-1]["id"] in done.out
    assert rows[-1]["deliveryid"] != "1"


def test_several_requests_are_several_events(capsys: Capsys) -> None:
    done = command(capsys, "send", "acme", "paid", "--count", "3")
    assert done.out.count('"status":"accepted"') == 3


def test_the_same_id_is_a_duplicate(capsys: Capsys) -> None:
    command(capsys, "send", "acme", "paid", "--same-id")
    assert '"status":"duplicate"' in command(capsys, "send", "acme", "paid", "--same-id").out


def test_every_sample_of_a_source(capsys: Capsys) -> None:
    done = command(capsys, "send", "acme", "--all")
    assert done.code == 0
    lines = done.out.splitlines()
    assert [line.split()[:5] for line in lines[2:4]] == [
        ["acme", "break", "ok", "200", "accepted"],
        ["acme", "paid", "ok", "200", "accepted"],
    ]
    assert lines[-1] == "2 requests to 1 source: all as they should be"


def test_every_sample_of_every_source(capsys: Capsys) -> None:
    done = command(capsys, "send", "--all", "--json")
    assert done.code == 0
    found = {(row["name"], row["event"], row["status"], row["right"]) for row in done.rows}
    assert found == {(name, event, 200, True) for name in ("acme", "open") for event in ("break", "paid")}
    done = command(capsys, "send", "--all", "--bad-signature")
    assert (done.code, "open" in done.out, done.out.count("403")) == (0, False, 2)


def test_what_is_not_as_it_should_be_is_a_failure(hub: Process, capsys: Capsys, tmp_path: Path) -> None:
    text = (hub.folder / "config.toml").read_text(encoding="utf-8").replace("a-secret-of-the-tests", "another")
    other = tmp_path / "config.toml"
    other.write_text(text, encoding="utf-8")
    shutil.copytree(hub.folder / "plugins", tmp_path / "plugins")
    done = command(capsys, "send", "--all", "--config", str(other))
    assert done.code == 1
    assert "The signature does not match" in done.out
    assert done.out.endswith("4 requests to 2 sources: 2 not as they should be\n")


def test_what_cannot_be_signed_for_is_told_in_the_table(hub: Process, capsys: Capsys, tmp_path: Path) -> None:
    server = f"[server]\nport = {hub.port}\n"
    (tmp_path / "config.toml").write_text(f"{server}[providers.asana]\n[providers.fal]\n", encoding="utf-8")
    done = command(capsys, "send", "--all", "--json", "--config", str(tmp_path / "config.toml"))
    texts = {row["name"]: row["answer"] for row in done.rows}
    assert done.code == 1
    assert "a handshake brings it" in texts["asana"]
    assert 'jwks = { env = "FAL_JWKS" }' in texts["fal"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "to which source?"),
        (["--all", "--url", "http://127.0.0.1:1/x"], "--url are for one source"),
        (["acme", "paid", "--all"], "either the sample 'paid' or --all"),
    ],
)
def test_what_send_does_not_understand(capsys: Capsys, arguments: list[str], says: str) -> None:
    done = command(capsys, "send", *arguments)
    assert (done.code, says in done.err) == (2, True), done.err


def test_a_source_that_is_newer_than_the_hub(hub: Process, capsys: Capsys, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(f'[server]\nport = {hub.port}\n[providers.github]\nsecret = "s"\n')
    done = command(capsys, "send", "github", "--bad-signature", "--config", str(tmp_path / "c.toml"))
    assert (done.code, "does not know [providers.github]: restart it" in done.out) == (1, True)


def test_a_body_of_ones_own(capsys: Capsys, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_bytes(b'{"event":"own","subject":"mine"}')
    assert command(capsys, "send", "acme", "--body", str(file)).code == 0
    assert command(capsys, "events", "--json", "--type", "acme.own").rows[-1]["subject"] == "mine"
    assert "cannot be read" in command(capsys, "send", "acme", "--body", str(tmp_path / "none")).err


def test_a_bad_signature_is_refused_and_explained(capsys: Capsys) -> None:
    done = command(capsys, "send", "acme", "--bad-signature")
    assert done.code == 0
    assert done.out.startswith("403  acme")
    assert "refused, as a wrong signature must be" in done.out
    (row,) = command(capsys, "rejected", "--json", "--limit", "1").rows
    assert row["reason"] == "mismatch"
    assert f"for you: mismatch: {row['detail']}" in done.out
    assert row["id"] in done.out


def test_a_bad_signature_for_a_source_without_any(capsys: Capsys) -> None:
    done = command(capsys, "send", "open", "--bad-signature")
    assert done.code == 2
    assert "takes unsigned requests" in done.err


def test_a_refusal_is_a_failure(capsys: Capsys) -> None:
    done = command(capsys, "send", "off", "paid")
    assert done.code == 1
    assert done.out.startswith("503  off paid")


def test_a_wrong_source_or_sample(capsys: Capsys) -> None:
    done = command(capsys, "send", "acmee")
    assert (done.code, "did you mean 'acme'?" in done.err) == (2, True)
    done = command(capsys, "send", "acme", "nope")
    assert (done.code, "it has break, paid" in done.err) == (2, True)


def test_curl_sends_what_send_does(capsys: Capsys) -> None:
    import shlex

    printed = command(capsys, "send", "acme", "paid", "--print").out
    words = shlex.split(printed)
    assert words[:4] == ["curl", "-i", "-X", "POST"]
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    body = words[words.index("--data-binary") + 1]
    address, path = words[4].removeprefix("http://").split("/", 1)
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.request("POST", f"/{path}", body.encode(), headers)
    answer = connection.getresponse()
    assert answer.status == 200
    assert b"accepted" in answer.read()
    connection.close()


def test_a_dead_letter_is_retried_and_dropped_by_the_running_hub(capsys: Capsys) -> None:
    wanted = sent(capsys, "acme", "break")
    found = until(capsys, "dead", has=wanted)
    assert (found["subscription"], found["reason"]) == ("broken", "it is broken")
    details = command(capsys, "events", "show", wanted, "--json").rows[0]
    states = {row["subscription"]: row["status"] for row in details["deliveries"]}
    assert states["broken"] == "dead"
    done = command(capsys, "dead", "retry", wanted)
    assert (done.code, done.out) == (0, "1 dead letter due again\n")
    until(capsys, "dead", has=wanted)
    assert len(command(capsys, "events", "show", wanted, "--json").rows[0]["attempts"]) == 2
    assert command(capsys, "dead", "drop", wanted).out == "1 dead letter dropped\n"
    assert wanted not in [row["id"] for row in command(capsys, "dead", "--json").rows]
    assert command(capsys, "dead", "drop", wanted).code == 1


def test_a_filtered_event_says_why(capsys: Capsys) -> None:
    wanted = sent(capsys, "acme", "paid")
    deadline = time.monotonic() + 10
    states: dict[str, Any] = {}
    while time.monotonic() < deadline:
        details = command(capsys, "events", "show", wanted, "--json").rows[0]
        states = {one["subscription"]: one for one in details["deliveries"]}
        if states["broken"]["status"] == "filtered" and states["lines"]["status"] == "delivered":
            break
        time.sleep(0.02)
    assert states["lines"]["status"] == "delivered"
    assert "matches none of acme.break" in states["broken"]["why"]


def test_a_replay_delivers_again(hub: Process, capsys: Capsys) -> None:
    wanted = sent(capsys, "acme", "paid")
    done = command(capsys, "replay", wanted, "--dry-run", "--to", "lines")
    assert (done.code, done.out) == (0, "1 event would be delivered again to lines\n")
    assert "to which subscription" in command(capsys, "replay", wanted).err
    done = command(capsys, "replay", wanted, "--to", "lines")
    assert done.code == 0
    deadline = time.monotonic() + 10
    lines = ""
    while time.monotonic() < deadline and lines.count(wanted) < 2:
        file = hub.folder / "data" / "lines.jsonl"
        lines = file.read_text(encoding="utf-8") if file.exists() else ""
        time.sleep(0.02)
    assert lines.count(wanted) == 2
    jobs = command(capsys, "replay", "--list", "--json").rows
    assert jobs[-1]["subscription"] == "lines"


def test_nothing_is_changed_without_being_chosen(capsys: Capsys) -> None:
    for arguments in (["dead", "retry"], ["dead", "drop"], ["replay"], ["rejected", "accept"], ["rejected", "drop"]):
        done = command(capsys, *arguments)
        assert done.code == 2
        assert "--all" in done.err


def test_a_rejection_is_explained_and_dropped(capsys: Capsys) -> None:
    wanted = refused(capsys)
    done = command(capsys, "rejected", "explain", wanted)
    assert done.code == 0
    assert "today it is still refused: mismatch" in done.out
    assert "a-secret-of-the-tests" not in done.out
    done = command(capsys, "rejected", "accept", wanted)
    assert done.code == 1
    assert done.out.startswith(f"refused   {wanted}")
    assert command(capsys, "rejected", "drop", wanted).out == "1 rejection dropped\n"
    assert wanted not in [one["id"] for one in command(capsys, "rejected", "--json").rows]


def test_the_doctor_finds_the_running_hub(capsys: Capsys) -> None:
    rows = {row["name"]: row for row in command(capsys, "doctor", "--json").rows}
    assert rows["hub"]["text"].startswith("it runs at http://127.0.0.1:")
    assert rows["config"]["state"] == "good"


def test_a_hub_with_another_config_is_not_changed(hub: Process, capsys: Capsys, tmp_path: Path) -> None:
    other = tmp_path / "config.toml"
    other.write_text((hub.folder / "config.toml").read_text(encoding="utf-8"), encoding="utf-8")
    shutil.copytree(hub.folder / "plugins", tmp_path / "plugins")
    done = command(capsys, "dead", "drop", "--all", "--config", str(other))
    assert done.code == 1
    assert "runs with another config" in done.err


def test_a_second_hub_does_not_start(hub: Process, capsys: Capsys) -> None:
    done = command(capsys, "run")
    assert done.code == 1
    assert f"port {hub.port} on 127.0.0.1 is in use" in done.err


def test_where_no_hub_runs_send_says_so_and_changes_are_made_directly(
    capsys: Capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = command(capsys, "send", "acme", "paid")
    assert done.code == 1
    assert "the hub does not run at http://127.0.0.1:" in done.err and "start it with `hub run`" in done.err
    done = command(capsys, "dead", "drop", "--all")
    assert (done.code, done.out) == (1, "0 dead letters dropped\n")


def test_the_log_of_a_hub_whose_console_is_elsewhere_is_left_alone(
    hub: Process, capsys: Capsys, tmp_path: Path
) -> None:
    text = (hub.folder / "config.toml").read_text(encoding="utf-8")
    other = hub.folder / "other.toml"
    (port,) = free_ports(1)
    console = text.split("[console]\nport = ")[1].split("\n")[0]
    other.write_text(text.replace(console, str(port)), encoding="utf-8")
    done = command(capsys, "dead", "drop", "--all", "--config", str(other))
    assert done.code == 1
    assert f"is in use by process {hub.process.pid}" in done.err


def test_ctrl_c_ends_a_command_quietly(capsys: Capsys) -> None:
    command(capsys, "send", "acme", "paid")
    tail = subprocess.Popen(
        [sys.executable, "-m", "hub", "events", "tail", "--limit", "1"],
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert tail.stdout is not None
        assert "acme.paid" in tail.stdout.readline()
        os.kill(tail.pid, signal.SIGINT)
        assert "Traceback" not in tail.communicate(timeout=10)[1]
    finally:
        tail.kill()
        tail.communicate()
