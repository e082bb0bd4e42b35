"""Customers of the demo city: they fill a basket, order and follow, with nothing but the client."""

import random
import time
from collections.abc import Callable

from tiffin.client import Event, Tiffin
from tiffin.client.http import Json
from tiffin.demo.city import Customer, Restaurant, destination
from tiffin.demo.ledger import Ledger, PlacedOrder

# gets one line for whatever is worth telling
Tell = Callable[[str], None]

_ENDS = frozenset({"delivered", "rejected", "expired", "cancelled", "failed"})
_AT_LEAST_CONFIRMED = frozenset({"confirmed", "preparing", "ready", "picked_up", "delivered"})


async def order(
    customer: Customer,
    restaurant: Restaurant,
    ledger: Ledger,
    chance: random.Random,
    tell: Tell,
    on_placed: Callable[[str, Tiffin], None] = lambda order_id, tiffin: None,
) -> PlacedOrder:
    """One order from the basket to its end, as its customer lives it. Raises ProblemError, ConnectionLost."""
    tiffin = customer.person.tiffin
    basket = fill_basket(restaurant, customer, chance)
    bill = await tiffin.price_basket(basket)
    sent_at = time.perf_counter()
    answer = await tiffin.place_order({**basket, "expected_total_minor": bill["total_minor"], "note": ""})
    placed = ledger.placed(answer["order_id"], restaurant.restaurant_id, sent_at)
    on_placed(placed.order_id, tiffin)
    total = f"{bill['total_minor'] / 100:.2f} €"
    tell(f"[blue]+[/] {customer.person.name} orders {answer['number']} at {restaurant.name} for {total}")
    async with tiffin.follow_order(placed.order_id) as events:
        async for event in events:
            if _see(placed, event):
                break
    seconds = time.perf_counter() - sent_at
    if placed.ended_as == "delivered":
        tell(f"[bold green]●[/] {customer.person.name} has {answer['number']} after {seconds:.0f} s")
    else:
        tell(f"[yellow]●[/] {answer['number']} of {customer.person.name} is {placed.ended_as}")
    return placed


def _see(placed: PlacedOrder, event: Event) -> bool:
    """Note what an event tells. True at the end."""
    state = event.data.get("state", "")
    if state in _AT_LEAST_CONFIRMED and placed.confirmed_at is None:
        placed.confirmed_at = time.perf_counter()
    if state in _ENDS:
        placed.ended_as = state
    return state in _ENDS


def fill_basket(restaurant: Restaurant, customer: Customer, chance: random.Random) -> Json:
    """One to three things of the menu, more if they are too cheap, with options as it demands them."""
    minimum_minor = restaurant.menu["restaurant"]["minimum_order_minor"]
    wanted, sum_minor = chance.randint(1, 3), 0
    lines: list[Json] = []
    for item in chance.sample(restaurant.menu["items"], k=len(restaurant.menu["items"])):
        if len(lines) >= wanted and sum_minor >= minimum_minor:
            break
        quantity = chance.choice((1, 1, 1, 2))
        lines.append({"menu_item_id": item["id"], "quantity": quantity, "option_ids": _choose(item, chance)})
        sum_minor += quantity * item["price_minor"]
    return {
        "restaurant_id": restaurant.restaurant_id,
        "lines": lines,
        "destination": destination(customer.doorstep),
        "tip_minor": chance.choice((0, 0, 100, 200)),
    }


def _choose(item: Json, chance: random.Random) -> list[str]:
    chosen: list[str] = []
    for group in item["option_groups"]:
        count = chance.randint(group["min_choices"], min(group["max_choices"], group["min_choices"] + 1))
        chosen += [option["id"] for option in chance.sample(group["options"], k=count)]
    return chosen
