"""Orders: placed once, refused with reasons, cancelled by whom, ordered again, and what placing costs."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.features.kitchen.world import DESTINATION, PRICE, TOTAL, World, statements

from tiffin.features.orders import OrderState
from tiffin.features.orders.schemas import OrderCreate

# an hour at which the restaurant of `_open_at_noon` is closed
NIGHT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


async def refusal(world: World, **changes: Any) -> Any:
    """Why an order is refused; nothing of it may be left."""
    before = await rows(world)
    answer = await world.ask("customer", "POST", "/orders", world.basket() | {"expected_total_minor": TOTAL} | changes)
    assert answer.is_error, answer.text
    assert await rows(world) == before
    return answer.json()


async def rows(world: World) -> list[int]:
    """How much there is of all that an order leaves behind."""
    tables = ("customer_order", "order_transition", "event", "work", "idempotency_key")
    return [await world.database.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


# placing


async def test_an_order_is_one_row_two_events_and_one_piece_of_work(world: World) -> None:
    before = await rows(world)
    await world.place(with_ticket=False)
    assert [after - earlier for after, earlier in zip(await rows(world), before, strict=True)] == [1, 1, 2, 1, 1]


async def test_the_same_key_on_many_connections_is_one_order(world: World) -> None:
    body = world.basket() | {"expected_total_minor": TOTAL}
    key = uuid4().hex
    answers = await asyncio.gather(
        *(world.ask("customer", "POST", "/orders", body, idempotency_key=key) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1, "the same bytes"
    assert (await rows(world))[0] == 1
    other = await world.ask("customer", "POST", "/orders", body | {"note": "Other"}, idempotency_key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    neighbour = await world.ask("neighbour", "POST", "/orders", body, idempotency_key=key)
    assert neighbour.json()["order_id"] != answers[0].json()["order_id"], "keys are an account's own"


async def test_a_key_of_a_refused_order_may_be_used_again(world: World) -> None:
    key = uuid4().hex
    body = world.basket() | {"expected_total_minor": 1}
    assert (await world.ask("customer", "POST", "/orders", body, idempotency_key=key)).status_code == 409
    right = body | {"expected_total_minor": TOTAL}
    assert (await world.ask("customer", "POST", "/orders", right, idempotency_key=key)).status_code == 201


async def test_refusals_say_why_and_leave_nothing(world: World) -> None:
    changed = await refusal(world, expected_total_minor=TOTAL - 1)
    assert (changed["code"], changed["bill"]["total_minor"]) == ("price_changed", TOTAL)
    far = await refusal(world, destination=DESTINATION | {"latitude": 60.5})
    assert far["code"] == "out_of_reach"
    assert far["distance_meters"] > far["radius_meters"] == 3000
    gone = await refusal(world, lines=[{"menu_item_id": str(uuid4())}])
    assert (gone["code"], gone["items"][0]["reason"]) == ("items_unavailable", "gone")
    await world.do("staff", "PUT", f"/menu-items/{world.item_id}/sold-out", {"sold_out": True})
    sold_out = await refusal(world)
    assert sold_out["items"] == [{"menu_item_id": world.item_id, "name": "Meatballs", "reason": "sold_out"}]
    await world.do("staff", "PUT", f"/menu-items/{world.item_id}/sold-out", {"sold_out": False})
    await world.do("staff", "PUT", f"/restaurants/{world.restaurant_id}/pause", {"minutes": 30})
    paused = await refusal(world)
    assert paused["code"] == "restaurant_paused"
    assert datetime.fromisoformat(paused["paused_until"]) > datetime.now(UTC)


async def edit(world: World, **changes: Any) -> None:
    await world.do("owner", "PATCH", f"/restaurants/{world.restaurant_id}", changes, if_match="*")


async def test_a_closed_restaurant_says_when_it_opens(world: World) -> None:
    noon = {"monday": [{"opens": "11:00", "closes": "14:00"}]}
    await edit(world, opening_hours=noon)
    world.clock.at = NIGHT
    closed = await refusal(world)
    assert closed["code"] == "restaurant_closed"
    assert datetime.fromisoformat(closed["next_opening_at"]) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    world.clock.at = NIGHT + timedelta(hours=9)
    await world.place()


async def test_below_the_minimum_and_from_it_on(world: World) -> None:
    await edit(world, minimum_order_minor=PRICE + 1)
    low = await refusal(world)
    assert (low["code"], low["minimum_minor"], low["subtotal_minor"]) == ("below_minimum", PRICE + 1, PRICE)
    await edit(world, minimum_order_minor=PRICE)
    await world.place()


async def test_an_unpublished_restaurant_is_unknown(world: World) -> None:
    """What only its members know of is not told by a refusal either."""
    past = await world.place()
    await edit(world, published=False)
    unknown = await refusal(world)
    nonsense = await refusal(world, restaurant_id=str(uuid4()))
    assert unknown["code"] == nonsense["code"] == "restaurant_not_found"
    assert unknown["detail"] == nonsense["detail"]
    assert (await world.ask("customer", "POST", f"/orders/{past}/reorder")).status_code == 404
    assert (await world.order_of(past))["state"] == "placed", "what was ordered stays readable"


async def test_another_restaurants_dish_is_not_on_this_menu(world: World) -> None:
    rival = await world.restaurant("rival_owner", name="Third")
    dish = await world.item(rival, "rival_owner", option_groups=[])
    assert (await refusal(world, lines=[{"menu_item_id": dish["id"]}]))["items"][0]["reason"] == "gone"


async def test_options_are_priced_and_named_and_checked(world: World) -> None:
    dish = await world.item(world.restaurant_id)
    size, extras = dish["option_groups"]
    large, lingonberry = size["options"][1]["id"], extras["options"][1]["id"]

    def lines(*options: str) -> list[dict[str, Any]]:
        return [{"menu_item_id": dish["id"], "quantity": 2, "option_ids": list(options)}]

    body = world.basket(lines=lines(large, lingonberry), tip_minor=100)
    bill = await world.do("customer", "POST", "/baskets/price", body)
    assert bill["lines"][0]["unit_minor"] == 1450 + 300 + 100
    assert [option["name"] for option in bill["lines"][0]["options"]] == ["Large", "Lingonberry"]
    assert bill["total_minor"] == 2 * 1850 + 290 + 100
    assert bill["included_tax_minor"] == round((2 * 1850 + 290) * 14 / 114)
    order = await world.do("customer", "POST", "/orders", body | {"expected_total_minor": bill["total_minor"]})
    assert order["bill"] == bill
    for wrong in ((), (large, large), (large, str(uuid4())), tuple(option["id"] for option in size["options"])):
        problem = await refusal(world, lines=lines(*wrong))
        assert (problem["code"], problem["at_line"]) == ("options_invalid", 0), wrong


async def test_an_order_keeps_the_names_and_prices_it_was_placed_with(world: World) -> None:
    order_id = await world.place()
    before = await world.order_of(order_id)
    changes = {"name": "Köttbullar", "price_minor": 9900}
    await world.do("owner", "PATCH", f"/menu-items/{world.item_id}", changes, if_match="*")
    assert await world.order_of(order_id) == before


async def test_busy_minutes_are_in_the_estimate(world: World) -> None:
    async def minutes() -> float:
        order = await world.order_of(await world.place())
        ready, placed = (datetime.fromisoformat(order[name]) for name in ("ready_at", "placed_at"))
        return (ready - placed).total_seconds() / 60

    usual = await minutes()
    await world.do("staff", "PUT", f"/restaurants/{world.restaurant_id}/busy", {"extra_minutes": 25})
    assert await minutes() == usual + 25


# what happens to it


async def test_history_is_in_the_order_of_things_whatever_a_nodes_clock_says(world: World) -> None:
    order_id = await world.place()
    world.clock.at = datetime.now(UTC) - timedelta(seconds=30)
    await world.must("staff", order_id, "accept", minutes=5)
    await world.must("staff", order_id, "advance", to="preparing")
    assert [step["state"] for step in (await world.order_of(order_id))["history"]] == [
        "placed",
        "confirmed",
        "preparing",
    ]


async def test_who_cancels_as_what(world: World) -> None:
    """An agent who ordered is a customer like any other, with a customer's rights."""
    for name, placed_by, by in (
        ("customer", "customer", "customer"),
        ("agent", "customer", "support"),
        ("admin", "customer", "support"),
        ("agent", "agent", "customer"),
    ):
        order_id = await world.place(placed_by)
        await world.do(name, "POST", f"/orders/{order_id}/cancel", {"reason": "No"})
        order = await world.do(placed_by, "GET", f"/orders/{order_id}")
        assert (order["state"], order["history"][-1]["by"]) == ("cancelled", by)
    for placed_by in ("customer", "agent"):
        order_id = await world.place(placed_by)
        await world.must("staff", order_id, "accept", minutes=5)
        late = await world.ask(placed_by, "POST", f"/orders/{order_id}/cancel", {"reason": "No"})
        assert (late.status_code, late.json()["code"]) == (403, "may_not_cancel"), placed_by


