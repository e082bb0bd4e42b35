"""`tiffin up` as a user runs it: from the first start to Ctrl-C, with everything that can go wrong between."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tests.cli.conftest import Tiffin, start
from tests.waiting import eventually


class Up:
    """A `tiffin up` that runs; what it prints is read all the time, so that it never waits for us."""

    def __init__(self, process: asyncio.subprocess.Process, home: Path) -> None:
        self.process = process
        self.out, self.err = "", ""
        self._folder = home / ".tiffin"
        self._reading = asyncio.gather(self._read("out"), self._read("err"))

    async def _read(self, name: str) -> None:
        stream = self.process.stdout if name == "out" else self.process.stderr
        assert stream is not None
        async for line in stream:
            setattr(self, name, getattr(self, name) + line.decode())

    @property
    def running(self) -> dict[str, Any]:
        """What it says about itself."""
        content: dict[str, Any] = json.loads((self._folder / "running.json").read_text())
        return content

    async def end(self, with_signal: signal.Signals) -> int:
        """Signal it once and wait for its end; the exit code."""
        self.process.send_signal(with_signal)
        async with asyncio.timeout(20):
            await self._reading
            return await self.process.wait()

    def children(self) -> list[psutil.Process]:
        """PostgreSQL and NATS."""
        return psutil.Process(self.process.pid).children()


@asynccontextmanager
async def _started(home: Path, ready: str, *arguments: str, **environment: str) -> AsyncIterator[Up]:
    process = await start(home, *arguments, **environment)
    up = Up(process, home)
    try:
        await eventually(lambda: ready in up.out or process.returncode is not None, seconds=20)
        assert process.returncode is None, up.err
        yield up
    finally:
        if process.returncode is None:
            await up.end(signal.SIGKILL)


def _up(home: Path) -> AbstractAsyncContextManager[Up]:
    return _started(home, "Ctrl-C stops everything", "up", "--port", "0")


async def _status(up: Up, path: str) -> int:
    async with httpx.AsyncClient(base_url=up.running["origin"]) as client:
        return (await client.get(path)).status_code


def _programs(processes: list[psutil.Process]) -> set[str]:
    """What runs, whatever version of Python the worker's program is called after."""
    return {re.sub(r"^python[0-9.]*$", "python", process.name()) for process in processes}


def _gone(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_one_signal_stops_all_of_it(home: Path, with_signal: signal.Signals) -> None:
    async with _up(home) as up:
        for link in ("/docs", "/asyncapi.json", "/healthz"):
            assert f"{up.running['origin']}{link}" in up.out
            assert await _status(up, link) == 200
        children = up.children()
        assert _programs(children) == {"postgres", "nats-server", "python"}
        code = await up.end(with_signal)
    assert code == 0
    assert "Traceback" not in up.err
    assert "Stopped" in up.out
    assert _gone(children)
    assert not (home / ".tiffin" / "running.json").exists()


async def test_what_it_keeps_in_its_folder_is_private(home: Path) -> None:
    async with _up(home) as up:
        for file in ("running.json", "secret_key", "nats/access.json", "nats/nats.conf"):
            assert os.stat(home / ".tiffin" / file).st_mode & 0o077 == 0, file
        key = (home / ".tiffin" / "secret_key").read_text()
        await up.end(signal.SIGINT)
    async with _up(home) as up:
        assert (home / ".tiffin" / "secret_key").read_text() == key, "tokens outlive a restart"
        await up.end(signal.SIGINT)


async def test_other_commands_use_the_servers_of_the_one_that_runs(home: Path, tiffin: Tiffin) -> None:
    async with _up(home) as up:
        listed = await tiffin("dead-letters", "list")
        assert (listed.code, listed.err) == (0, "")
        assert "No dead letters" in listed.out
        doctor = await tiffin("doctor", TIFFIN_PORT="0")
        assert doctor.code == 0, doctor.out
        assert f"in use by process {up.process.pid}" in doctor.out
        second = await tiffin("up", "--port", "0")
        assert second.code == 1
        assert f"in use by another `tiffin` (process {up.process.pid})" in second.err
        await up.end(signal.SIGINT)


async def test_a_killed_child_comes_back_and_requests_succeed_again(home: Path) -> None:
    async with _up(home) as up:
        for child in up.children():
            child.kill()

        async def ready() -> bool:
            return _programs(up.children()) == {"postgres", "nats-server", "python"} and (
                await _status(up, "/readyz") == 200
            )

        await eventually(ready, seconds=20)
        code = await up.end(signal.SIGINT)
    assert code == 0
    assert "PostgreSQL was ended by signal 9; starting it again" in up.err
    assert "NATS runs again" in up.err


async def test_after_a_kill_it_leaves_no_orphan_and_starts_again(home: Path) -> None:
    async with _up(home) as up:
        children = up.children()
        await up.end(signal.SIGKILL)
        await eventually(lambda: _gone(children), seconds=15)
    async with _up(home) as up:
        assert await _status(up, "/readyz") == 200
        assert await up.end(signal.SIGINT) == 0


@pytest.mark.parametrize(
    ("roles", "ready"), [(["web"], "web run at http://"), (["relay", "consumers"], "consumers, relay run")]
)
async def test_serve_runs_the_roles_it_was_given(
    home: Path, database_url: str, nats_url: str, roles: list[str], ready: str
) -> None:
    arguments = [part for role in roles for part in ("--role", role)]
    given = {"TIFFIN_DATABASE_URL": database_url, "TIFFIN_NATS_URL": nats_url, "TIFFIN_SECRET_KEY": "k" * 32}
    async with _started(home, ready, "serve", "--port", "0", *arguments, **given) as up:
        assert up.children() == []
        assert await up.end(signal.SIGTERM) == 0
        assert "Traceback" not in up.err
