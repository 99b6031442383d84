"""Exec: run a command for each event, with the event on its standard input."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

from hub import Event, Reject, Retry, Subscriber, hookimpl

ATTRIBUTES = ("id", "source", "type", "subject", "time", "provider", "deliveryid", "receivedat")
INHERITED = ("PATH", "HOME", "USER", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
LONGEST = 4096
TAIL = 500


@dataclass
class Exec(Subscriber):
    """The event is CloudEvents JSON on standard input, its attributes are HUB_EVENT_ID, HUB_EVENT_TYPE,
    HUB_EVENT_SOURCE, HUB_EVENT_SUBJECT, HUB_EVENT_TIME, ... in the environment. Exit code 0 is delivered, any other is
    tried again. When the subscription's `timeout` is over, the command and all that it started are killed. A command
    may run twice for one event: HUB_EVENT_ID tells. It gets PATH, HOME and the like, but none of the hub's secrets.
    """

    name = "exec"
    command: Annotated[list[str], "The program and its arguments; never a shell. It runs in the folder of config.toml."]
    environment: Annotated[dict[str, str], "More environment variables."] = field(default_factory=dict, repr=False)
    reject_codes: Annotated[list[int], "Exit codes that say that another try is no use; 65 is EX_DATAERR."] = field(
        default_factory=lambda: [65]
    )

    def __post_init__(self) -> None:
        if isinstance(self.command, str) or not self.command:
            raise ValueError('command is a list: ["python3", "handle.py"]')

    async def deliver(self, event: Event) -> None:
        process, errors = await self.start(event)
        said = bytearray()
        reading = asyncio.create_task(read_tail(errors, said))
        try:
            await feed(process, event.json())
            code = await process.wait()
            # not to its end: what the command leaves running in the background may hold it open
            await asyncio.wait([reading], timeout=0.2)
        except BaseException:
            await kill_group(process)
            raise
        finally:
            reading.cancel()
        self.judge(code, said)

    async def start(self, event: Event) -> tuple[Process, int]:
        """The command, running, and a pipe that it writes its standard error to."""
        # a pipe of our own: with asyncio's, wait() would wait for everyone who holds it
        reader, writer = os.pipe()
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *self.command,
                stdin=PIPE,
                stdout=DEVNULL,
                stderr=writer,
                cwd=self.context.folder,
                env=self.variables(event),
                start_new_session=True,  # a process group of its own, which can be killed whole
            )
        )
        try:
            process = await asyncio.shield(starting)
        except BaseException as error:
            os.close(reader)
            if isinstance(error, OSError):
                raise Retry(f"cannot run {self.command[0]!r}: {error.strerror}") from error
            # given up while it is being started: asyncio would kill the command alone, and not what it started
            with suppress(Exception):
                await kill_group(await starting)
            raise
        finally:
            os.close(writer)
        return process, reader

    def judge(self, code: int, errors: bytearray) -> None:
        """Raise for every exit code but 0."""
        if code == 0:
            return
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        said = " ".join(errors.decode("utf-8", "replace").split())
        reason = f"{self.command[0]}: {how}: {said}" if said else f"{self.command[0]}: {how}"
        raise Reject(reason) if code in self.reject_codes else Retry(reason)

    def variables(self, event: Event) -> dict[str, str]:
        """What the command gets as its environment."""
        form = event.cloudevent()
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        attributes = {f"HUB_EVENT_{name.upper()}": plain(form.get(name) or "") for name in ATTRIBUTES}
        return {**inherited, **self.environment, **attributes}


def plain(text: str) -> str:
    """Text that an environment can hold."""
    return text[:LONGEST].replace("\0", "").encode("utf-8", "replace").decode()


async def feed(process: Process, data: bytes) -> None:
    """Write standard input; a command need not read it."""
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError, RuntimeError):  # the last is uvloop's
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def read_tail(pipe: int, tail: bytearray) -> None:
    """Read a pipe to its end, keeping the last bytes."""
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(pipe, "rb", buffering=0)
    )
    try:
        while chunk := await stream.read(65536):
            tail += chunk
            del tail[:-TAIL]
    finally:
        transport.close()


async def kill_group(process: Process) -> None:
    """Kill the command and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    assert process.stdin is not None
    if not process.stdin.is_closing():  # wait() would wait until all input is written
        process.stdin.transport.abort()
    await process.wait()


@hookimpl
def register_subscribers() -> list[type[Subscriber]]:
    return [Exec]
