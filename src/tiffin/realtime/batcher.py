"""Questions that come within a few milliseconds become one query.

Ten thousand clients that come back at once then cost dozens of queries instead of tens of thousands. Equal
questions in a batch are asked once.

Who comes back does so over some seconds (`retry` is random), a few in each window. So the window grows with what the
last one held, up to `longest_seconds`: the more ask, the longer it is worth waiting for more of them, and a lone
question never waits for more than the shortest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

# the longest window for what a returning crowd asks: a tenth of a second more, for a fiftieth of the queries
CROWD_SECONDS = 0.1

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Batcher(Generic[K, V]):
    """Collects keys for a window (or until `most`), then asks `read` for all; answers in the same order.

    The window is `window_seconds` for each key that the last one held, `longest_seconds` at most.
    """

    def __init__(
        self,
        read: Callable[[Sequence[K]], Awaitable[Sequence[V]]],
        *,
        window_seconds: float = 0.002,
        longest_seconds: float = 0.002,
        most: int = 500,
    ) -> None:
        self._read = read
        self._window_seconds = window_seconds
        self._longest_seconds = max(window_seconds, longest_seconds)
        self._most = most
        # how many questions came in the last window, equal ones too, and when it ended
        self._asked = 0
        self._last_asked = 0
        self._last_ended = 0.0
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, key: K) -> V:
        """The answer to `key`; raises what the read raised."""
        loop = asyncio.get_running_loop()
        self._asked += 1
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = loop.create_future()
            if len(self._waiting) >= self._most:
                self._start()
            elif self._timer is None:
                self._timer = loop.call_later(self._window(loop.time()), self._start)
        return await asyncio.shield(future)

    def _window(self, now: float) -> float:
        """How long to wait for more. After a silence the last window says nothing."""
        if now - self._last_ended > self._longest_seconds:
            return self._window_seconds
        return min(self._longest_seconds, self._window_seconds * max(1, self._last_asked))

    def _start(self) -> None:
        self._last_asked, self._asked = self._asked, 0
        self._last_ended = asyncio.get_running_loop().time()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        if waiting:
            task = asyncio.get_running_loop().create_task(self._run(waiting))
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
