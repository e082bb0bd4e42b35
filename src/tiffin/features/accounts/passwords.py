"""Passwords: argon2id in a small pool of threads, so that logins cannot stall live traffic.

19 MiB, two passes, one lane (OWASP, Password Storage Cheat Sheet). At most `threads` hashes run at once and a bounded
number waits; more are refused with 503. Strength is judged by zxcvbn on the first characters only, in the same pool.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn  # type: ignore[import-untyped]

from tiffin.base.errors import Unavailable
from tiffin.features.accounts.errors import WeakPassword

T = TypeVar("T")

_MOST_WAITING = 200
_LEAST_SCORE = 2  # of 0 to 4: out of reach of online guessing
_JUDGED_CHARACTERS = 72  # zxcvbn's time grows with the square


class PasswordHasher:
    """Hashes, verifies and judges passwords off the event loop."""

    def __init__(self, threads: int) -> None:
        self._argon2 = Argon2(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._waiting = 0
        # verified against when there is no account, so that both take the same time
        self._nobody = self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._run(partial(self._argon2.hash, password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """True if the password is the one behind the hash; None stands for an unknown account."""
        matches = await self._run(partial(self._verify, password_hash or self._nobody, password))
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """True if the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(password_hash)

    async def require_strong(self, password: str, context: list[str]) -> None:
        """Refuse what is easy to guess; `context` holds words that are no secret here. Raises WeakPassword."""
        judged = password[:_JUDGED_CHARACTERS]
        result = await self._run(partial(zxcvbn, judged, user_inputs=["tiffin", *context]))
        if result["score"] < _LEAST_SCORE:
            advice = [result["feedback"]["warning"], *result["feedback"]["suggestions"]]
            raise WeakPassword(advice=[line for line in advice if line])

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _MOST_WAITING:
            raise Unavailable("Too many people are logging in at this moment; try again shortly.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
