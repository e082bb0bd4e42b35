"""`orders`: place → every staff socket → accept → the customer's SSE, over the public API.

An open-loop schedule: an order is due every 1/rate seconds whatever became of the ones before, and latency counts
from the moment the client sends to the moment the other client's bytes have arrived, by one clock. How late the
sending itself was is reported as `late_p99_ms` (coordinated omission). Two devices a restaurant acknowledge every
ticket, one accepts it at once; every customer follows every order on a stream of its own.

An order keeps four programs busy: Tiffin (web, relay and consumers in one process), PostgreSQL, NATS and the load. On
three cores or more the load has one of its own; on two all share both.

Figures: `p50_ms`, `p99_ms` (send to the last of the restaurant's sockets, at 100 orders/s, medians of rounds),
`confirmed_p50_ms`, `confirmed_p99_ms` (send to `order.confirmed` at the customer), `lost`, `twice`,
`cpu_ms_python`, `_postgres`, `_nats` and `_load` (processor time an order costs each), `orders_per_second_max` (the
highest rate at which p99 stays below 1 s and the schedule is kept).
"""

import asyncio
import contextlib
import itertools
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from tiffin.bench.machine import cpu_by_part
from tiffin.bench.result import Result, describe_environment, median, usable_cores
from tiffin.client import CommandError, ConnectionLost, Live, ProblemError
from tiffin.client.http import Json, open_http
from tiffin.demo.city import City, Customer, Person, Restaurant, populate
from tiffin.demo.ledger import Ledger, PlacedOrder, percentile
from tiffin.demo.people import fill_basket
from tiffin.demo.system import System, run_system

_RATE = 100.0
_ROUNDS = 5
_ROUND_SECONDS = 5.0
# a cold system falls behind at the full rate, and first has to catch up: that is another question
_WARM_UP_SHARES = (0.4, 0.6, 0.8, 1.0)
_WARM_UP_SECONDS = 2.5
_STEP = 1.125
_MOST_SECONDS = 1.0
_SETTLE_TICKS = 1000  # of 0.01 s
_RESTAURANTS, _CUSTOMERS = 24, 48
_ENVIRONMENT = {"TIFFIN_REGISTER_ATTEMPTS_PER_HOUR": "100000", "TIFFIN_LOG_LEVEL": "error"}

Say = Callable[[str], None]


async def measure(say: Say) -> Result:
    """Run it on a system of its own."""
    environment, cores = describe_environment(), usable_cores()
    can_pin = hasattr(os, "sched_setaffinity") and len(cores) > 1
    shared = cores if len(cores) < 3 else cores[:-1]
    with tempfile.TemporaryDirectory(prefix="tiffin-bench-", ignore_cleanup_errors=True) as name:
        async with run_system(Path(name), _ENVIRONMENT) as system, open_http() as pool:
            say("Seeding")
            city = await populate(pool, [system.origin], restaurants=_RESTAURANTS, customers=_CUSTOMERS)
            async with open_order_load(city, pool) as load:
                if can_pin:
                    _pin(system, shared, cores if len(cores) < 3 else cores[-1:])
                figures = await _measure(load, system, say)
                if can_pin:
                    _pin(system, cores, cores)
                figures |= {"lost": load.ledger.lost, "twice": load.ledger.twice, "refused": load.refused}
    note = f"four programs on {len(cores)} cores" if len(cores) < 3 else f"the load has core {cores[-1]} of its own"
    return Result("orders", figures, environment, (note, *load.notes))


