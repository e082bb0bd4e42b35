"""Two nodes on embedded servers, for benchmarks that take one away."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiffin.bench.machine import free_port, on_cores
from tiffin.bench.peers import run_server
from tiffin.embedded import EmbeddedServerFailed, EmbeddedServers
from tiffin.embedded.process import last_lines, spawn, stop

_SECRET = "of a benchmark, all nodes alike, and of nothing else"  # noqa: S105 - it guards only this run
_MIGRATE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Nodes:
    """What runs."""

    servers: EmbeddedServers
    origins: list[str]
    processes: list[asyncio.subprocess.Process]


@contextlib.asynccontextmanager
async def run_nodes(
    folder: Path, count: int, environment: Mapping[str, str], cores: Sequence[int] | None
) -> AsyncIterator[Nodes]:
    """PostgreSQL, NATS and `count` nodes with every role, all on these cores."""
    async with contextlib.AsyncExitStack() as stack:
        with on_cores(cores):
            servers = await stack.enter_async_context(EmbeddedServers(folder))
        settings = {
            "TIFFIN_DATABASE_URL": servers.database_url,
            "TIFFIN_NATS_URL": servers.nats_url,
            "TIFFIN_SECRET_KEY": _SECRET,
            **environment,
        }
        await _migrate(folder, settings)
        ports = [free_port() for _ in range(count)]
        processes = [
            await stack.enter_async_context(run_server(_serve(port), port, folder / f"{port}.log", cores, settings))
            for port in ports
        ]
        yield Nodes(servers, [f"http://127.0.0.1:{port}" for port in ports], processes)


def _serve(port: int) -> Sequence[str]:
    return (sys.executable, "-m", "tiffin.cli.main", "serve", "--port", str(port))


async def _migrate(folder: Path, settings: Mapping[str, str]) -> None:
    log = folder / "migrate.log"
    env = shutil.which("env") or "/usr/bin/env"
    assignments = [f"{name}={value}" for name, value in settings.items()]
    command = (env, *assignments, sys.executable, "-m", "tiffin.cli.main", "migrate")
    process = await spawn(command, log, death_signal=signal.SIGTERM)
    try:
        async with asyncio.timeout(_MIGRATE_SECONDS):
            code = await process.wait()
    finally:
        await stop(process, signal.SIGKILL, seconds=5)
    if code != 0:
        raise EmbeddedServerFailed(f"`tiffin migrate` failed: {last_lines(log)}")


def kill(process: asyncio.subprocess.Process) -> None:
    """SIGKILL: no goodbye."""
    os.kill(process.pid, signal.SIGKILL)