async def test_what_is_on_its_way_nobody_cancels(world: World) -> None:
    order_id = await world.place()
    await world.must("staff", order_id, "accept", minutes=5)
    for to in ("ready", "picked_up"):
        await world.must("staff", order_id, "advance", to=to)
    for name in ("customer", "agent"):
        answer = await world.ask(name, "POST", f"/orders/{order_id}/cancel", {"reason": "No"})
        assert (answer.status_code, answer.json()["code"]) == (409, "order_cannot_change"), name
    assert (await world.act("staff", order_id, "cancel", reason="No")).status_code == 409


async def test_a_receipt_comes_with_delivery(world: World) -> None:
    order_id = await world.place()
    early = await world.ask("customer", "GET", f"/orders/{order_id}/receipt")
    assert (early.status_code, early.json()["state"]) == (409, OrderState.PLACED)
    await world.deliver(order_id)
    receipt = await world.do("customer", "GET", f"/orders/{order_id}/receipt")
    order = await world.order_of(order_id)
    assert (receipt["bill"], receipt["delivered_at"]) == (order["bill"], order["ended_at"])


async def test_ordering_again_is_at_todays_prices_and_names_what_is_not_there(world: World) -> None:
    dish = await world.item(world.restaurant_id, name="Soup", price_minor=900)
    gone = await world.item(world.restaurant_id, name="Herring", option_groups=[])
    small, large = (option["id"] for option in dish["option_groups"][0]["options"])
    lines = [
        {"menu_item_id": world.item_id, "quantity": 3, "note": "No salt"},
        {"menu_item_id": dish["id"], "option_ids": [small]},
        {"menu_item_id": dish["id"], "option_ids": [large]},
        {"menu_item_id": gone["id"]},
    ]
    total = 3 * PRICE + 900 + 1200 + 1450 + 290
    order_id = await world.place(lines=lines, expected_total_minor=total)
    await world.do("owner", "PATCH", f"/menu-items/{world.item_id}", {"price_minor": 1500}, if_match="*")
    await world.do("owner", "DELETE", f"/menu-items/{gone['id']}")
    groups = dish["option_groups"]
    groups[0]["options"] = groups[0]["options"][1:]
    await world.do("owner", "PATCH", f"/menu-items/{dish['id']}", {"option_groups": groups}, if_match="*")
    again = await world.do("customer", "POST", f"/orders/{order_id}/reorder")
    assert [(line["menu_item_id"], line["quantity"]) for line in again["lines"]] == [
        (world.item_id, 3),
        (dish["id"], 1),
    ]
    assert again["unavailable"] == [
        {"menu_item_id": dish["id"], "name": "Soup", "reason": "options"},
        {"menu_item_id": gone["id"], "name": "Herring", "reason": "gone"},
    ]
    assert (again["currency"], again["subtotal_minor"]) == ("EUR", 3 * 1500 + 1200)
    bill = await world.do("customer", "POST", "/baskets/price", world.basket(lines=again["lines"]))
    assert bill["subtotal_minor"] == again["subtotal_minor"], "it can be ordered as it is"


