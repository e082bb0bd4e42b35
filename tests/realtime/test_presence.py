"""Leases of nodes: one row a node, whatever the number of its connections."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from tests.waiting import eventually

from tiffin.db import Database, Transaction
from tiffin.realtime.presence import Presence, list_present


class Nodes:
    """Two nodes on one database, and what they told."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.told: list[list[str]] = []
        self.one, self.other = Presence(database, self._tell), Presence(database, self._tell)

    async def _tell(self, _: Transaction, rooms: Sequence[str]) -> None:
        self.told.append(list(rooms))

    async def people(self, room: str = "a") -> list[UUID]:
        async with self._database.connection() as connection:
            return [one.account_id for one in (await list_present(connection, [room]))[room]]

    async def expire(self) -> None:
        """As if every node had been silent for longer than a lease."""
        await self._database.pool.execute("UPDATE presence_node SET expires_at = now() - interval '1 second'")


@pytest.fixture
def nodes(database: Database) -> Nodes:
    return Nodes(database)


async def test_a_silent_nodes_people_are_gone_and_back_when_it_is(nodes: Nodes) -> None:
    account = uuid4()
    nodes.one.enter("a", uuid4(), account, "Phone")
    await nodes.one._renew()
    assert await nodes.people() == [account]
    await nodes.expire()
    assert await nodes.people() == [], "the lease is over, whether or not somebody has looked"
    await nodes.other._renew()
    assert nodes.told == [["a"], ["a"]], "whoever finds it tells the room"
    await nodes.one._renew()
    assert await nodes.people() == [account], "it was frozen, not dead"
    assert nodes.told == [["a"]] * 3


async def test_renewing_writes_nothing_but_the_lease(nodes: Nodes, database: Database) -> None:
    for _ in range(500):
        nodes.one.enter("a", uuid4(), uuid4(), "Phone")
    await nodes.one._renew()
    written = "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE relname = 'presence'"
    async with database.transaction() as transaction:
        before = await transaction.connection.fetchval(written)
        await nodes.one._write(transaction.connection, [], [])
        assert await transaction.connection.fetchval(written) == before
    assert len(await nodes.people()) == 500
    assert nodes.told == [["a"]]


async def test_who_enters_and_leaves_at_once_was_never_there(nodes: Nodes) -> None:
    connection_id = uuid4()
    nodes.one.enter("a", connection_id, uuid4(), "Phone")
    nodes.one.leave(connection_id)
    await nodes.one._renew()
    assert await nodes.people() == []
    assert nodes.told == []
    account = uuid4()
    for _ in range(3):
        nodes.one.enter("a", connection_id, account, "Phone")
        nodes.one.leave(connection_id, "a")
    nodes.one.enter("a", connection_id, account, "Phone")
    await nodes.one._renew()
    assert await nodes.people() == [account]


async def test_a_wiped_table_is_filled_again(nodes: Nodes, database: Database) -> None:
    """It is not logged: a crash of PostgreSQL empties it."""
    account = uuid4()
    nodes.one.enter("a", uuid4(), account, "Phone")
    await nodes.one._renew()
    await database.pool.execute("TRUNCATE presence, presence_node")
    await nodes.one._renew()
    assert await nodes.people() == [account]


async def test_a_stopped_nodes_people_leave_at_once(nodes: Nodes) -> None:
    nodes.one.start()
    nodes.one.enter("a", uuid4(), uuid4(), "Phone")

    async def is_in() -> bool:
        return len(await nodes.people()) == 1

    await eventually(is_in)
    await nodes.one.stop()
    assert await nodes.people() == []
    assert nodes.told == [["a"], ["a"]]
