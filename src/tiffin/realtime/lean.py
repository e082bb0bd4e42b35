"""Stand-ins for asyncio's event and queue that hold nothing while nobody waits.

Each of asyncio's keeps a deque, which takes 600 bytes before anything is in it; uvicorn has three to five of them a
connection. Ten thousand idle streams would spend 30 MB on it.
"""

import asyncio
from typing import Any


class LeanEvent:
    """What uvicorn uses of `asyncio.Event`."""

    __slots__ = ("_is_set", "_waiters")

    def __init__(self, *, is_set: bool) -> None:
        self._is_set = is_set
        self._waiters: list[asyncio.Future[None]] | None = None

    def is_set(self) -> bool:
        """True if nobody has to wait."""
        return self._is_set

    def set(self) -> None:
        """Let everybody go on."""
        self._is_set = True
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)

    def clear(self) -> None:
        """Let whoever comes wait."""
        self._is_set = False

    async def wait(self) -> bool:
        """Go on once it is set."""
        if not self._is_set:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters = [*(self._waiters or ()), waiter]
            await waiter
        return True


class LeanQueue:
    """What uvicorn uses of `asyncio.Queue`: unbounded, and one reader."""

    __slots__ = ("_items", "_reader")

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._reader: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        """True if `get` would wait."""
        return not self._items

    def put_nowait(self, item: Any) -> None:
        """Add an item."""
        self._items.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        """The oldest item, once there is one."""
        while not self._items:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._items.pop(0)


class NoPipeline:
    """The place of further requests behind a stream: there are none, the connection is aborted instead."""

    def __len__(self) -> int:
        return 0

    def appendleft(self, item: object) -> None:
        """Forget it."""


NO_PIPELINE = NoPipeline()
