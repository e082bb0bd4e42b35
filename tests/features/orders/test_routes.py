"""Who may what with orders, and bodies that no customer would send."""

from typing import Any
from uuid import uuid4

import pytest
from tests.features.kitchen.world import DESTINATION, TOTAL, World

CUSTOMER = ("customer",)
STAFF = ("staff", "manager", "owner")
SUPPORT = ("agent", "admin")

ENDPOINTS: list[tuple[str, str, Any, tuple[str, ...]]] = [
    ("GET", "/orders/{id}", None, CUSTOMER + STAFF + SUPPORT),
    ("GET", "/orders/{id}/receipt", None, CUSTOMER),
    ("POST", "/orders/{id}/reorder", None, CUSTOMER),
    ("POST", "/orders/{id}/cancel", {"reason": "No"}, CUSTOMER + SUPPORT),
]


@pytest.mark.parametrize(("method", "path", "body", "who"), ENDPOINTS, ids=lambda value: str(value)[:20])
async def test_who_may(world: World, method: str, path: str, body: Any, who: tuple[str, ...]) -> None:
    order_id = await world.place()
    assert (await world.ask(None, method, path.format(id=order_id), body)).status_code == 401
    for name in world.people:
        order_id = await world.place()
        answer = await world.ask(name, method, path.format(id=order_id), body)
        if name in who:
            assert answer.status_code in (200, 409), (name, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found"), name
            assert (await world.order_of(order_id))["state"] == "placed"
    missing = await world.ask("admin", method, path.format(id=uuid4()), body)
    assert missing.json()["code"] == "order_not_found"
    assert (await world.ask("customer", method, path.format(id="not-an-id"), body)).status_code == 422


async def test_lists_are_ones_own(world: World) -> None:
    order_id = await world.place()
    for name in world.people:
        listed = (await world.do(name, "GET", "/orders"))["items"]
        assert [order["order_id"] for order in listed] == ([order_id] if name == "customer" else []), name
    assert (await world.ask(None, "GET", "/orders")).status_code == 401


async def test_prices_and_orders_are_for_people_with_an_account(world: World) -> None:
    assert (await world.ask(None, "POST", "/baskets/price", world.basket())).status_code == 401
    assert (await world.ask(None, "POST", "/orders", world.basket() | {"expected_total_minor": 1})).status_code == 401
    for name in world.people:
        assert (await world.do(name, "POST", "/baskets/price", world.basket()))["total_minor"] == TOTAL


def _hostile(world: World) -> list[dict[str, Any]]:
    line = {"menu_item_id": world.item_id, "quantity": 1}
    return [
        {"lines": []},
        {"lines": None},
        {"lines": {}},
        {"lines": [line] * 101},
        {"lines": [line | {"quantity": 0}]},
        {"lines": [line | {"quantity": -1}]},
        {"lines": [line | {"quantity": 100}]},
        {"lines": [line | {"quantity": 1.5}]},
        {"lines": [line | {"quantity": 10**40}]},
        {"lines": [line | {"price_minor": 1}]},
        {"lines": [line | {"menu_item_id": "soup"}]},
        {"lines": [line | {"option_ids": ["large"]}]},
        {"lines": [line | {"option_ids": [str(uuid4())] * 51}]},
        {"lines": [line | {"note": "a\x00b"}]},
        {"lines": [line | {"note": "x" * 301}]},
        {"destination": DESTINATION | {"latitude": 90.1}},
        {"destination": DESTINATION | {"longitude": float("nan")}},
        {"destination": DESTINATION | {"longitude": float("inf")}},
        {"destination": DESTINATION | {"street": " "}},
        {"destination": DESTINATION | {"street": "\ud800"}},
        {"destination": DESTINATION | {"city": "a\x00"}},
        {"destination": DESTINATION | {"floor": 3}},
        {"tip_minor": -1},
        {"tip_minor": 10**9},
        {"tip_minor": "much"},
        {"restaurant_id": "here"},
        {"total_minor": 1},
    ]


async def test_hostile_baskets_are_refused_by_both_endpoints(world: World) -> None:
    extras: list[dict[str, Any]] = [
        {"expected_total_minor": -1},
        {"expected_total_minor": 10**30},
        {"expected_total_minor": None},
        {"note": "\x00"},
        {"note": "x" * 301},
        {"customer_id": str(uuid4())},
        {"state": "delivered"},
    ]
    for changes in _hostile(world):
        answer = await world.ask("customer", "POST", "/baskets/price", world.basket() | changes)
        assert answer.status_code == 422, (changes, answer.text)
    for changes in _hostile(world) + extras:
        body = world.basket() | {"expected_total_minor": TOTAL} | changes
        answer = await world.ask("customer", "POST", "/orders", body)
        assert answer.status_code == 422, (changes, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert await world.database.pool.fetchval("SELECT count(*) FROM customer_order") == 0


async def test_an_order_needs_a_key(world: World) -> None:
    body = world.basket() | {"expected_total_minor": TOTAL}
    answer = await world.ask("customer", "POST", "/orders", body, idempotency_key="short")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_missing")


@pytest.mark.parametrize("reason", ["", "   ", "a\x00", "x" * 301, None, 5])
async def test_hostile_reasons(world: World, reason: Any) -> None:
    order_id = await world.place()
    answer = await world.ask("customer", "POST", f"/orders/{order_id}/cancel", {"reason": reason})
    assert answer.status_code == 422
    assert (await world.order_of(order_id))["state"] == "placed"


@pytest.mark.parametrize("cursor", ["", "x", "WyJhIl0", "WzFd", "bnVsbA", "W251bGxd", "x" * 513])
async def test_cursors_that_were_not_given_out(world: World, cursor: str) -> None:
    assert (await world.ask("customer", "GET", f"/orders?cursor={cursor}")).status_code == 422
