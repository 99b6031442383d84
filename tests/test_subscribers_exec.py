"""The exec subscriber, with real processes."""

import asyncio
import json
import os
import sys
from dataclasses import replace

import pytest
import uvloop
from subscriber_kit import EVENT, running

from hub.errors import Reject, Retry


def python(code):
    return [sys.executable, "-c", code]


def shell(code):
    return ["/bin/sh", "-c", code]


async def gone(pid):
    for _ in range(500):
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        await asyncio.sleep(0.01)
    return False


async def until(path):
    for _ in range(500):
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        await asyncio.sleep(0.01)
    raise AssertionError(f"{path} was not written")


async def test_the_event_is_on_standard_input_and_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "s3cret")
    command = shell("cat > body.json; env > env.txt")
    async with running("exec", tmp_path, command=command, environment={"MORE": "yes"}) as run:
        await run.deliver(replace(EVENT, subject="a\0b\ud83d" + "x" * 10_000))
    body = json.loads((tmp_path / "body.json").read_text())
    assert body["id"] == EVENT.id
    assert body["data"] == EVENT.data
    env = dict(line.split("=", 1) for line in (tmp_path / "env.txt").read_text().splitlines())
    assert env["HUB_EVENT_ID"] == EVENT.id
    assert env["HUB_EVENT_TYPE"] == "github.push"
    assert env["HUB_EVENT_SOURCE"] == "github"
    assert env["HUB_EVENT_DELIVERYID"] == "72d3162e"
    assert env["HUB_EVENT_TIME"] == "2026-05-01T11:59:58Z"
    assert env["HUB_EVENT_SUBJECT"].startswith("ab?xxx")
    assert len(env["HUB_EVENT_SUBJECT"]) < 4100
    assert env["MORE"] == "yes"
    assert "PATH" in env
    assert "SOME_SECRET" not in env


async def test_arguments_are_never_seen_by_a_shell(tmp_path):
    async with running("exec", tmp_path, command=["/usr/bin/touch", "$(id); x"]) as run:
        await run.deliver(EVENT)
    assert (tmp_path / "$(id); x").exists()


async def test_exit_codes_decide(tmp_path):
    for code, error in ((1, Retry), (75, Retry), (65, Reject)):
        command = shell(f"echo 'no   such\nrow' >&2; exit {code}")
        async with running("exec", tmp_path, command=command) as run:
            with pytest.raises(error, match=rf"^/bin/sh: exit code {code}: no such row$"):
                await run.deliver(EVENT)
    async with running("exec", tmp_path, command=shell("exit 65"), reject_codes=[3]) as run:
        with pytest.raises(Retry, match=r"exit code 65$"):
            await run.deliver(EVENT)
    async with running("exec", tmp_path, command=shell("kill -9 $$")) as run:
        with pytest.raises(Retry, match="killed by signal 9"):
            await run.deliver(EVENT)


async def test_only_the_end_of_standard_error_is_kept(tmp_path):
    command = python("import sys; sys.stderr.write('x' * 300_000 + 'the end'); sys.exit(1)")
    async with running("exec", tmp_path, command=command) as run:
        with pytest.raises(Retry, match=r"the end$") as error:
            await run.deliver(EVENT)
    assert len(str(error.value)) < 700


async def test_a_command_need_not_read_its_input(tmp_path):
    async with running("exec", tmp_path, command=["/bin/true"]) as run:
        await run.deliver(replace(EVENT, data="x" * 500_000))


async def test_a_command_that_is_not_there_is_named(tmp_path):
    async with running("exec", tmp_path, command=["./no-such-thing"]) as run:
        with pytest.raises(Retry, match=r"cannot run './no-such-thing': No such file"):
            await run.deliver(EVENT)


