"""Nobody ever receives a courier's position outside the rule: the customer who ordered, from pick-up to delivery.

Random histories of everything that gives or takes the right (assign, hand over, pick up, deliver, fail, give back, log
out) and of everything that could leak (reports, buffered reports, subscriptions of anybody to anything) run on two
nodes. Every report has a place of its own, so whatever anybody receives is traced to the report it came from.
"""

import asyncio
import itertools
import os
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from tests.app.town import Town
from tests.waiting import eventually
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tiffin.app.roles import Role, run_until
from tiffin.app.wiring import Node
from tiffin.base.principal import Role as Platform
from tiffin.base.settings import Settings

COURIERS = ("mikko", "aino")
CUSTOMERS = ("kaisa", "olli", "eeva")
OTHERS = ("staff", "agent", "admin", "mikko", "stranger")
_STEPS = 250
_MOST_OPEN = 6


@dataclass
class Report:
    """A report and who may see it: (customer, order) at the moment it was sent."""

    may: set[tuple[str, str]]
    # sessions that had ended by then, with how long ago
    ended: dict[str, float]


@dataclass
class Watcher:
    """A device: a socket on one node, what it was told it may read, and everything it received."""

    name: str
    session: str
    socket: ClientConnection
    reading: set[str] = field(default_factory=set)
    received: list[tuple[str, int]] = field(default_factory=list)
    open: bool = True

    async def listen(self) -> None:
        try:
            async for text in self.socket:
                message = orjson.loads(text)
                if message["type"] == "sync":
                    (self.reading.add if message["ok"] else self.reading.discard)(message["topic"])
                elif message["type"] == "latest":
                    assert message["topic"] in self.reading, "told before, or after the right was lost"
                    self.received.append((message["topic"], _number(message["data"])))
        except ConnectionClosed:
            pass
        self.open = False
        self.reading.clear()


def _number(data: Any) -> int:
    return round((float(data["latitude"]) - 60) * 1e6)


@dataclass
class Order:
    customer: str
    state: str = "ready"
    courier: str | None = None


