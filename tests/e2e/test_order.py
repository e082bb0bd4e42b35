"""The whole order on two nodes: every step reaches every device, on whichever node it is."""

import asyncio

import pytest
from tests.e2e.cluster import Cluster, Screen, on_screens, order_body
from tests.waiting import eventually

from tiffin.client import CommandError, Event, EventStream, ProblemError
from tiffin.demo.city import City
from tiffin.demo.ledger import Ledger

_STEPS = ["preparing", "ready", "picked_up", "delivered"]


async def _collect(stream: EventStream, types: list[str], events: list[Event]) -> None:
    async with stream:
        async for event in stream:
            types.append(event.type)
            events.append(event)


async def test_an_order_from_the_basket_to_the_door(cluster: Cluster, city: City) -> None:
    first, second = cluster.nodes
    restaurant, customer, ledger = city.restaurants[0], city.customers[0], Ledger()
    here, there = cluster.at(customer.person, first, second), cluster.at(customer.person, second, first)
    screens = [
        Screen("first", cluster.at(restaurant.staff[0], first, second), restaurant, ledger),
        Screen("second", cluster.at(restaurant.staff[1], second, first), restaurant, ledger),
    ]
    ledger.expect(restaurant.restaurant_id, [screen.name for screen in screens])
    phone: list[Event] = []
    other_phone = there.follow([f"user.{here.account_id}"])
    following = asyncio.create_task(_collect(other_phone, [], phone))
    await eventually(other_phone.live.is_set)

    async with on_screens(screens):
        body = await order_body(here, restaurant, customer)
        order = await here.place_order(body, key="the-same-key")
        again = await there.place_order(body, key="the-same-key")  # a retry on the other node
        assert again["order_id"] == order["order_id"]
        order_id: str = order["order_id"]
        placed = ledger.placed(order_id, restaurant.restaurant_id, 0.0)
        await eventually(lambda: ledger.is_on_screens(placed))

        types: list[str] = []
        events: list[Event] = []
        tracking = asyncio.create_task(_collect(there.follow_order(order_id), types, events))
        await eventually(lambda: types == ["snapshot"])
        assert events[0].data["state"] == "placed"

        # two people at once: one wins, the other is told who
        accept = {"ticket_id": order_id, "minutes": 20}
        answers = await asyncio.gather(
            *(screen.live.command("ticket.accept", accept) for screen in screens), return_exceptions=True
        )
        refusals = [answer for answer in answers if isinstance(answer, CommandError)]
        assert [refusal.code for refusal in refusals] == ["ticket_already_answered"]
        winner = next(answer["status"]["answered_by_name"] for answer in answers if isinstance(answer, dict))
        assert refusals[0].details["answered_by_name"] == winner
        for number, state in enumerate(_STEPS):
            await screens[number % 2].live.command("ticket.advance", {"ticket_id": order_id, "to": state})

        tracked = ["snapshot", "order.confirmed", *(f"order.{state}" for state in _STEPS)]
        await eventually(lambda: types == tracked)
        ticket = ["ticket.created", "ticket.accepted", *["ticket.advanced"] * 4]
        for screen in screens:
            await eventually(lambda screen=screen: screen.types(order_id) == ticket)  # type: ignore[misc]
        await eventually(lambda: len(phone) == 6)
        tracking.cancel()
    following.cancel()

    assert [event.data["order"]["state"] for event in phone] == ["placed", "confirmed", *_STEPS]
    assert ledger.twice == 0
    final = await here.get_order(order_id)
    assert [step["state"] for step in final["history"]] == ["placed", "confirmed", *_STEPS]
    assert (await there.list_orders())["items"][0]["order_id"] == order_id


async def test_others_see_nothing_of_it(cluster: Cluster, city: City) -> None:
    restaurant, customer, stranger = city.restaurants[0], city.customers[0], city.customers[1]
    order = await customer.person.tiffin.place_order(await order_body(customer.person.tiffin, restaurant, customer))
    with pytest.raises(ProblemError) as caught:
        await stranger.person.tiffin.get_order(order["order_id"])
    assert caught.value.status == 404
    with pytest.raises(ProblemError) as caught:
        async with asyncio.timeout(5):
            await anext(stranger.person.tiffin.follow_order(order["order_id"]))
    assert caught.value.status in (403, 404)
    neighbour = city.restaurants[1].staff[0]
    async with neighbour.tiffin.live({f"restaurant.{restaurant.restaurant_id}": None}) as live:
        with pytest.raises(Exception, match="forbidden"):
            async with asyncio.timeout(5):
                await anext(live)
        with pytest.raises(ProblemError):
            await neighbour.tiffin.answer_ticket(order["order_id"], "accept", {"minutes": 20})