def _pin(system: System, server: Sequence[int], load: Sequence[int]) -> None:
    """Keep the servers to some cores and this process to others."""
    os.sched_setaffinity(0, load)
    for process in (psutil.Process(system.process.pid), *psutil.Process(system.process.pid).children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            for thread in process.threads():
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    os.sched_setaffinity(thread.id, server)


async def _measure(load: "OrderLoad", system: System, say: Say) -> dict[str, float | int]:
    for share in _WARM_UP_SHARES:
        await load.run(_RATE * share, _WARM_UP_SECONDS)
    before, rounds = _cpu_seconds(system), []
    for number in range(_ROUNDS):
        rounds.append(await load.run(_RATE, _ROUND_SECONDS))
        say(f"{_RATE:.0f} orders/s, round {number + 1}: {rounds[-1]}")
    after, count = _cpu_seconds(system), sum(one.count for one in rounds)
    cpu = {f"cpu_ms_{part}": round((after[part] - before[part]) * 1000 / count, 2) for part in after}
    return {
        "p50_ms": median(one.p50_ms for one in rounds),
        "p99_ms": median(one.p99_ms for one in rounds),
        "confirmed_p50_ms": median(one.confirmed_p50_ms for one in rounds),
        "confirmed_p99_ms": median(one.confirmed_p99_ms for one in rounds),
        "late_p99_ms": median(one.late_p99_ms for one in rounds),
        **cpu,
        "orders_per_second_max": round(await _find_most(load, say)),
    }


async def _find_most(load: "OrderLoad", say: Say) -> float:
    """The highest rate that is kept up, in steps of an eighth from half the usual rate upwards."""
    kept = 0.0
    for step in itertools.count():
        rate = _RATE / 2 * _STEP**step
        outcome = await load.run(rate, _ROUND_SECONDS)
        say(f"{rate:.0f} orders/s: {outcome}")
        if not outcome.kept_up:
            return kept
        kept = rate
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class Round:
    """What one stretch of load saw."""

    count: int
    p50_ms: float
    p99_ms: float
    confirmed_p50_ms: float
    confirmed_p99_ms: float
    late_p99_ms: float
    refused: int
    # of each order to the last screen, in seconds
    shown: Sequence[float]

    @property
    def kept_up(self) -> bool:
        """False if the server was too slow, or the load could not be sent on time."""
        limit_ms = _MOST_SECONDS * 1000
        return max(self.p99_ms, self.late_p99_ms) <= limit_ms and not self.refused

    def __str__(self) -> str:
        return (
            f"to the last screen p50 {self.p50_ms:.0f} ms, p99 {self.p99_ms:.0f} ms; confirmed at the customer p99 "
            f"{self.confirmed_p99_ms:.0f} ms; sent late p99 {self.late_p99_ms:.0f} ms; refused {self.refused}"
        )


class OrderLoad:
    """Customers and devices, ready."""

    def __init__(self, city: City) -> None:
        self.ledger = Ledger()
        self.refused = 0
        self.notes: list[str] = []
        self._city = city
        self._devices: list[Live] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._lateness: list[float] = []
        self._placed: list[PlacedOrder] = []
        self._bodies: list[tuple[Restaurant, Customer, Json]] = []

    async def prepare(self, stack: contextlib.AsyncExitStack) -> None:
        """Connect every device, price every basket."""
        for restaurant in self._city.restaurants:
            for number, person in enumerate(restaurant.staff):
                await stack.enter_async_context(self._device(restaurant, person, accepts=number == 0))
            self.ledger.expect(restaurant.restaurant_id, [person.email for person in restaurant.staff])
        for device in self._devices:
            await device.live.wait()
        chance = random.Random(1)
        for restaurant, customer in zip(self._city.restaurants * 2, self._city.customers, strict=True):
            basket = fill_basket(restaurant, customer, chance)
            bill = await customer.person.tiffin.price_basket(basket)
            body = {**basket, "expected_total_minor": bill["total_minor"], "note": ""}
            self._bodies.append((restaurant, customer, body))

    def _device(self, restaurant: Restaurant, person: Person, *, accepts: bool) -> Live:
        topic = f"restaurant.{restaurant.restaurant_id}"

        async def load(_: str) -> str:
            return str((await person.tiffin.list_tickets(restaurant.restaurant_id))["position"])

        live = person.tiffin.live({topic: None}, device=person.name, snapshot=load)
        self._devices.append(live)
        self._start(self._work_at(live, person, accepts=accepts))
        return live

    async def _work_at(self, live: Live, person: Person, *, accepts: bool) -> None:
        async for event in live:
            if event.type == "ticket.created":
                ticket_id = event.data["ticket"]["ticket_id"]
                self.ledger.shown(ticket_id, person.email, as_new=True)
                self._start(self._say(live, "ticket.acknowledge", {"ticket_id": ticket_id, "state": "received"}))
                if accepts:
                    self._start(self._say(live, "ticket.accept", {"ticket_id": ticket_id, "minutes": 20}))

    async def _say(self, live: Live, name: str, data: Json) -> None:
        try:
            await live.command(name, data, idempotent=True, timeout=60.0)
        except CommandError as error:
            self._refuse(f"{name}: {error}")

    async def run(self, rate: float, seconds: float) -> Round:
        """Place orders on schedule, then wait until all have arrived everywhere."""
        self._lateness, self._placed, refused = [], [], self.refused
        begin, count = time.perf_counter() + 0.1, int(rate * seconds)
        for number in range(count):
            due = begin + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self._start(self._order(number, due))
        for _ in range(_SETTLE_TICKS):
            await asyncio.sleep(0.01)
            if self._has_settled(count - (self.refused - refused)):
                break
        return self._sum_up(self.refused - refused)

    def _has_settled(self, count: int) -> bool:
        return len(self._placed) >= count and all(
            placed.confirmed_at is not None and self.ledger.is_on_screens(placed) for placed in self._placed
        )

    def _sum_up(self, refused: int) -> Round:
        shown = [self.ledger.latency(placed) for placed in self._placed if self.ledger.is_on_screens(placed)]
        confirmed = [one.confirmed_at - one.sent_at for one in self._placed if one.confirmed_at is not None]
        missing = len(self._placed) - min(len(shown), len(confirmed))
        if missing:
            self._note(
                f"{missing} orders had not arrived everywhere {_SETTLE_TICKS / 100:.0f} s after the last was sent"
            )
        return Round(
            len(self._placed),
            _ms(shown, 0.5),
            _ms(shown, 0.99),
            _ms(confirmed, 0.5),
            _ms(confirmed, 0.99),
            _ms(self._lateness, 0.99),
            refused + missing,
            shown,
        )

    async def _order(self, number: int, due: float) -> None:
        restaurant, customer, body = self._bodies[number % len(self._bodies)]
        sent_at = time.perf_counter()
        self._lateness.append(sent_at - due)
        try:
            answer = await customer.person.tiffin.place_order(body)
            placed = self.ledger.placed(answer["order_id"], restaurant.restaurant_id, sent_at)
            self._placed.append(placed)
            async with customer.person.tiffin.follow_order(placed.order_id) as events:
                async for event in events:
                    if event.data["state"] != "placed":
                        placed.confirmed_at = time.perf_counter()
                        return
        except (ProblemError, ConnectionLost) as error:
            self._refuse(f"placing: {error}")

    def _refuse(self, what: str) -> None:
        self.refused += 1
        self._note(what)

    def _note(self, what: str) -> None:
        if len(self.notes) < 5 and what not in self.notes:
            self.notes.append(what)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._refuse(f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        """End what still runs."""
        tasks: Sequence[asyncio.Task[None]] = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def open_order_load(city: City, pool: httpx.AsyncClient) -> AsyncIterator[OrderLoad]:
    """Everybody connected, every basket priced; it ends with the context."""
    load = OrderLoad(city)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(load.close)
        await load.prepare(stack)
        yield load


def _ms(seconds: Sequence[float], share: float) -> float:
    value = percentile(seconds, share)
    return float("inf") if value is None else value * 1000


def _cpu_seconds(system: System) -> dict[str, float]:
    """Processor time so far: of the server by its parts, and of this process."""
    return {**cpu_by_part(system.process.pid), "load": time.process_time()}
