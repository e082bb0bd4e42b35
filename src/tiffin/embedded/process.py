"""Starting, watching and stopping one child server; shared by PostgreSQL and NATS.

A child is started through `child.py` in a session of its own, its output goes to a log file, and its end is seen
at once. Nothing here knows what the server is.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_LOG_LIMIT_BYTES = 10_000_000
_POLL_SECONDS = 0.01


class EmbeddedServerFailed(RuntimeError):
    """A server could not be started; the message says why and where its log is."""


@dataclass(frozen=True, slots=True)
class RunAs:
    """The system user a child runs as; -1 keeps the user of this process."""

    user_id: int = -1
    group_id: int = -1


async def spawn(
    command: Sequence[str],
    log: Path,
    *,
    death_signal: signal.Signals,
    run_as: RunAs | None = None,
    environment: Mapping[str, str] | None = None,
) -> asyncio.subprocess.Process:
    """Start `command` as a child that gets `death_signal` when this process dies; its output is appended to `log`.

    `environment`: added to this process's own.
    """
    run_as = run_as or RunAs()
    wrapper = (sys.executable, "-I", "-S", str(Path(__file__).with_name("child.py")))
    arguments = (os.getpid(), int(death_signal), run_as.user_id, run_as.group_id)
    rotate(log)
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *wrapper,
            *map(str, arguments),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )


def rotate(log: Path) -> None:
    """Keep at most two log files of 10 MB: move a full one to `<name>.1`."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_name(log.name + ".1"))


async def wait_until_ready(
    process: asyncio.subprocess.Process,
    is_ready: Callable[[], Awaitable[bool]],
    *,
    name: str,
    log: Path,
    seconds: float,
) -> None:
    """Ask `is_ready` every 10 ms. Raises EmbeddedServerFailed when the child exits or `seconds` pass."""
    deadline = time.monotonic() + seconds
    while not await is_ready():
        if process.returncode is not None:
            raise EmbeddedServerFailed(f"{name} stopped while starting: {last_lines(log)} (log: {log})")
        if time.monotonic() > deadline:
            raise EmbeddedServerFailed(f"{name} did not get ready within {seconds:.0f} s (log: {log})")
        await asyncio.sleep(_POLL_SECONDS)


async def stop(process: asyncio.subprocess.Process, with_signal: signal.Signals, *, seconds: float) -> bool:
    """Ask a child to end by `with_signal`, kill it after `seconds`. Returns False if it had to be killed."""
    if process.returncode is not None:
        return True
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(with_signal)
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return False
    return True


async def stop_stray(stray: psutil.Process, with_signal: signal.Signals, *, seconds: float) -> None:
    """End a process that is not our child (left by a killed run): `with_signal`, then SIGKILL after `seconds`."""
    for attempt in (with_signal, signal.SIGKILL):
        with contextlib.suppress(psutil.NoSuchProcess):
            stray.send_signal(attempt)
        if await is_gone(stray, seconds=seconds):
            return
    raise EmbeddedServerFailed(f"a process left by a killed run cannot be stopped: pid {stray.pid}")


async def is_gone(stray: psutil.Process, *, seconds: float) -> bool:
    """True as soon as the process has ended, False if it has not within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            if stray.is_running() and stray.status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(_POLL_SECONDS)
                continue
        return True
    return False


def last_lines(log: Path, count: int = 3) -> str:
    """The end of a log, on one line, for an error message."""
    try:
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        lines = []
    return " / ".join([line for line in lines if line][-count:]) or "it left no log"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
