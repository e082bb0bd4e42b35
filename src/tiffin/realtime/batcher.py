"""Questions that come within a few milliseconds become one query.

Ten thousand clients that come back at once then cost dozens of queries instead of tens of thousands. Equal
questions in a batch are asked once.

A node that takes ten thousand clients back is busy, so only a few of them fall into each window. With `pause_seconds`
the next batch therefore waits that long for each question of the last: below 1 / `pause_seconds` questions a second
this is not felt, above it batches grow until the pause is the longest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_LONGEST_PAUSE_SECONDS = 0.25


class Batcher(Generic[K, V]):
    """Collects keys for `window_seconds` (or until `most`), then asks `read` for all; answers in the same order."""

    def __init__(
        self,
        read: Callable[[Sequence[K]], Awaitable[Sequence[V]]],
        *,
        window_seconds: float = 0.002,
        pause_seconds: float = 0.0,
        most: int = 500,
    ) -> None:
        self._read = read
        self._window_seconds = window_seconds
        self._pause_seconds = pause_seconds
        self._most = most
        # loop time before which no batch leaves that is not full
        self._not_before = 0.0
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, key: K) -> V:
        """The answer to `key`; raises what the read raised."""
        loop = asyncio.get_running_loop()
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = loop.create_future()
            if len(self._waiting) >= self._most:
                self._start()
            elif self._timer is None:
                pause = self._not_before - loop.time()
                self._timer = loop.call_later(max(self._window_seconds, pause), self._start)
        return await asyncio.shield(future)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        if waiting:
            loop = asyncio.get_running_loop()
            self._not_before = loop.time() + min(_LONGEST_PAUSE_SECONDS, len(waiting) * self._pause_seconds)
            task = loop.create_task(self._run(waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, waiting: dict[K, "asyncio.Future[V]"]) -> None:
        try:
            answers = await self._read(list(waiting))
        except BaseException as error:
            for future in waiting.values():
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else RuntimeError("cancelled"))
                    future.exception()  # seen, even if nobody waits any more
            return
        for future, answer in zip(waiting.values(), answers, strict=True):
            if not future.done():
                future.set_result(answer)
