"""One request, one transaction: use cases, joining, hooks and retries.

A service method decorated with `use_case` receives the transaction as its first argument; its caller does not
pass it. If the calling task has a transaction open, the method joins that one, so `kitchen.accept` can call
`orders.confirm` and both commit together. An exception that leaves a joined method dooms the whole transaction:
catching it further out cannot commit half of the work.

Order inside a transaction: business rows are locked first. What packages gathered for the end (`at_end`: topic
numbers, events, work, a stored answer) is written by one statement right before COMMIT, so that the rows everybody
wants are locked shortest and the end costs one round trip. After the commit the `after_commit` hooks run; they may
not fail the request, only log.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, partial, wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

import asyncpg

from tiffin.base.errors import Unavailable
from tiffin.base.telemetry import get_logger

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
AfterCommit: TypeAlias = Callable[[], Awaitable[None]]

R = TypeVar("R")
P = ParamSpec("P")
S = TypeVar("S", bound="HasDatabase")

_log = get_logger("db")
_current: ContextVar["Transaction | None"] = ContextVar("tiffin_transaction", default=None)

_ATTEMPTS = 4
_REPEATABLE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
# what a lost, refusing or overloaded database raises, for whoever speaks to it outside a use case
UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server ended the session and asyncpg has not seen the connection close yet
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


class DoomedTransaction(RuntimeError):
    """An error crossed a joined use case and was swallowed; the transaction was rolled back."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the statement that ends a transaction.

    `sql` is a list of CTEs without WITH, as it stands in a `.sql` file; `arguments` are its `$1`, `$2`, …. The rows of
    the CTE called `name` are handed to `done` as dictionaries of JSON values, before COMMIT: an error there rolls back.
    Nothing else in the transaction sees what a part writes, and there is one part of a name.
    """

    name: str
    sql: str
    arguments: tuple[Any, ...]
    done: Callable[[list[dict[str, Any]]], None] | None = None


def _move_parameter(by: int, match: re.Match[str]) -> str:
    return f"${int(match[1]) + by}"


@lru_cache(256)
def _closing_statement(parts: tuple[tuple[str, str, int], ...]) -> str:
    """One statement of all parts (name, sql, number of arguments); a column of JSON rows for each."""
    ctes, columns, taken = [], [], 0
    for name, sql, count in parts:
        ctes.append(re.sub(r"\$(\d+)", partial(_move_parameter, taken), sql))
        columns.append(f"(SELECT coalesce(json_agg(r), '[]') FROM {name} r)")  # noqa: S608 - all text is ours
        taken += count
    return f"WITH {', '.join(ctes)} SELECT {', '.join(columns)}"


class Transaction:
    """An open transaction, owned by one task."""

    def __init__(self, connection: Connection) -> None:
        # the connection; statements of features go through repositories
        self.connection = connection
        # what other packages gather for the end, by a key of theirs
        self.state: dict[str, Any] = {}
        # the task that opened it; a task started inside does not join
        self.task = asyncio.current_task()
        # the error that crossed a joined use case, if any
        self.doomed_by: BaseException | None = None
        self._parts: list[Callable[[], Part]] = []
        self._after: list[AfterCommit] = []

    def at_end(self, make: Callable[[], Part]) -> None:
        """Make a part of the one statement right before COMMIT; `make` is called when nothing more can be gathered."""
        self._parts.append(make)

    def after_commit(self, hook: AfterCommit) -> None:
        """Run `hook` after COMMIT has succeeded."""
        self._after.append(hook)

    async def _close(self) -> None:
        if not self._parts:
            return
        parts = sorted((make() for make in self._parts), key=lambda part: part.name)
        statement = _closing_statement(tuple((part.name, part.sql, len(part.arguments)) for part in parts))
        answers = await self.connection.fetchrow(statement, *(value for part in parts for value in part.arguments))
        assert answers is not None
        for part, rows in zip(parts, answers.values(), strict=True):
            if part.done is not None:
                part.done(rows)

    async def _run_after(self) -> None:
        for hook in self._after:
            try:
                await hook()
            except Exception:  # the fact is committed; head check and relay make up for a lost hook
                _log.exception("after_commit_hook_failed")

    def _forget(self) -> None:
        """Let go of what was gathered, which knows the transaction: else each would be a cycle of some fifty objects,
        and looking for these holds up a node with many connections for a quarter of a second."""
        self._parts.clear()
        self._after.clear()
        self.state.clear()


def current_transaction() -> Transaction | None:
    """The transaction this task has open, if any."""
    transaction = _current.get()
    return transaction if transaction is not None and transaction.task is asyncio.current_task() else None


class Database:
    """The pool, and transactions on it."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", url: str) -> None:
        self.pool = pool
        # for connections outside the pool
        self.url = url

    @property
    def is_busy(self) -> bool:
        """True while anybody on this node waits for PostgreSQL, or holds one of the pool's connections."""
        return self.pool.get_idle_size() < self.pool.get_size()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reads: the open transaction's, else one from the pool. Raises Unavailable."""
        joined = current_transaction()
        if joined is not None:
            yield joined.connection
            return
        with unavailable_when_unreachable():
            async with self.pool.acquire(timeout=5) as connection:
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A connection in a REPEATABLE READ, READ ONLY transaction: state and positions of one moment."""
        with unavailable_when_unreachable():
            async with self.pool.acquire(timeout=5) as connection:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Join the open transaction, or open one and commit it at the end. Does not repeat: see `run`."""
        joined = current_transaction()
        if joined is not None:
            try:
                yield joined
            except BaseException as error:
                joined.doomed_by = joined.doomed_by or error
                raise
            return
        with unavailable_when_unreachable():
            async with self.pool.acquire(timeout=5) as connection:
                async with connection.transaction():
                    transaction = Transaction(connection)
                    token = _current.set(transaction)
                    try:
                        yield transaction
                        if transaction.doomed_by is not None:
                            raise DoomedTransaction from transaction.doomed_by
                        await transaction._close()
                    except BaseException:
                        transaction._forget()
                        raise
                    finally:
                        _current.reset(token)
        try:
            await transaction._run_after()
        finally:
            transaction._forget()

    async def run(self, work: Callable[[Transaction], Awaitable[R]]) -> R:
        """Run `work` in one transaction; repeat it on deadlock or serialisation failure. Raises Unavailable."""
        if current_transaction() is not None:
            async with self.transaction() as joined:
                return await work(joined)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.transaction() as transaction:
                    return await work(transaction)
            except _REPEATABLE as error:
                if attempt == _ATTEMPTS:
                    raise Unavailable("Too many changes to the same thing at once; try again.") from error
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("unreachable")


class unavailable_when_unreachable:  # noqa: N801 - reads as a statement
    """Translate a lost or refusing database into `Unavailable`, keeping the cause."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        # asyncpg's own DataError is an InterfaceError and a ValueError: a value of ours that fits no column, a bug
        if isinstance(error, UNREACHABLE) and not isinstance(error, ValueError):
            raise Unavailable("The database does not answer at the moment; try again shortly.") from error


class HasDatabase(Protocol):
    """A service: whatever holds the database its use cases run on."""

    @property
    def database(self) -> Database: ...


def use_case(
    method: Callable[Concatenate[S, Transaction, P], Awaitable[R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Make a service method one transaction: opened here, or joined if the caller has one open."""

    @wraps(method)
    async def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.database.run(lambda transaction: method(self, transaction, *args, **kwargs))

    return run