class History:
    """What happens, and what of it a reader may know."""

    def __init__(self, town: Town, origins: list[str], seed: int) -> None:
        self.town = town
        self.origins = origins
        self.chance = random.Random(seed)
        self.orders: dict[str, Order] = {}
        self.reports: dict[int, Report] = {}
        self.watchers: list[Watcher] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.sessions: dict[str, str] = {}
        self.ended: dict[str, float] = {}
        self.couriers: dict[str, ClientConnection] = {}
        self.numbers = itertools.count(1)
        self.told = 0
        self.has_queue = True

    async def begin(self) -> None:
        for name in (*CUSTOMERS, *OTHERS, *COURIERS):
            await self.log_in(name)
        for name in COURIERS:
            await self.call(name, "PUT", "/v1/courier/duty", {"on_duty": True})
            self.couriers[name] = await self.socket(name)
        await asyncio.gather(*(self.place() for _ in range(2 * _MOST_OPEN)))

    async def log_in(self, name: str) -> None:
        self.sessions[name] = await self.town.new_token(name)

    async def call(self, name: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.sessions[name]}", "idempotency-key": uuid4().hex}
        url = self.chance.choice(self.origins) + path
        answer = await self.town.client.request(method, url, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def socket(self, name: str) -> ClientConnection:
        url = self.chance.choice(self.origins).replace("http", "ws") + "/v1/socket"
        socket = await connect(url, additional_headers={"authorization": f"Bearer {self.sessions[name]}"})
        await socket.send(orjson.dumps({"type": "hello", "device_id": str(uuid4())}).decode())
        return socket

    # what happens

    async def step(self) -> None:
        weights = {
            # takes seconds without the queue, and then those of the beginning have to do
            self.order: 3 if self.has_queue else 0,
            self.assign: 5,
            self.pick_up: 4,
            self.end: 2,
            self.give_back: 1,
            self.report: 9,
            self.watch: 6,
            self.log_out: 1,
        }
        await self.chance.choices(list(weights), list(weights.values()))[0]()

    def some(self, *states: str) -> str | None:
        fitting = [order_id for order_id, order in self.orders.items() if order.state in states]
        return self.chance.choice(fitting) if fitting else None

    async def order(self) -> None:
        if sum(order.state != "ended" for order in self.orders.values()) < _MOST_OPEN:
            await self.place()

    async def place(self) -> None:
        customer = self.chance.choice(CUSTOMERS)
        body = self.town.basket() | {"expected_total_minor": 1450}
        order_id: str = (await self.call(customer, "POST", "/v1/orders", body))["order_id"]
        exists = "SELECT true FROM ticket WHERE id = $1"
        await eventually(lambda: self.town.node.database.pool.fetchval(exists, UUID(order_id)))
        await self.call("staff", "POST", f"/v1/tickets/{order_id}/accept", {"minutes": 200})
        await self.call("staff", "POST", f"/v1/tickets/{order_id}/advance", {"to": "ready"})
        # the test says who is asked
        await self.town.node.database.pool.execute("DELETE FROM work WHERE subject = 'delivery.search_due'")
        self.orders[order_id] = Order(customer)

    async def assign(self) -> None:
        order_id = self.some("ready")
        courier = self.chance.choice(COURIERS)
        busy = sum(order.courier == courier for order in self.orders.values() if order.state != "ended")
        if order_id is None or busy >= 3:
            return
        offer_id = uuid4()
        pool = self.town.node.database.pool
        await pool.execute("UPDATE delivery_offer SET state = 'withdrawn' WHERE state = 'open'")
        await pool.execute(
            "INSERT INTO delivery_offer (id, order_id, courier_id, round, state, distance_meters, expires_at)"
            " VALUES ($1, $2, $3, 1, 'open', 100, now() + interval '1 minute')",
            offer_id,
            UUID(order_id),
            self.town.accounts[courier],
        )
        await self.call(courier, "POST", f"/v1/offers/{offer_id}/accept", {})
        self.orders[order_id].state, self.orders[order_id].courier = "assigned", courier

    async def pick_up(self) -> None:
        order_id = self.some("assigned")
        if order_id is None:
            return
        courier = self.orders[order_id].courier
        assert courier is not None
        if self.chance.random() < 0.5:
            await self.call(courier, "POST", f"/v1/assignments/{order_id}/advance", {"to": "picked_up"})
        else:
            await self.call("staff", "POST", f"/v1/tickets/{order_id}/advance", {"to": "picked_up"})
        self.orders[order_id].state = "on_board"

    async def end(self) -> None:
        order_id = self.some("on_board", "assigned")
        if order_id is None:
            return
        order = self.orders[order_id]
        assert order.courier is not None
        if order.state == "assigned":
            await self.call("agent", "POST", f"/v1/orders/{order_id}/cancel", {"reason": "test"})
        elif self.chance.random() < 0.3:
            await self.call(order.courier, "POST", f"/v1/assignments/{order_id}/fail", {"reason": "test"})
        else:
            code = (await self.call(order.customer, "GET", f"/v1/orders/{order_id}/delivery"))["code"]
            body = {"to": "delivered", "code": code}
            await self.call(order.courier, "POST", f"/v1/assignments/{order_id}/advance", body)
        order.state = "ended"

    async def give_back(self) -> None:
        order_id = self.some("assigned")
        if order_id is None:
            return
        order = self.orders[order_id]
        who = order.courier if self.chance.random() < 0.5 else "agent"
        assert who is not None
        await self.call(who, "POST", f"/v1/assignments/{order_id}/unassign", {"reason": "test"})
        await self.town.node.database.pool.execute("DELETE FROM work WHERE subject = 'delivery.search_due'")
        order.state, order.courier = "ready", None

    async def report(self) -> None:
        courier = self.chance.choice(COURIERS)
        # as if the last report were ten seconds old, so that nobody has to wait a second
        last = "UPDATE courier_location SET at = at - interval '10 seconds' WHERE courier_id = $1"
        await self.town.node.database.pool.execute(last, self.town.accounts[courier])
        reports = [self._report(ago) for ago in self.chance.choice(((0,), (0,), (3, 1.5, 0)))]
        may = {
            (order.customer, order_id)
            for order_id, order in self.orders.items()
            if order.state == "on_board" and order.courier == courier
        }
        ended = {session: time.monotonic() - at for session, at in self.ended.items()}
        newest = 0
        for report in reports:
            newest = _number(report)
            self.reports[newest] = Report(may, ended)
        waiting = [
            (watcher, f"order.{order_id}.location")
            for watcher in self.watchers
            for customer, order_id in may
            if watcher.open and watcher.name == customer and f"order.{order_id}.location" in watcher.reading
        ]
        answer = await self.command(courier, "location.report", {"reports": reports})
        assert answer["accepted"] == len(reports), answer
        for watcher, topic in waiting:
            await self._hears(watcher, topic, newest)

    def _report(self, ago: float) -> dict[str, Any]:
        latitude = 60 + next(self.numbers) / 1e6
        at = datetime.now(UTC) - timedelta(seconds=ago)
        return {"latitude": latitude, "longitude": 24.95, "accuracy_meters": 5, "at": at.isoformat()}

    async def _hears(self, watcher: Watcher, topic: str, number: int) -> None:
        """Who may see it sees it, or the end of the right."""
        await eventually(lambda: (topic, number) in watcher.received or topic not in watcher.reading)
        self.told += (topic, number) in watcher.received

    async def command(self, name: str, command: str, data: Any) -> Any:
        message_id = uuid4().hex
        socket = self.couriers[name]
        await socket.send(orjson.dumps({"type": "command", "id": message_id, "name": command, "data": data}).decode())
        while True:
            answer = orjson.loads(await socket.recv())
            if answer.get("id") == message_id:
                assert answer["type"] == "ok", answer
                return answer["data"]

    async def watch(self) -> None:
        """Somebody subscribes to whatever there is, on a new socket or an old one; most of it is not theirs."""
        eager = [order.customer for order in self.orders.values() if order.state == "on_board"]
        name = self.chance.choice((*CUSTOMERS, *OTHERS, *eager, *eager, *eager))
        mine = [watcher for watcher in self.watchers if watcher.name == name and watcher.open]
        if not mine or self.chance.random() < 0.3:
            watcher = Watcher(name, self.sessions[name], await self.socket(name))
            self.watchers.append(watcher)
            self.tasks.append(asyncio.create_task(watcher.listen()))
        else:
            watcher = self.chance.choice(mine)
        topics = {f"order.{order_id}.location": None for order_id in self.orders}
        if not topics:
            return
        try:
            await watcher.socket.send(orjson.dumps({"type": "subscribe", "id": "s", "topics": topics}).decode())
        except ConnectionClosed:
            return
        may = {
            f"order.{order_id}.location"
            for order_id, order in self.orders.items()
            if order.customer == name and order.state == "on_board"
        }
        await eventually(lambda: may <= watcher.reading or not watcher.open)

    async def log_out(self) -> None:
        name = self.chance.choice(CUSTOMERS)
        session = self.sessions[name]
        await self.call(name, "DELETE", "/v1/sessions/current")
        self.ended[session] = time.monotonic()
        await self.log_in(name)

    # the rule

    async def judge(self, revoked_seconds: float) -> None:
        """`revoked_seconds`: a session that ended on one node is known on the others after this."""
        await asyncio.sleep(0.2)  # what was on its way has arrived
        wrong = []
        for watcher in self.watchers:
            for topic, number in watcher.received:
                report = self.reports[number]
                order_id = topic.removeprefix("order.").removesuffix(".location")
                if (watcher.name, order_id) not in report.may:
                    wrong.append(f"{watcher.name} saw report {number} on {topic}")
                if report.ended.get(watcher.session, 0) > revoked_seconds:
                    wrong.append(f"{watcher.name} saw report {number} after logging out")
        assert wrong == []
        assert self.told > 3, "and those who may, see"

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        for socket in (*self.couriers.values(), *(watcher.socket for watcher in self.watchers)):
            await socket.close()


@pytest.fixture
async def origins(node_settings: Settings) -> AsyncIterator[list[str]]:
    """Two nodes of one system."""
    stop = asyncio.Event()
    ready: list[asyncio.Future[str]] = [asyncio.get_running_loop().create_future() for _ in range(2)]
    running = [
        asyncio.create_task(run_until(stop, node_settings, frozenset(Role), on_ready=one.set_result)) for one in ready
    ]
    async with asyncio.timeout(15):
        yield [await one for one in ready]
    stop.set()
    await asyncio.gather(*running)


@pytest.fixture
async def history(
    origins: list[str], node_settings: Settings, request: pytest.FixtureRequest
) -> AsyncIterator[History]:
    async with Node.open(node_settings, relay=False, consumers=False) as node:
        town = Town(origins[0], node)
        await town.found(further=(*COURIERS, *CUSTOMERS))
        for name in COURIERS:
            await node.built.accounts.set_role_by_email(f"{name}@example.org", Platform.COURIER, granted=True)
        made = History(town, origins, request.param)
        await made.begin()
        yield made
        await made.close()
        await town.close()


_HISTORIES = int(os.environ.get("TIFFIN_FUZZ_EXAMPLES", "30")) // 15


@pytest.mark.timeout(120)
@pytest.mark.parametrize("history", range(_HISTORIES), indirect=True)
async def test_nobody_sees_a_position_outside_the_rule(history: History) -> None:
    for _ in range(_STEPS):
        await history.step()
    await history.judge(1.0)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("history", [100], indirect=True)
@pytest.mark.parametrize("nats_url", ["nats://127.0.0.1:9"])
async def test_nor_without_nats(history: History) -> None:
    """Then positions come from PostgreSQL once a second, by the same rule."""
    history.has_queue = False
    for _ in range(_STEPS // 3):
        await history.step()
    await history.judge(3.0)
