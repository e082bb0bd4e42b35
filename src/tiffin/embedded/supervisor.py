"""Both servers on one data folder, kept running: `async with EmbeddedServers(folder) as servers`.

One process at a time may hold a folder; the lock is the kernel's (flock), so it ends with its holder and never goes
stale. A child that dies is started again, at once and then ever slower (0.1 s to 5 s), for as long as it takes; the
application meanwhile answers 503 and catches up afterwards. At the end NATS stops first, then PostgreSQL.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeAlias

from tiffin.embedded.nats import EmbeddedNats
from tiffin.embedded.postgres import EmbeddedPostgres
from tiffin.embedded.process import EmbeddedServerFailed

_BACKOFF_SECONDS = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)
_STEADY_SECONDS = 30.0  # a child that ran this long starts again at once when it dies

OnEvent: TypeAlias = Callable[[str], None]


class DataFolderInUse(EmbeddedServerFailed):
    """Another process holds the data folder."""

    def __init__(self, data_dir: Path, holder: str) -> None:
        who = f" (process {holder})" if holder else ""
        super().__init__(
            f"the data folder {data_dir} is in use by another `tiffin`{who}: stop that one first, "
            "or give this one a folder of its own with --data-dir"
        )


class EmbeddedServers:
    """PostgreSQL and NATS on `data_dir`. `on_event` gets one sentence for whatever a person should know."""

    def __init__(self, data_dir: Path, *, durable: bool = True, on_event: OnEvent | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.postgres = EmbeddedPostgres(self.data_dir, durable=durable)
        self.nats = EmbeddedNats(self.data_dir, durable=durable)
        self._on_event: OnEvent = on_event or (lambda sentence: None)
        # the open lock file; the lock lasts as long as it is open
        self._lock: IO[str] | None = None
        # one task a child, which starts it again when it dies
        self._watchers: list[asyncio.Task[None]] = []

    @property
    def database_url(self) -> str:
        """The database `tiffin`, as postgresql://…"""
        return self.postgres.url

    @property
    def nats_url(self) -> str:
        """NATS, as nats://…, with its password."""
        return self.nats.url

    async def __aenter__(self) -> Self:
        """Take the folder and start both servers at once. Raises DataFolderInUse, EmbeddedServerFailed."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = lock_data_folder(self.data_dir)
        try:
            async with asyncio.TaskGroup() as starting:
                starting.create_task(self.postgres.start())
                starting.create_task(self.nats.start())
        except BaseException as error:
            await self._stop()
            raise _first(error) from None
        for name, server in (("PostgreSQL", self.postgres), ("NATS", self.nats)):
            self._watchers.append(asyncio.create_task(self._keep_running(name, server), name=f"keep {name}"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._watchers.clear()
        for name, server in (("NATS", self.nats), ("PostgreSQL", self.postgres)):
            if not await server.stop():
                self._on_event(f"{name} did not stop within 10 s and was killed; its next start recovers")
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def _keep_running(self, name: str, server: EmbeddedPostgres | EmbeddedNats) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            started = loop.time()
            code = await server.wait()
            failures = 0 if loop.time() - started > _STEADY_SECONDS else failures
            self._on_event(f"{name} {_describe(code)}; starting it again")
            failures = await self._start_again(name, server, failures)

    async def _start_again(self, name: str, server: EmbeddedPostgres | EmbeddedNats, failures: int) -> int:
        """Start a dead child, however often it takes; returns the number of attempts since it last ran steadily."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)])
            failures += 1
            begun = loop.time()
            try:
                await server.start()
            except (EmbeddedServerFailed, OSError) as error:
                self._on_event(f"{name} does not start: {error}")
                await server.stop()
            else:
                self._on_event(f"{name} runs again after {loop.time() - begun:.2f} s")
                return failures


def lock_data_folder(data_dir: Path) -> IO[str]:
    """Take the folder for this process; closing the returned file gives it back. Raises DataFolderInUse."""
    file = open(data_dir / "lock", "a+", encoding="ascii")  # noqa: SIM115 - stays open as long as the lock
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise DataFolderInUse(data_dir, holder) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _describe(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _first(error: BaseException) -> BaseException:
    """The cause inside a task group's exception."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
