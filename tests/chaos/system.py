"""The system under faults: PostgreSQL, NATS and Tiffin's processes, behind proxies, started again after each fault.

Two web nodes, a relay and a consumer process, as `tiffin serve --role` runs them. Every process has a way of its own
to NATS, and clients reach every web node by a fixed address, as by a load balancer.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from tests.chaos.proxy import Proxy

from tiffin.db.migrations import upgrade
from tiffin.embedded import EmbeddedNats, EmbeddedPostgres

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 60.0
_READY_SECONDS = 30.0
_STOP_SECONDS = 20.0
_READY = re.compile(r"✓.* run(?: at (http://[0-9.:]+))?")


class NotStarted(RuntimeError):
    """A process of Tiffin's ended before it was ready."""


class Process:
    """One `tiffin serve`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output: list[str] = []
        self.ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.output.append(line.decode())
            found = _READY.search(self.output[-1])
            if found and not self.ready.done():
                self.ready.set_result(found[1] or "")
        if not self.ready.done():
            self.ready.set_exception(NotStarted("".join(self.output[-20:])))

    async def end(self, with_signal: signal.Signals) -> None:
        """Send the signal and wait; SIGKILL if that takes too long."""
        for sent in (with_signal, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(sent)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await self.process.wait()
                    break
        await asyncio.gather(self.reading, return_exceptions=True)


class Slot:
    """A place for one process: its roles, its proxies, its clock, and the process that runs there now."""

    def __init__(self, name: str, roles: tuple[str, ...], folder: Path, postgres_url: str, nats_url: str) -> None:
        self.name = name
        self.is_web = "web" in roles
        self._roles = roles
        self._postgres_url = postgres_url
        address = urlsplit(nats_url)
        self._nats_user = f"{address.username}:{address.password}"
        self.nats = Proxy((address.hostname or "", address.port or 0), speaks_nats=True)
        self.front = Proxy(("127.0.0.1", 9))
        self._clock = folder / f"{name}.clock"
        self.current: Process | None = None
        # what processes that ended on their own had printed
        self.crashes: list[str] = []

    @property
    def origin(self) -> str:
        """Where clients reach it."""
        return f"http://127.0.0.1:{self.front.port}"

    @property
    def process(self) -> Process:
        """What runs there now."""
        assert self.current is not None
        return self.current

    async def open(self) -> None:
        """Proxies and the first process."""
        self.set_clock(0.0)
        await asyncio.gather(self.nats.start(), self.front.start())
        await self.start()

    async def close(self) -> None:
        """End it all."""
        if self.current is not None:
            await self.current.end(signal.SIGTERM)
        await asyncio.gather(self.nats.stop(), self.front.stop())

    async def start(self) -> None:
        """Start a process and lead clients to it; again and again while PostgreSQL is away."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            process = await self._spawn()
            try:
                async with asyncio.timeout(_READY_SECONDS):
                    origin = await process.ready
            except (NotStarted, TimeoutError) as error:
                await process.end(signal.SIGKILL)
                if time.monotonic() > deadline:
                    raise NotStarted(f"{self.name}: {error}") from error
                continue
            break
        self.current = process
        if self.is_web:
            self.front.target = ("127.0.0.1", urlsplit(origin).port or 0)

    async def kill(self) -> None:
        """SIGKILL."""
        await self.process.end(signal.SIGKILL)

    async def replace(self) -> None:
        """A rolling deploy: another process takes over new connections, the old one drains and ends."""
        old = self.process
        await self.start()
        await old.end(signal.SIGTERM)

    def send(self, signum: signal.Signals) -> None:
        """SIGSTOP or SIGCONT."""
        self.process.process.send_signal(signum)

    def set_clock(self, offset_seconds: float) -> None:
        """Let its clock jump to this offset."""
        temporary = self._clock.with_suffix(".new")
        temporary.write_text(str(offset_seconds), encoding="ascii")
        temporary.replace(self._clock)

    async def _spawn(self) -> Process:
        environment = {
            **os.environ,
            "TIFFIN_DATABASE_URL": self._postgres_url,
            "TIFFIN_NATS_URL": f"nats://{self._nats_user}@127.0.0.1:{self.nats.port}",
            "TIFFIN_SECRET_KEY": "of the tests under faults, all nodes alike",
            "TIFFIN_CHAOS_CLOCK": str(self._clock),
            "TIFFIN_HEARTBEAT_SECONDS": "1.5",
            "TIFFIN_ORDER_STREAM_LINGER_SECONDS": "2",
            "TIFFIN_DRAIN_SECONDS": "0.5",
            "TIFFIN_LOG_LEVEL": "warning",
            "TIFFIN_REGISTER_ATTEMPTS_PER_HOUR": "10000",
            "PYTHONPATH": os.pathsep.join((str(_ROOT / "src"), str(_ROOT))),
        }
        roles = [word for role in self._roles for word in ("--role", role)]
        command = ("-m", "tests.chaos.node", "serve", *roles, *(("--port", "0") if self.is_web else ()))
        return Process(
            await asyncio.create_subprocess_exec(
                sys.executable, *command, env=environment, cwd=_ROOT, stdout=-1, stderr=-2, start_new_session=True
            )
        )


class System:
    """All of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.postgres = EmbeddedPostgres(folder)
        self.nats = EmbeddedNats(folder, durable=False)
        self.webs: list[Slot] = []
        self.relay: Slot
        self.consumers: Slot

    @property
    def slots(self) -> list[Slot]:
        """Every place."""
        return [*self.webs, self.relay, self.consumers]

    def origins(self, first: int = 0) -> list[str]:
        """Of the web nodes, `first` to be tried first."""
        return [slot.origin for slot in (*self.webs[first:], *self.webs[:first])]

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection to the database itself."""
        return await asyncpg.connect(self.postgres.url, timeout=10)

    async def open(self) -> None:
        """Start everything."""
        await asyncio.gather(self.postgres.start(), self.nats.start())
        await upgrade(self.postgres.url)
        self.webs = [self._slot("web-1", "web"), self._slot("web-2", "web")]
        self.relay, self.consumers = self._slot("relay", "relay"), self._slot("consumers", "consumers")
        await asyncio.gather(*(slot.open() for slot in self.slots))

    def _slot(self, name: str, role: str) -> Slot:
        return Slot(name, (role,), self._folder, self.postgres.url, self.nats.url)

    async def close(self) -> None:
        """Stop everything."""
        if self.webs:
            await asyncio.gather(*(slot.close() for slot in self.slots), return_exceptions=True)
        await self.nats.stop()
        await self.postgres.stop()


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """A temporary folder with a short path that other system users may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="tiffin-chaos-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def run_system(folder: Path) -> AsyncIterator[System]:
    """A running system for as long as the context lasts."""
    system = System(folder)
    try:
        await system.open()
        yield system
    finally:
        await system.close()
