"""Real people beside the simulated ones: their orders are cooked, and a kitchen is theirs while they are in it."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.waiting import eventually

from tiffin.client.http import open_http
from tiffin.demo import support
from tiffin.demo.city import City, Seeding, populate
from tiffin.demo.kitchen import Kitchen
from tiffin.demo.ledger import Ledger
from tiffin.demo.people import fill_basket
from tiffin.demo.simulate import _ENVIRONMENT
from tiffin.demo.system import run_system
from tiffin.demo.visitors import Visitor, invite, keep_links_fresh


@dataclass
class Scene:
    origin: str
    pool: httpx.AsyncClient
    city: City
    customer: Visitor
    cook: Visitor
    agent: Visitor
    kitchen: Kitchen
    said: list[str]

    @property
    def restaurant_id(self) -> str:
        return self.kitchen.restaurant.restaurant_id

    async def order(self) -> str:
        """The visitor orders in the first restaurant."""
        tiffin = self.customer.person.tiffin
        basket = fill_basket(self.kitchen.restaurant, self.city.customers[0], random.Random(7))
        bill = await tiffin.price_basket(basket)
        order_id: str = (await tiffin.place_order({**basket, "expected_total_minor": bill["total_minor"]}))["order_id"]
        return order_id

    async def state(self, order_id: str) -> str:
        state: str = (await self.customer.person.tiffin.get_order(order_id))["state"]
        return state


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("visitors")
    folder.chmod(0o755)  # PostgreSQL passes through as another user
    return folder


@pytest.fixture(scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = _folder(tmp_path_factory)
    said: list[str] = []
    async with run_system(folder, _ENVIRONMENT) as system, open_http() as pool:
        city = await populate(
            pool,
            [system.origin],
            restaurants=1,
            staff=2,
            customers=1,
            make_administrator=lambda email: system.grant(email, "admin"),
        )
        seeding = Seeding(pool, [system.origin])
        customer, cook, agent, _ = await invite(seeding, city)
        chance = random.Random(1)
        kitchen = Kitchen(city.restaurants[0], Ledger(), chance, said.append, patience_seconds=1.0, pace=0.01)
        working = asyncio.create_task(kitchen.run())
        await kitchen.wait_ready()
        yield Scene(system.origin, pool, city, customer, cook, agent, kitchen, said)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_a_visitors_order_is_cooked(scene: Scene) -> None:
    order_id = await scene.order()
    await eventually(lambda: _is(scene, order_id, "delivered"))
    assert not scene.kitchen.visited


async def test_the_kitchen_is_the_visitors_while_they_are_in_it(scene: Scene) -> None:
    tiffin = scene.cook.person.tiffin
    board = f"restaurant.{scene.restaurant_id}"
    position = (await tiffin.list_tickets(scene.restaurant_id))["position"]
    async with tiffin.live({board: position}, device="visitor") as live:
        await eventually(lambda: scene.kitchen.visited)
        order_id = await scene.order()
        async for event in live:
            if event.type == "ticket.created":
                await live.command("ticket.accept", {"ticket_id": order_id, "minutes": 33})
                break
        accepted = {ticket["ticket_id"]: ticket["status"] for ticket in await _tickets(scene)}[order_id]
        assert (accepted["minutes"], accepted["answered_by_name"]) == (33, "Kaisa Kitchen")
        await eventually(lambda: _is(scene, order_id, "delivered"), seconds=15)
        assert any("takes over" in line for line in scene.said), "nobody did the rest, so the staff did"
    await eventually(lambda: not scene.kitchen.visited)


async def test_a_question_is_answered_and_solved(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "_SECONDS", (0.01, 0.05))
    chance = random.Random(1)
    working = asyncio.create_task(support.Agent(scene.agent.person, chance, scene.said.append).run())
    await support.ask(scene.city.customers[0], chance, scene.said.append)
    assert any("has solved" in line for line in scene.said)
    tiffin = scene.city.customers[0].person.tiffin
    (conversation,) = (await tiffin.list_conversations())["items"]
    authors = [m["author"] for m in (await tiffin.get_conversation(conversation["conversation_id"]))["messages"]]
    assert authors == ["customer", "system", "agent", "customer", "agent", "customer", "system"]
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_link_logs_in_once_and_the_next_one_follows(scene: Scene) -> None:
    links: asyncio.Queue[str] = asyncio.Queue()
    telling = asyncio.create_task(
        keep_links_fresh(scene.origin, [scene.customer], lambda app, link: links.put_nowait(link))
    )
    try:
        async with asyncio.timeout(10):
            first = await links.get()
            assert first.startswith(f"{scene.origin}/#code=")
            code = {"code": first.partition("#code=")[2], "kind": "browser"}
            answer = await scene.pool.post(f"{scene.origin}/v1/sessions/code", json=code)
            assert answer.status_code == 201
            assert answer.json()["account_id"] == scene.customer.person.tiffin.account_id
            assert "tiffin_session" in answer.headers["set-cookie"]
            again = await scene.pool.post(f"{scene.origin}/v1/sessions/code", json=code)
            assert (again.status_code, again.json()["code"]) == (401, "invalid_login_code")
            assert await links.get() != first
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _is(scene: Scene, order_id: str, state: str) -> bool:
    return await scene.state(order_id) == state


async def _tickets(scene: Scene) -> list[Any]:
    tiffin = scene.cook.person.tiffin
    tickets: list[Any] = (await tiffin.list_tickets(scene.restaurant_id, state="all"))["tickets"]
    return tickets
