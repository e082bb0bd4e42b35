"""Couriers on two nodes: whatever is pressed where, an order is with one of them, and NATS is not needed for it."""

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from tests.e2e.cluster import Cluster, order_body
from tests.waiting import eventually

from tiffin.client import CommandError, Event, Live, ProblemError, Tiffin
from tiffin.client.http import Json
from tiffin.demo.city import City, Customer, Person
from tiffin.demo.courier import Courier, Doors
from tiffin.demo.helsinki import Site

_ORDERS = 6


class Phones:
    """A courier with a phone on each node. Offers are accepted on both at once, some when they are about to end."""

    def __init__(self, cluster: Cluster, person: Person, chance: random.Random) -> None:
        self.name = person.name
        self.person = person
        self.topic = f"courier.{person.tiffin.account_id}"
        # what the first phone was given
        self.events: list[Event] = []
        # numbers of the phones that were told yes, by offer
        self.taken: dict[str, int] = defaultdict(int)
        # answers that are not known yet
        self.pressing = 0
        # keeps what was got
        self.is_content = False
        self._chance = chance
        self.devices: list[Tiffin] = [
            cluster.at(person, *cluster.nodes[number:], *cluster.nodes[:number]) for number in range(2)
        ]
        self.lives: list[Live] = [tiffin.live({self.topic: None}, device=person.name) for tiffin in self.devices]

    async def follow(self, number: int) -> None:
        """One phone; until cancelled."""
        async with asyncio.TaskGroup() as presses:
            async for event in self.lives[number]:
                if number == 0:
                    self.events.append(event)
                if event.type == "offer.made":
                    self.pressing += 1
                    presses.create_task(self._accept(number, event.data["offer"]))

    async def _accept(self, number: int, offer: Json) -> None:
        if random.Random(offer["offer_id"]).random() < 0.2:  # both phones wait for the last moment
            ends = datetime.fromisoformat(offer["expires_at"]) - datetime.now(UTC)
            await asyncio.sleep(ends.total_seconds() + self._chance.uniform(-0.02, 0.1))
        try:
            await self.lives[number].command("offer.accept", {"offer_id": offer["offer_id"]}, idempotent=True)
        except CommandError as error:
            if error.code != "offer_gone":
                raise
        else:
            self.taken[offer["offer_id"]] += 1
            if self._chance.random() < 0.1 and not self.is_content:
                with contextlib.suppress(ProblemError):  # the other phone was faster
                    await self.devices[number].end_assignment(offer["order_id"], "unassign", "Flat tyre")
        finally:
            self.pressing -= 1

    async def report(self, number: int, latitude: float, longitude: float, *, seconds_ago: float = 0) -> None:
        """Where the courier was, by one of the phones."""
        at = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()
        where = {"latitude": latitude, "longitude": longitude, "accuracy_meters": 5, "at": at}
        await self.lives[number].command("location.report", {"reports": [where]}, idempotent=True)

    def has_seen(self, seq: int) -> bool:
        """Whether the first phone was given everything up to there."""
        return self.events[-1].seq >= seq

    async def orders(self) -> set[str]:
        """What the courier has, as the server says."""
        return {one["order_id"] for one in (await self.person.tiffin.get_courier())["assignments"]}


@contextlib.asynccontextmanager
async def _on_duty(couriers: list[Phones], city: City) -> AsyncIterator[None]:
    """All phones connected and following. Nobody and nothing is left for the tests that follow."""
    async with contextlib.AsyncExitStack() as stack:
        for courier in couriers:
            await courier.person.tiffin.set_duty(True)
            for live in courier.lives:
                await stack.enter_async_context(live)
        following = [asyncio.create_task(courier.follow(number)) for courier in couriers for number in range(2)]
        try:
            for courier in couriers:
                for live in courier.lives:
                    await eventually(live.live.is_set)
            yield
            for task in following:
                if task.done():
                    task.result()
        finally:
            await _call_off(city)
            for courier in couriers:
                with contextlib.suppress(ProblemError):  # a test that failed left food on board
                    await courier.person.tiffin.set_duty(False)
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)


async def _call_off(city: City) -> None:
    """Every order that no courier has fetched."""
    for restaurant in city.restaurants:
        owner = restaurant.owner.tiffin
        for ticket in (await owner.list_tickets(restaurant.restaurant_id))["tickets"]:
            with contextlib.suppress(ProblemError):
                await owner.answer_ticket(ticket["ticket_id"], "cancel", {"reason": "Closed"})


async def _confirm(cluster: Cluster, city: City, number: int, **changes: Json) -> str:
    """An order of a customer (by `number`) that is looked for a courier for, by one node or the other."""
    restaurant, customer = city.restaurants[number % 2], _customer(city, number)
    tiffin = cluster.at(customer.person, *cluster.nodes[number % 2 :], *cluster.nodes[: number % 2])
    order = await tiffin.place_order(await order_body(tiffin, restaurant, customer) | changes)
    order_id: str = order["order_id"]
    staff = cluster.at(restaurant.staff[0], *cluster.nodes)

    async def accepted() -> bool:
        try:
            await staff.answer_ticket(order_id, "accept", {"minutes": 5})
        except ProblemError as error:
            if error.code != "ticket_not_found":
                raise
            return False
        return True

    await eventually(accepted)
    return order_id


def _customer(city: City, number: int) -> Customer:
    return city.customers[number % 3]


