"""A system of one's own, started the way a user starts it: `tiffin up` on a data folder, as a child process.

The child has a session of its own, so Ctrl-C reaches only who started it, and on Linux it dies with it; its output
goes to a log file beside the data.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tiffin.embedded.process import EmbeddedServerFailed, last_lines, spawn, stop

_READY_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class System:
    """A system that is ready."""

    origin: str
    process: asyncio.subprocess.Process
    log: Path
    # from the start of the child until it was ready
    started_in_seconds: float
    data_dir: Path

    async def grant(self, email: str, role: str) -> None:
        """`tiffin grant`: the first administrator cannot be made by anybody else. Raises EmbeddedServerFailed."""
        command = (sys.executable, "-m", "tiffin.cli.main", "grant", email, role)
        environment = {**os.environ, "TIFFIN_DATA_DIR": str(self.data_dir)}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=-1, stderr=-2)
        said, _ = await process.communicate()
        if process.returncode:
            raise EmbeddedServerFailed(f"`tiffin grant` failed: {said.decode(errors='replace')}")


@asynccontextmanager
async def run_system(
    data_dir: Path,
    environment: Mapping[str, str] | None = None,
    *,
    cores: Sequence[int] | None = None,
    port: int = 0,
) -> AsyncIterator[System]:
    """Start `tiffin up` on the folder, on these processor cores, on a port (0: a free one); it ends with the context.

    Raises EmbeddedServerFailed with the end of its log if it does not get ready.
    """
    log = prepare(data_dir) / "up.log"
    begun = time.perf_counter()
    process = await _start(data_dir, log, environment or {}, port)
    try:
        if cores is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, cores)  # its children inherit it
        origin = await _wait_until_ready(process, data_dir, log)
        yield System(origin, process, log, time.perf_counter() - begun, data_dir)
    finally:
        await asyncio.shield(stop(process, signal.SIGTERM, seconds=_STOP_SECONDS))


def prepare(data_dir: Path) -> Path:
    """The folder, made if it is not there."""
    data_dir.mkdir(parents=True, exist_ok=True)
    return data_dir


async def _start(data_dir: Path, log: Path, environment: Mapping[str, str], port: int) -> asyncio.subprocess.Process:
    env = shutil.which("env") or "/usr/bin/env"
    settings = {"TIFFIN_LOG_LEVEL": "warning", "TIFFIN_DRAIN_SECONDS": "1", **environment}
    assignments = (f"{name}={value}" for name, value in settings.items())
    command = (sys.executable, "-m", "tiffin.cli.main", "up", "--port", str(port), "--data-dir", str(data_dir))
    return await spawn((env, *assignments, *command), log, death_signal=signal.SIGTERM)


async def _wait_until_ready(process: asyncio.subprocess.Process, data_dir: Path, log: Path) -> str:
    deadline = time.monotonic() + _READY_SECONDS
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise EmbeddedServerFailed(f"`tiffin up` ended while starting: {last_lines(log)} (log: {log})")
            origin = _origin(data_dir, process.pid)
            with contextlib.suppress(httpx.TransportError):
                if origin is not None and (await client.get(f"{origin}/readyz")).is_success:
                    return origin
            await asyncio.sleep(_POLL_SECONDS)
    raise EmbeddedServerFailed(f"`tiffin up` was not ready within {_READY_SECONDS:.0f} s (log: {log})")


def _origin(data_dir: Path, pid: int) -> str | None:
    """What the child says about itself; the word of an earlier run does not count."""
    with contextlib.suppress(OSError, ValueError):
        said = json.loads((data_dir / "running.json").read_text(encoding="utf-8"))
        if said["pid"] == pid:
            origin: str | None = said["origin"]
            return origin
    return None
