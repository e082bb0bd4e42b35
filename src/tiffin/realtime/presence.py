"""Who is connected, by lease: every five seconds a node renews all its connections in one statement; after fifteen
seconds without renewal a connection counts as gone. So a killed node's people disappear by themselves.

Presence may say "here" for up to fifteen seconds too long, never "gone" while a connection lives.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tiffin.base.errors import TiffinError
from tiffin.base.telemetry import get_logger
from tiffin.db import Connection, Database
from tiffin.realtime.event_log import QUERIES

_log = get_logger("realtime.presence")

BEAT_SECONDS = 5.0
LEASE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody in a room: an account on a device, since when."""

    account_id: UUID
    device: str
    since: datetime


class Presence:
    """The connections of this node, and everybody's leases."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # connection → room → (account, device)
        self._entries: dict[UUID, dict[str, tuple[UUID, str]]] = {}
        # (connection, room) that left and stand in the table still
        self._left: list[tuple[UUID, str]] = []
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
        left, self._left = self._left, []
        entries = [(room, key, *who) for key, rooms in self._entries.items() for room, who in rooms.items()]
        async with self._database.transaction() as transaction:
            connection = transaction.connection
            if left:
                await connection.executemany(QUERIES["delete_presence"], left)
            if entries:
                columns = [list(column) for column in zip(*entries, strict=True)]
                await connection.execute(QUERIES["upsert_presence"], *columns, LEASE_SECONDS)
            await connection.execute(QUERIES["delete_expired_presence"])


async def list_present(connection: Connection, room: str) -> Sequence[Present]:
    """Who is in a room now, on any node."""
    rows = await connection.fetch(QUERIES["list_presence"], room)
    return [Present(row["account_id"], row["device"], row["since"]) for row in rows]
