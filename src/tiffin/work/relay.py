"""The relay: runs every row that is not done two seconds after it fell due, whether or not the queue looks healthy.

It decides by the state of rows, not of connections, so a queue that is down, wiped, full, cut off or silently dead
costs two seconds and nothing else. Timers (rows with a delay) are run here too, as they fall due. Any number of
relays may run; they share the rows by `SKIP LOCKED`.
"""

import asyncio
import random

from prometheus_client import Counter, Gauge

from tiffin.base.errors import Unavailable
from tiffin.base.telemetry import get_logger
from tiffin.db import Connection
from tiffin.work.long_work import LongRunner
from tiffin.work.outbox import QUERIES
from tiffin.work.runner import Runner

_log = get_logger("work.relay")
_RELAYED = Counter("tiffin_work_relayed", "Rows run by the relay")
_OLDEST = Gauge("tiffin_work_oldest_seconds", "How long the oldest row has been waiting for the relay")

_BEAT_SECONDS = 0.25
_BATCH = 50


class Relay:
    """One node's relay."""

    def __init__(self, runner: Runner | LongRunner) -> None:
        self._runner = runner
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop; claims that were running are free again after their lease."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                ran = await self._runner.run_overdue(_BATCH)
                _RELAYED.inc(ran)
                await self._observe()
                pause = 0.0 if ran == _BATCH else _BEAT_SECONDS
            except Unavailable as error:
                _log.warning("relay_waits", error=repr(error))
                pause = 1.0
            except Exception:
                _log.exception("relay_failed")
                pause = 1.0
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))

    async def _observe(self) -> None:
        async with self._runner.database.connection() as connection:
            _OLDEST.set((await read_backlog(connection))[1])


async def read_backlog(connection: Connection) -> tuple[int, float]:
    """Rows the queue did not get done in time: how many, and for how many seconds the oldest has been waiting."""
    row = await connection.fetchrow(QUERIES["read_backlog"])
    assert row is not None
    return int(row["rows"]), float(row["age_seconds"])


async def count_dead_letters(connection: Connection) -> int:
    """How much work was given up, and nobody has looked at yet."""
    count: int = await connection.fetchval(QUERIES["count_dead_letters"])
    return count
