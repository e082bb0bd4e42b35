"""Topics that keep only the newest value: the newest one to everybody who may see it, and nothing older to anybody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from tests.realtime.harness import KernelNode, RightsChanged, open_sse, run_node
from tests.realtime.test_websocket import open_socket
from tests.waiting import eventually

from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.realtime.transport import TransportLink


@pytest.fixture
async def node(settings: Settings, database: Database) -> AsyncIterator[KernelNode]:
    async with run_node(settings, database) as running:
        yield running


@pytest.fixture
def reader(node: KernelNode) -> UUID:
    """Somebody who may read `last.a`."""
    account_id = uuid4()
    node.rights["a"] = {account_id}
    return account_id


_LAST: dict[str, str | None] = {"last.a": None}


def _values(*messages: dict[str, Any]) -> list[int]:
    return [message["data"]["at"] for message in messages]


async def test_the_last_value_at_once_and_then_each_newer_one(node: KernelNode, reader: UUID) -> None:
    node.tell_latest("a", 7)
    async with open_socket(node, reader, _LAST) as socket:
        assert await socket.next("sync") == {"type": "sync", "topic": "last.a", "ok": True}
        assert await socket.next() == {"type": "latest", "topic": "last.a", "data": {"generation": 0, "at": 7}}
        for at in (8, 7, 8, 9):
            node.tell_latest("a", at)
        assert _values(await socket.next("latest"), await socket.next("latest")) == [8, 9]


async def test_by_sse_it_has_no_position(node: KernelNode, reader: UUID) -> None:
    node.tell_latest("a", 1)
    stream = await open_sse(node.port, "last.a", "log.a", account=reader, since="-;0:0")
    seen = [await stream.event() for _ in range(3)]
    assert {block.event for block in seen} == {"sync", "latest"}
    await node.write_texts("log.a", "one")
    assert (await stream.texts(1)) == ["one"]
    node.tell_latest("a", 2)
    newest = await stream.event()
    assert (newest.event, newest.id) == ("latest", None)
    assert newest.data == {"topic": "last.a", "data": {"generation": 0, "at": 2}}
    again = await open_sse(node.port, "last.a", "log.a", account=reader, since=stream.last_id)
    seen = [await again.event() for _ in range(3)]
    assert [block.data for block in seen if block.event == "latest"] == [newest.data]
    assert all(block.data["ok"] for block in seen if block.event == "sync")


async def test_who_may_not_read_gets_nothing(node: KernelNode, reader: UUID) -> None:
    node.tell_latest("a", 1)
    async with open_socket(node, uuid4(), _LAST) as stranger:
        assert await stranger.next() == {"type": "sync", "topic": "last.a", "ok": False, "reason": "forbidden"}
        node.tell_latest("a", 2)
        await stranger.send(type="ping", id="p")
        assert (await stranger.next())["type"] == "ok"


async def test_a_lost_right_stops_it_and_a_new_one_begins_with_the_newest(node: KernelNode, reader: UUID) -> None:
    async with open_socket(node, reader, _LAST) as socket:
        await socket.next("sync")
        node.rights["a"].clear()
        await node.write("guard.a", RightsChanged())
        node.tell_latest("a", 1)
        assert (await socket.next())["reason"] == "forbidden"
        node.tell_latest("a", 2)
        node.rights["a"].add(reader)
        await socket.send(type="subscribe", id="s", topics={"last.a": None})
        assert (await socket.next("sync"))["ok"]
        assert _values(await socket.next()) == [2]


async def test_values_of_another_generation_are_not_for_this_grant(node: KernelNode, reader: UUID) -> None:
    node.generations["a"] = 2
    node.tell_latest("a", 9, generation=1)
    async with open_socket(node, reader, _LAST) as socket:
        assert (await socket.next())["type"] == "sync"
        node.tell_latest("a", 3, generation=2)
        assert _values(await socket.next()) == [3], "and what is older by the clock counts, if its generation is newer"
        node.generations["a"] = 3
        node.tell_latest("a", 1, generation=3)
        assert (await socket.next())["data"] == {"generation": 3, "at": 1}, "after the rights were read anew"


async def test_a_slow_reader_gets_the_newest_only(node: KernelNode, reader: UUID) -> None:
    async with open_socket(node, reader, _LAST) as socket:
        await socket.next("sync")
        (subscriber,) = node.hub.subscribers
        assert isinstance(subscriber.link, TransportLink)
        subscriber.link.paused()
        for at in range(1, 50):
            node.tell_latest("a", at)
        subscriber.link.resumed()
        assert _values(await socket.next()) == [49]


async def test_two_nodes_and_a_node_without_nats(node: KernelNode, reader: UUID, settings: Settings) -> None:
    lonely = settings.model_copy(update={"nats_url": SecretStr("nats://127.0.0.1:9")})
    async with run_node(settings, node.database) as other, run_node(lonely, node.database, connected=False) as cut_off:
        for one in (other, cut_off):
            one.rights, one.kept = node.rights, node.kept
        async with open_socket(other, reader, _LAST) as near, open_socket(cut_off, reader, _LAST) as far:
            for socket in (near, far):
                await socket.next("sync")
            node.tell_latest("a", 5)
            assert _values(await near.next("latest"), await far.next("latest", seconds=3)) == [5, 5]
            node.tell_latest("a", 6, keep=False)
            assert _values(await near.next()) == [6]


async def test_nothing_is_kept_for_nobody(node: KernelNode, reader: UUID) -> None:
    async with open_socket(node, reader, _LAST) as socket:
        await socket.next("sync")
        node.tell_latest("a", 1)
        await socket.next("latest")
        await socket.connection.close()
        await eventually(lambda: "last.a" not in node.hub.topics)
        node.tell_latest("a", 2)
        await asyncio.sleep(0)
        assert "last.a" not in node.hub.topics


async def test_a_sampled_topic_is_computed_every_second_while_somebody_follows_it(node: KernelNode) -> None:
    async with open_socket(node, uuid4(), {"sampled": None}) as first, open_socket(node, uuid4(), {"sampled": None}):
        seen = [(await first.next("latest"))["data"]["at"] for _ in range(4)]
        assert seen == sorted(set(seen)), "each newer than the one before"
    await eventually(lambda: "sampled" not in node.hub.topics)
    computed = node.samples
    await asyncio.sleep(1.2)  # longer than its period: that nothing happens takes a while to see
    assert node.samples == computed
