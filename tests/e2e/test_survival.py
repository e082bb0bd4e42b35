"""Orders keep coming while a part is killed: each is on every staff device in time, and none is there twice."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

import pytest
from tests.e2e.cluster import Cluster, Screen, on_screens, order_body
from tests.waiting import eventually

from tiffin.demo.city import City
from tiffin.demo.ledger import Ledger, PlacedOrder

_ORDERS_PER_SECOND = 8
_BEFORE_SECONDS = 1.0
_AFTER_SECONDS = 2.0
_LATEST_SECONDS = 5.0

Fault = Callable[[], Awaitable[None]]


def _screens(cluster: Cluster, city: City, ledger: Ledger) -> list[Screen]:
    """Two devices a restaurant, one on each node."""
    screens = []
    for restaurant in city.restaurants:
        mine = []
        for number, person in enumerate(restaurant.staff):
            nodes = cluster.nodes[number:] + cluster.nodes[:number]
            mine.append(Screen(person.email, cluster.at(person, *nodes), restaurant, ledger))
        ledger.expect(restaurant.restaurant_id, [screen.name for screen in mine])
        screens += mine
    return screens


async def _place_until(stop: asyncio.Event, cluster: Cluster, city: City, ledger: Ledger) -> None:
    """An order every now and then, on schedule, whether or not the one before is answered."""
    bodies = {
        (place.restaurant_id, buyer.person.email): await order_body(buyer.person.tiffin, place, buyer)
        for place in city.restaurants
        for buyer in city.customers
    }

    async def place(number: int) -> None:
        restaurant = city.restaurants[number % len(city.restaurants)]
        customer = city.customers[number % len(city.customers)]
        begin = number % len(cluster.nodes)
        tiffin = cluster.at(customer.person, *cluster.nodes[begin:], *cluster.nodes[:begin])
        sent_at = time.perf_counter()
        order = await tiffin.place_order(bodies[restaurant.restaurant_id, customer.person.email])
        ledger.placed(order["order_id"], restaurant.restaurant_id, sent_at)

    async with asyncio.TaskGroup() as tasks:
        number = 0
        while not stop.is_set():
            tasks.create_task(place(number))
            number += 1
            await asyncio.sleep(1 / _ORDERS_PER_SECOND)


async def _survive(cluster: Cluster, city: City, fault: Fault) -> list[PlacedOrder]:
    """Place orders before, during and after the fault; nothing may be lost, late or there twice."""
    ledger, stop = Ledger(), asyncio.Event()
    async with on_screens(_screens(cluster, city, ledger)):
        placing = asyncio.create_task(_place_until(stop, cluster, city, ledger))
        await asyncio.sleep(_BEFORE_SECONDS)
        await fault()
        await asyncio.sleep(_AFTER_SECONDS)
        stop.set()
        await placing
        await eventually(lambda: ledger.lost == 0)
    assert ledger.twice == 0
    return list(ledger.orders.values())


async def _is_drained(cluster: Cluster) -> None:
    """The queue works again on every node and nothing is overdue."""

    async def drained() -> bool:
        states = [await cluster.readiness(node) for node in cluster.nodes]
        return all(state["nats"] == "connected" and state["overdue_work"]["rows"] == 0 for state in states)

    await eventually(drained, seconds=20)


def _latest(orders: list[PlacedOrder]) -> float:
    return max(Ledger.latency(order) for order in orders)


async def test_nats_killed(cluster: Cluster, city: City) -> None:
    async def fault() -> None:
        cluster.nats.kill()
        await cluster.nats.wait()
        await asyncio.sleep(4)
        await cluster.nats.start()

    orders = await _survive(cluster, city, fault)
    assert len(orders) > 40
    assert _latest(orders) < _LATEST_SECONDS
    await _is_drained(cluster)
    orders = await _survive(cluster, city, lambda: asyncio.sleep(0))
    assert _latest(orders) < 1.0, "the queue does not carry the work again"


async def test_jetstream_deleted(cluster: Cluster, city: City) -> None:
    async def fault() -> None:
        await cluster.nats.wipe()
        await cluster.nats.start()

    orders = await _survive(cluster, city, fault)
    assert _latest(orders) < _LATEST_SECONDS
    await _is_drained(cluster)
    orders = await _survive(cluster, city, lambda: asyncio.sleep(0))
    assert _latest(orders) < 1.0, "the queue does not carry the work again"


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGKILL])
async def test_a_node_ends(cluster: Cluster, city: City, with_signal: signal.Signals) -> None:
    node = await cluster.start_node()
    cluster.nodes.insert(0, cluster.nodes.pop())  # the one that people use first

    async def fault() -> None:
        await cluster.remove(node, with_signal)

    orders = await _survive(cluster, city, fault)
    assert _latest(orders) < _LATEST_SECONDS
