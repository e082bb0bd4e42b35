"""Who is connected, by lease: every five seconds a node renews its own, in one row whatever the number of its
connections; after fifteen seconds without renewal all of them count as gone. So a killed node's people disappear by
themselves, and a node that was frozen for longer enters all of its own again.

Presence may say "here" for up to fifteen seconds too long, never "gone" while a connection lives. Whenever the people
of a room change, `tell` hears of it in the same transaction, and can append an event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from tiffin.base.errors import TiffinError
from tiffin.base.telemetry import get_logger
from tiffin.db import Connection, Database, Transaction
from tiffin.realtime.event_log import QUERIES

_log = get_logger("realtime.presence")

BEAT_SECONDS = 5.0
LEASE_SECONDS = 15.0
_LOCK = 7_401_955

# is told the rooms whose people have changed; the event log is its to write
TellRooms = Callable[[Transaction, Sequence[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody in a room: an account on a device, since when."""

    account_id: UUID
    device: str
    since: datetime


# a connection in a room
_Place = tuple[UUID, str]


class Presence:
    """The connections of this node, and everybody's leases."""

    def __init__(self, database: Database, tell: TellRooms) -> None:
        self._database = database
        self._tell = tell
        # connection → room → (account, device)
        self._entries: dict[UUID, dict[str, tuple[UUID, str]]] = {}
        self._node_id = uuid4()
        # what the table does not say yet: who entered, and who left
        self._entered: list[_Place] = []
        self._left: list[_Place] = []
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to renew leases."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Leave every room at once and stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for connection_id in list(self._entries):
            self.leave(connection_id)
        try:
            await self._renew()
        except TiffinError:
            _log.info("presence_left_to_expire")

    def enter(self, room: str, connection_id: UUID, account_id: UUID, device: str) -> None:
        """A connection entered a room; written within a moment."""
        self._entries.setdefault(connection_id, {})[room] = (account_id, device)
        self._entered.append((connection_id, room))
        self._changed.set()

    def leave(self, connection_id: UUID, room: str | None = None) -> None:
        """A connection left one room, or all."""
        rooms = self._entries.get(connection_id)
        if rooms is None:
            return
        gone = [name for name in rooms if room in (None, name)]
        for name in gone:
            del rooms[name]
        if not rooms:
            del self._entries[connection_id]
        if gone:
            self._left += [(connection_id, name) for name in gone]
            self._changed.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._renew()
            except TiffinError as error:
                _log.warning("presence_not_renewed", error=repr(error))
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._changed.wait()
                await asyncio.sleep(0.05)  # those who come together are written together
            except TimeoutError:
                pass

    async def _renew(self) -> None:
        self._changed.clear()
        entered, self._entered = self._entered, []
        left, self._left = self._left, []
        try:
            async with self._database.transaction() as transaction:
                rooms = await self._write(transaction.connection, entered, left)
                if rooms:
                    await transaction.connection.execute(QUERIES["lock_presence"], _LOCK)
                    await self._tell(transaction, sorted(rooms))
        except BaseException:  # with the next beat
            self._entered = entered + self._entered
            self._left = left + self._left
            raise

    async def _write(self, connection: Connection, entered: list[_Place], left: list[_Place]) -> set[str]:
        """Bring the table up to date. Returns the rooms whose people changed."""
        lease = await connection.fetchrow(QUERIES["renew_node"], self._node_id, LEASE_SECONDS)
        assert lease is not None
        if lease["is_new"]:
            entered = [(key, room) for key, rooms in self._entries.items() for room in rooms]
        rows = []
        if left:
            rows += await connection.fetch(QUERIES["delete_presence"], *_columns(left))
        if entries := [(room, key, *self._entries[key][room]) for key, room in entered if self._is_in(key, room)]:
            rows += await connection.fetch(QUERIES["insert_presence"], *_columns(entries), self._node_id)
        rows += await connection.fetch(QUERIES["delete_expired_presence"])
        return {row["room"] for row in rows}

    def _is_in(self, connection_id: UUID, room: str) -> bool:
        return room in self._entries.get(connection_id, ())


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def list_present(connection: Connection, rooms: Sequence[str]) -> dict[str, list[Present]]:
    """Who is in each of these rooms now, on any node."""
    present: dict[str, list[Present]] = {room: [] for room in rooms}
    for row in await connection.fetch(QUERIES["list_presence"], list(rooms)):
        present[row["room"]].append(Present(row["account_id"], row["device"], row["since"]))
    return present
