"""Waiting in tests: for a condition, with a limit, and never by a sleep of guessed length."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def eventually(condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 10) -> None:
    """Return as soon as `condition` holds, asked every 10 ms; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer is True or (not isinstance(answer, bool) and await answer):
            return
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        await asyncio.sleep(0.01)
