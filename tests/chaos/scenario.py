"""One run: a city orders while faults happen, everything settles, and the histories are judged."""

import asyncio
import contextlib
import itertools
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from tests.chaos.checker import Finding, Kind, Verdict, check
from tests.chaos.faults import Surroundings, Trouble
from tests.chaos.history import decode_step
from tests.chaos.intruders import Intruder, LosesRight, fixed_token, log_in_again, pry, remove_member
from tests.chaos.people import Board, Eater, Window, at
from tests.chaos.recorder import Recorder
from tests.chaos.system import System, run_system
from tests.chaos.truth import is_settled, read_truth
from tests.waiting import eventually

from tiffin.demo.city import DEMO_PASSWORD, City, Restaurant, populate

_ROOT = Path(__file__).parents[2]
_USED_AFTERWARDS_SECONDS = 8.0
# a swallowed link to NATS is noticed after two pings, 5 s apart
_SHADOW_SECONDS = 15.0
# faults that keep a node from hearing of a lost right by an announcement
_DEAFENING = ("nats", "announcement", "postgres", "frozen")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how hard."""

    seed: int
    # the load and the faults last this long; with `once` until every kind of fault was there, but twice that at most
    seconds: float
    once: bool = False
    orders_per_second: float = 5.0
    # faults at the same time
    lanes: int = 2
    away_seconds: tuple[float, float] = (1.0, 3.0)
    pause_seconds: tuple[float, float] = (0.2, 1.0)
    settle_seconds: float = 40.0


class Scenario:
    """A run as it goes: what it counts may be read at any time."""

    def __init__(self, plan: Plan, system: System, pool: httpx.AsyncClient, city: City) -> None:
        self.plan = plan
        self.recorder = Recorder()
        self.stop = asyncio.Event()
        self.trouble: Trouble
        # what went wrong in a client's own code, with its name
        self.errors: list[Finding] = []
        self.stage = "starting"
        self._system = system
        self._pool = pool
        self._city = city
        self._chance = random.Random(plan.seed)
        self._busy = city.restaurants[:2]
        self._quiet = city.restaurants[0]
        self._eaters: list[Eater] = []
        self._background: list[asyncio.Task[None]] = []
        self._orders: set[asyncio.Task[None]] = set()
        self._client: asyncio.subprocess.Process
        self._menu_changes = itertools.count(1)
        self._intruders: list[Intruder] = []

    @property
    def open_orders(self) -> int:
        """Orders whose customer still waits."""
        return len(self._orders)

    async def run(self) -> Verdict:
        """The whole of it."""
        try:
            await self._open()
            self.stage = "running"
            await self._load()
            self.stage = "settling"
            await self._settle()
        finally:
            await self._close()
        return await self._judge()

    def turned_away(self) -> int:
        """How often somebody without a right was refused."""
        return sum(intruder.refusals for intruder in self._intruders)

    # who takes part

    async def _open(self) -> None:
        for restaurant in self._busy:
            for number, person in enumerate(restaurant.staff[:2]):
                tiffin = at(person, self._system.origins(number), self._pool)
                self._go(Board(self.recorder, person.email, tiffin, restaurant, number, 2).work(), person.email)
            owner = at(restaurant.owner, self._system.origins(1), self._pool)
            window = Window(f"wall {restaurant.name}", owner, restaurant.restaurant_id, self.recorder.note)
            self._go(window.watch(), window.name)
            for topic in window.topics:
                self.recorder.follows(window.name, topic)
        await self._open_client()
        await self._open_intruders()
        self._eaters = [self._eater(number) for number in range(len(self._city.customers))]
        await asyncio.gather(*(eater.choose(place) for eater in self._eaters for place in self._busy))
        followed = self.recorder.history.followed
        await eventually(lambda: followed <= self.recorder.places.keys(), seconds=20)

    def _eater(self, number: int) -> Eater:
        customer = self._city.customers[number]
        tiffins = [at(customer.person, self._system.origins(first), self._pool) for first in (0, 1)]
        return Eater(self.recorder, customer, tiffins, random.Random(self._chance.random()))

    async def _open_client(self) -> None:
        """The client that is a process of its own."""
        command = (sys.executable, "-m", "tests.chaos.follower")
        self._client = await asyncio.create_subprocess_exec(
            *command, stdin=-1, stdout=-1, cwd=_ROOT, start_new_session=True
        )
        asked = {
            "origins": self._system.origins(),
            "email": self._quiet.owner.email,
            "password": DEMO_PASSWORD,
            "restaurant_id": self._quiet.restaurant_id,
            "name": "process",
        }
        assert self._client.stdin is not None
        self._client.stdin.write(json.dumps(asked).encode() + b"\n")
        for way, kind in itertools.product(("sse", "socket"), ("restaurant", "menu")):
            self.recorder.follows(f"process {way}", f"{kind}.{self._quiet.restaurant_id}")
        self._go(self._read_client(), "process")

    async def _read_client(self) -> None:
        assert self._client.stdout is not None
        async for line in self._client.stdout:
            self.recorder.note(decode_step(json.loads(line)))

    async def _open_intruders(self) -> None:
        """Somebody will be removed, somebody logs out again and again, and somebody may not from the beginning."""
        place, origins = self._busy[0], self._system.origins()
        removed = place.staff[2]
        member = at(removed, origins, self._pool)
        losing = LosesRight(self.recorder, "removed", member, member.http.access_token, place)
        self._intruders += losing.followers
        self._go(losing.watch(), "removed")
        self._go(self._lose_place(losing, lambda: remove_member(place, removed)), "removal")
        self._go(self._lose_logins(place), "logging out")
        first, second = (customer.person for customer in self._city.customers[:2])
        stranger = at(second, origins, self._pool)
        self._go(pry(self.recorder, stranger, place, first.tiffin.account_id), "stranger")

    async def _lose_place(self, losing: LosesRight, removing: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(self._chance.uniform(0.2, 0.6) * self.plan.seconds)
        await losing.lose(removing)

    async def _lose_logins(self, place: Restaurant) -> None:
        """One session after the other follows a board, ends, and is used for some seconds more."""
        while self.stage != "settling":
            leaving = await log_in_again(place.staff[0], self._system.origins())
            name = f"logged out {len(self._intruders) // 2}"
            losing = LosesRight(self.recorder, name, leaving, fixed_token(leaving), place)
            self._intruders += losing.followers
            watching = asyncio.create_task(losing.watch())
            try:
                await asyncio.sleep(self._chance.uniform(2.0, 8.0))
                await losing.lose(leaving.log_out)
                await asyncio.sleep(_USED_AFTERWARDS_SECONDS)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    def _go(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._background.append(asyncio.create_task(self._guarded(work, name)))

    async def _guarded(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """What fails in a client is a finding, since the SDK should have repaired it."""
        try:
            await work
        except Exception as error:
            self.errors.append(Finding(Kind.ERROR, name, "the client", f"failed with {error!r}"))

    # load and faults

    async def _load(self) -> None:
        plan = self.plan
        least = time.monotonic() + plan.seconds
        until = least + plan.seconds if plan.once else least
        around = Surroundings(
            self._system, self._chance, plan.away_seconds, self._client, self._change_menu, self._menu_is_seen
        )
        self.trouble = Trouble(around, self.recorder, pause_seconds=plan.pause_seconds)
        lanes = self.trouble.make(until, once=plan.once, lanes=plan.lanes)
        troubling = asyncio.create_task(self._guarded(lanes, "faults"))
        number = 0
        while not self.stop.is_set() and (time.monotonic() < least or not troubling.done()):
            self._order(number)
            number += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 1 / plan.orders_per_second)
        self.trouble.end()
        await troubling

    def _order(self, number: int) -> None:
        eater = self._eaters[number % len(self._eaters)]
        place = self._chance.choice(self._busy)
        task = asyncio.create_task(self._guarded(eater.order(place.restaurant_id), f"customer order {number}"))
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _change_menu(self) -> None:
        """Three changes in a row on a topic that is quiet otherwise, of things that nobody orders here."""
        sold_out = next(self._menu_changes) % 2 == 1
        ordered = {item for eater in self._eaters for item in eater.wanted}
        unwanted = [item["id"] for item in self._quiet.menu["items"] if item["id"] not in ordered]
        for item_id in unwanted[:3]:
            await self._quiet.owner.tiffin.set_sold_out(item_id, sold_out)

    async def _menu_is_seen(self, seconds: float) -> None:
        topic = f"menu.{self._quiet.restaurant_id}"
        text: str = (await self._quiet.owner.tiffin.get_menu(self._quiet.restaurant_id))["position"]
        here = (text.partition(":")[0], int(text.partition(":")[2]))
        wall = f"wall {self._quiet.name}"
        await eventually(lambda: self.recorder.places[wall, topic] == here, seconds=seconds)

    # the end

    async def _settle(self) -> None:
        """Until every customer has their food and every follower stands at the head, or it takes too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.plan.settle_seconds):
                connection = await self._system.connect()
                try:
                    while not await self._is_settled(connection):
                        await asyncio.sleep(0.2)
                finally:
                    connection.terminate()

    async def _is_settled(self, connection: Any) -> bool:
        if self._orders or not await is_settled(connection):
            return False
        heads = (await read_truth(connection)).heads
        return all(self.recorder.places.get(path) == heads.get(path[1]) for path in self.recorder.history.followed)

    async def _close(self) -> None:
        for task in (*self._background, *self._orders):
            task.cancel()
        await asyncio.gather(*self._background, *self._orders, return_exceptions=True)
        client = getattr(self, "_client", None)
        if client is not None and client.returncode is None:
            client.kill()
            await client.wait()

    async def _judge(self) -> Verdict:
        history = self.recorder.history
        history.rights = [replace(right, limit_seconds=self._limit(right.ended_at)) for right in history.rights]
        connection = await self._system.connect()
        try:
            truth = await read_truth(connection)
        finally:
            await connection.close()
        verdict = check(history, truth)
        verdict.findings += self.errors
        return verdict

    def _limit(self, ended_at: float | None) -> float:
        """Seconds a lost right may take: 1, and 3 where a fault kept nodes from hearing of it."""
        if ended_at is None:
            return 1.0
        deaf = any(
            fault.began_at < ended_at + 3.0 and ended_at < fault.ended_at + _SHADOW_SECONDS
            for fault in self.recorder.history.faults
            if any(word in fault.kind for word in _DEAFENING)
        )
        return 3.0 if deaf else 1.0


@contextlib.asynccontextmanager
async def open_scenario(plan: Plan, folder: Path) -> AsyncIterator[Scenario]:
    """A system with its city, ready to run."""
    limits = httpx.Limits(max_connections=200, keepalive_expiry=2.0)
    timeout = httpx.Timeout(5.0, connect=2.0)
    async with run_system(folder) as system:
        async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as pool:
            city = await populate(pool, system.origins(), restaurants=2, staff=3, customers=4)
            yield Scenario(plan, system, pool, city)
