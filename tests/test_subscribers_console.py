"""The console subscriber: a line an event, and nothing in it is obeyed."""

import re
from dataclasses import replace

from subscriber_kit import EVENT, running

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


async def printed(capsys, folder, *events, **options):
    async with running("console", folder, **options) as console:
        await console.deliver_batch(events)
    return capsys.readouterr().out


async def test_an_event_is_a_line(capsys, tmp_path):
    other = replace(EVENT, id="2", subject=None, type="github." + "long" * 200)
    first, second, *rest = (await printed(capsys, tmp_path, EVENT, other)).split("\n")
    assert re.fullmatch(rf"\d\d:\d\d:\d\dZ  github  github\.push  octo/repo  {EVENT.id}", first)
    assert second.endswith("…  2")
    assert len(second) < 260
    assert rest == [""]


async def test_colours_are_for_terminals_and_can_be_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert COLOUR.search(await printed(capsys, tmp_path, EVENT))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in await printed(capsys, tmp_path, EVENT)
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b" not in await printed(capsys, tmp_path, EVENT)


async def test_text_from_outside_is_shown_and_never_obeyed(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    nasty = "\x1b[2J\x9b31m[red]x[/red] :smile:\r\n\u202e\ud83d\0"
    event = replace(EVENT, subject=nasty, data={"text": nasty})
    out = await printed(capsys, tmp_path, event, data=True)
    assert r"\x1b[2J\x9b31m[red]x[/red] :smile:\r\n\u202e\ud83d\x00" in out
    assert out.count("\n") == 1
    assert set(re.findall(r"[^ -~\n]", COLOUR.sub("", out))) == set()


async def test_data_is_shown_on_request_and_bounded(capsys, tmp_path):
    assert "refs/heads" not in await printed(capsys, tmp_path, EVENT)
    assert '{"ref":"refs/heads/main"' in await printed(capsys, tmp_path, EVENT, data=True)
    assert len(await printed(capsys, tmp_path, replace(EVENT, data="x" * 10**6), data=True)) < 2200
