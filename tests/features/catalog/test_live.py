"""The menu over a real stream: what its followers see, and when it stops."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from tests.features.catalog.world import World
from tests.realtime.harness import KernelNode, open_sse, run_node

from tiffin.base.settings import Settings
from tiffin.db import Database


@pytest.fixture
async def node(settings: Settings, database: Database) -> AsyncIterator[KernelNode]:
    async with run_node(settings, database) as running:
        yield running


@pytest.fixture
async def live_world(node: KernelNode) -> AsyncIterator[World]:
    """The catalog, whose events reach the node's streams."""
    world = World(node.database, node.events)
    node.kinds.all = (*node.kinds.all, *world.feature.topics)
    async with world.client:
        yield world


async def test_unpublishing_stops_everybody_but_members(node: KernelNode, live_world: World) -> None:
    world = live_world
    restaurant_id = await world.restaurant()
    path, topic = f"/restaurants/{restaurant_id}", f"menu.{restaurant_id}"
    since = (await world.do("owner", "GET", f"{path}/menu"))["position"]
    owner: UUID = world.people["owner"].account_id
    stranger = world.person("stranger").account_id
    clients = [await open_sse(node.port, topic, account=who, since=since) for who in (None, stranger, owner)]
    for client in clients:
        assert (await client.event()).data["ok"]
    await world.do("owner", "PUT", f"{path}/busy", {"extra_minutes": 10})
    for client in clients:
        assert (await client.event()).data["data"]["busy_extra_minutes"] == 10
    await world.do("owner", "PATCH", path, {"published": False}, if_match="*")
    await world.do("owner", "PUT", f"{path}/busy", {"extra_minutes": 20})
    *others, member = clients
    for client in others:
        block = await client.event()
        if block.event == "restaurant.unpublished":  # the last thing they may know
            block = await client.event()
        assert (block.event, block.data) == ("sync", {"topic": topic, "ok": False, "reason": "forbidden"})
    assert [(await member.event()).event for _ in range(2)] == ["restaurant.unpublished", "restaurant.busy"]
    await world.do("owner", "PATCH", path, {"published": True}, if_match="*")
    again = await open_sse(node.port, topic)
    assert (await again.event()).data["reason"] == "position"