async def test_a_relative_command_is_in_the_folder_of_the_config(tmp_path):
    script = tmp_path / "handle.sh"
    script.write_text("#!/bin/sh\ncat > got\n")
    script.chmod(0o755)
    async with running("exec", tmp_path, command=["./handle.sh"]) as run:
        await run.deliver(EVENT)
    assert (tmp_path / "got").exists()


async def test_out_of_time_the_whole_group_is_killed(tmp_path):
    # once its input is read, the hub has all that it needs to kill it
    command = shell("cat > input; sleep 60 & echo $! > child; echo $$ > parent; wait")
    async with running("exec", tmp_path, command=command) as run:
        task = asyncio.create_task(run.deliver(EVENT))
        pids = [int(await until(tmp_path / name)) for name in ("child", "parent")]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert all([await gone(pid) for pid in pids])


async def test_given_up_while_it_is_started_nothing_of_it_is_left(tmp_path):
    command = shell("echo $$ >> groups; sleep 60 & wait")
    async with running("exec", tmp_path, command=command) as run:
        for number in range(30):
            task = asyncio.create_task(run.deliver(EVENT))
            await asyncio.sleep(number / 3000)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    groups = (tmp_path / "groups").read_text().split() if (tmp_path / "groups").exists() else []
    for group in groups:
        for _ in range(50):
            try:
                os.killpg(int(group), 0)
            except ProcessLookupError:
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail(f"the group {group} is still there")


async def test_a_command_that_hangs_on_a_large_input_can_be_killed(tmp_path):
    async with running("exec", tmp_path, command=shell("echo $$ > parent; exec sleep 60")) as run:
        task = asyncio.create_task(run.deliver(replace(EVENT, data="x" * 500_000)))
        pid = int(await until(tmp_path / "parent"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await gone(pid)


async def test_a_process_that_left_the_group_does_not_hold_its_end(tmp_path):
    code = "import subprocess; p = subprocess.Popen(['sleep', '60'], start_new_session=True); print(p.pid); p.wait()"
    command = shell(f'{sys.executable} -uc "{code}" > child')
    async with running("exec", tmp_path, command=command) as run:
        task = asyncio.create_task(run.deliver(replace(EVENT, data="x" * 500_000)))
        pid = int(await until(tmp_path / "child"))
        task.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await task
    os.kill(pid, 9)


async def test_what_it_leaves_running_does_not_hold_it(tmp_path):
    async with running("exec", tmp_path, command=shell("sleep 60 & echo $! > child; exit 0")) as run:
        async with asyncio.timeout(10):
            await run.deliver(EVENT)
    os.kill(int((tmp_path / "child").read_text()), 9)


async def test_no_pipe_is_left_open(tmp_path):
    async with running("exec", tmp_path, command=["/bin/true"]) as run:
        await run.deliver(EVENT)
        await asyncio.sleep(0.02)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            await run.deliver(EVENT)
        run.command = ["./none"]
        with pytest.raises(Retry):
            await run.deliver(EVENT)
        for _ in range(100):  # loops close them in their own time
            if len(os.listdir("/proc/self/fd")) <= before:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("pipes are left open")


@pytest.mark.parametrize("command", ["echo hello", []])
async def test_a_command_is_a_list(tmp_path, command):
    with pytest.raises(ValueError, match="command is a list"):
        async with running("exec", tmp_path, command=command):
            pass


@pytest.mark.parametrize(
    "test",
    [
        test_exit_codes_decide,
        test_a_command_need_not_read_its_input,
        test_a_command_that_is_not_there_is_named,
        test_out_of_time_the_whole_group_is_killed,
        test_given_up_while_it_is_started_nothing_of_it_is_left,
        test_a_command_that_hangs_on_a_large_input_can_be_killed,
        test_a_process_that_left_the_group_does_not_hold_its_end,
        test_what_it_leaves_running_does_not_hold_it,
        test_no_pipe_is_left_open,
    ],
)
def test_on_uvloop_it_is_the_same(test, tmp_path):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test(tmp_path))
