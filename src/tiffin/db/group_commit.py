"""Group commit: changes that come while others are being written share the next transaction.

Alone, a change is written at once. Under load, transactions grow instead of queueing: locks, round trips and the commit
itself are paid once for all that came meanwhile, so throughput rises and nobody waits longer than two transactions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from tiffin.base.errors import Unavailable

C = TypeVar("C")
R = TypeVar("R")


class GroupCommit(Generic[C, R]):
    """Hands changes to `write`, up to `most` at once, one group after the other.

    `write` commits a group and answers each change with its result or with the error that is its own. What it raises
    is everybody's; but if it is not `Unavailable`, each of the group is tried alone, so that one that cannot be written
    takes no other with it.
    """

    def __init__(self, write: Callable[[Sequence[C]], Awaitable[Sequence[R | Exception]]], *, most: int = 100) -> None:
        self._write = write
        self._most = most
        self._waiting: list[tuple[C, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, change: C) -> R:
        """The result of a change once it is committed; it is written even if the asker is cancelled."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((change, future))
        if self._task is None:
            self._task = loop.create_task(self._run())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._settle(group)
        finally:
            self._task = None

    async def _settle(self, group: Sequence[tuple[C, "asyncio.Future[R]"]]) -> None:
        try:
            results = await self._write([change for change, _ in group])
        except Exception as error:
            if len(group) > 1 and not isinstance(error, Unavailable):
                for one in group:
                    await self._settle([one])
                return
            results = [error] * len(group)
        for (_, future), result in zip(group, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
                future.exception()  # seen, even if nobody waits any more
            else:
                future.set_result(result)