async def test_history_pages_neither_repeat_nor_hide(world: World) -> None:
    ids = [await world.place(with_ticket=False) for _ in range(5)]
    await world.place("neighbour", with_ticket=False)
    read: list[str] = []
    path = "/orders?limit=2"
    while True:
        page = await world.do("customer", "GET", path)
        read += [order["order_id"] for order in page["items"]]
        if page["next_cursor"] is None:
            break
        await world.place(with_ticket=False)  # a newer one comes meanwhile
        path = f"/orders?limit=2&cursor={page['next_cursor']}"
    assert read == ids[::-1]


# what it costs


async def test_round_trips_of_placing(world: World) -> None:
    """A hundred orders a second on two cores: each statement more is felt."""
    body = OrderCreate.model_validate(world.basket() | {"expected_total_minor": TOTAL})
    await world.orders.place(world.people["customer"], body)
    async with statements(world.database) as seen:
        await world.orders.place(world.people["customer"], body)
    assert 0 < len(seen) <= 5, seen
    lines = [{"menu_item_id": world.item_id}] * 40
    large = OrderCreate.model_validate(world.basket(lines=lines) | {"expected_total_minor": 40 * PRICE + 290})
    async with statements(world.database) as seen:
        order, _ = await world.orders.place(world.people["customer"], large)
    assert 0 < len(seen) <= 5, "however many lines"
    async with statements(world.database) as seen:
        await world.orders.read_snapshot(world.people["customer"], UUID(str(order.id)))
    assert 0 < len(seen) <= 3, seen