def _is_with_one_at_a_time(order_id: str, couriers: list[Phones]) -> bool:
    """Between two couriers who got it there is the end of the first one's assignment."""
    steps: list[tuple[str, str, str]] = []
    for courier in couriers:
        for event in courier.events:
            if event.type == "assignment.made" and event.data["assignment"]["order_id"] == order_id:
                steps.append((event.at, "made", courier.name))
            if event.type == "assignment.ended" and event.data["order_id"] == order_id:
                steps.append((event.at, "ended", courier.name))
    steps.sort()
    assert [what for _, what, _ in steps] == (["made", "ended"] * len(steps))[: len(steps)], steps
    return all(first[2] == second[2] for first, second in pairwise(steps) if second[1] == "ended")


@pytest.mark.parametrize("with_nats", [True, False])
async def test_an_order_is_with_one_courier(cluster: Cluster, city: City, with_nats: bool) -> None:
    chance = random.Random(11)
    couriers = [Phones(cluster, person, chance) for person in city.couriers]
    async with _on_duty(couriers, city):
        if not with_nats:
            cluster.nats.kill()
            await cluster.nats.wait()
        latitude, longitude = await _place_of(city)
        for courier in couriers:
            await courier.report(chance.randrange(2), latitude + chance.uniform(-0.01, 0.01), longitude)
        orders = await asyncio.gather(*(_confirm(cluster, city, number) for number in range(_ORDERS)))

        async def all_taken() -> bool:
            held[:] = [await courier.orders() for courier in couriers]
            return set().union(*held) >= set(orders)

        held: list[set[str]] = []
        await eventually(all_taken, seconds=40)
        for courier in couriers:
            courier.is_content = True
        await eventually(lambda: not any(courier.pressing for courier in couriers))
        await eventually(all_taken, seconds=40)
        assert sum(len(mine & set(orders)) for mine in held) == _ORDERS, "each of them is with one courier"
        for order_id, number in zip(orders, range(_ORDERS), strict=True):
            delivery = await _customer(city, number).person.tiffin.get_delivery(order_id)
            (holder,) = (courier for courier, mine in zip(couriers, held, strict=True) if order_id in mine)
            assert delivery["courier"]["name"] == holder.name.partition(" ")[0]
        if not with_nats:
            await cluster.nats.start()
        for courier in couriers:
            position = (await courier.person.tiffin.get_courier())["position"]
            await eventually(partial(courier.has_seen, int(position.partition(":")[2])))
        assert all(_is_with_one_at_a_time(order_id, couriers) for order_id in orders)
        assert sum(len(courier.taken) for courier in couriers) >= _ORDERS


async def test_a_position_crosses_nodes_without_nats(cluster: Cluster, city: City) -> None:
    """From pick-up on; the courier is on one node and the customer on the other."""
    chance = random.Random(3)
    (courier,) = couriers = [Phones(cluster, city.couriers[0], chance)]
    customer, restaurant = _customer(city, 0), city.restaurants[0]
    async with _on_duty(couriers, city):
        latitude, longitude = await _place_of(city)
        await courier.report(0, latitude, longitude, seconds_ago=5)
        order_id = await _confirm(cluster, city, 0)

        async def is_mine() -> bool:
            return order_id in await courier.orders()

        await eventually(is_mine, seconds=30)
        await restaurant.staff[0].tiffin.answer_ticket(order_id, "advance", {"to": "ready"})
        await courier.devices[0].advance_assignment(order_id, "picked_up")
        cluster.nats.kill()
        await cluster.nats.wait()
        topic = f"order.{order_id}.location"
        async with cluster.at(customer.person, cluster.nodes[1], cluster.nodes[0]).live({topic: None}) as live:
            seen = asyncio.ensure_future(anext(live))
            await eventually(live.live.is_set)
            await courier.report(0, latitude + 0.0001, longitude)
            async with asyncio.timeout(3):
                event = await seen
        assert (event.type, event.data["latitude"]) == ("latest", pytest.approx(latitude + 0.0001))
        await cluster.nats.start()
        code = (await customer.person.tiffin.get_delivery(order_id))["code"]
        await courier.devices[0].advance_assignment(order_id, "delivered", code=code)


async def test_a_courier_of_the_demo_brings_it(cluster: Cluster, city: City) -> None:
    """From the offer to the code at the door, and the customer sees them come."""
    customer, restaurant = _customer(city, 0), city.restaurants[0]
    latitude, longitude = await _place_of(city)
    near = Site("Somewhere", latitude + 0.0002, longitude)
    doors, said = Doors([]), list[str]()
    courier = Courier(city.couriers[1], near, doors, random.Random(5), said.append, pace=0.05)
    riding = asyncio.create_task(courier.run())
    await asyncio.wait_for(courier.ready.wait(), 10)
    destination = {"street": "Next door", "city": "Helsinki", "latitude": latitude + 0.0004, "longitude": longitude}
    order_id = await _confirm(cluster, city, 0, destination=destination)
    seen: list[str] = []
    async with customer.person.tiffin.follow_order(order_id) as stream:
        async for event in stream:
            seen.append(event.type)
            if event.type == "order.courier_arrived":
                await restaurant.staff[0].tiffin.answer_ticket(order_id, "advance", {"to": "ready"})
            if event.type == "order.picked_up":
                doors.placed(order_id, customer.person.tiffin)
            if event.type in ("order.delivered", "order.failed"):
                break
    steps = ["courier_assigned", "courier_arrived", "ready", "picked_up", "delivered"]
    assert [step for step in steps if f"order.{step}" in seen] == steps, seen
    assert any("fetches" in line for line in said)
    riding.cancel()
    await asyncio.gather(riding, return_exceptions=True)
    await city.couriers[1].tiffin.set_duty(False)


async def _place_of(city: City) -> tuple[float, float]:
    """Where the first restaurant stands."""
    restaurant = (await city.customers[0].person.tiffin.get_restaurant(city.restaurants[0].restaurant_id)).data
    return restaurant["latitude"], restaurant["longitude"]
