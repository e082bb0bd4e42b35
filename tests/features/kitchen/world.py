"""Orders and kitchen above the catalog on a test's database: no node, no queue; a test says when work is done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

import asyncpg
import httpx
from tests.features.catalog.world import World as CatalogWorld

from tiffin.base.clock import SystemClock
from tiffin.base.principal import Role
from tiffin.db import Database
from tiffin.features.accounts import AccountService
from tiffin.features.alerts import AlertService
from tiffin.features.catalog import MemberRole
from tiffin.features.kitchen import KitchenConsumers, KitchenService, kitchen_feature
from tiffin.features.orders import OrderService, orders_feature
from tiffin.realtime import EventLog, StoredEvent
from tiffin.realtime.presence import list_present
from tiffin.work import AnyConsumer, Outbox
from tiffin.work.runner import Claim, Runner

DESTINATION = {"street": "Unioninkatu 40", "city": "Helsinki", "latitude": 60.172, "longitude": 24.95}
# the dish without options, and what ordering one costs with the delivery
PRICE, TOTAL = 1450, 1740


class SettableClock:
    """The machine's clock, unless a test says what time it is."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def now(self) -> datetime:
        return self.at or SystemClock().now()


class World(CatalogWorld):
    """A restaurant with staff, customers, support, and a rival restaurant next door."""

    def __init__(self, database: Database) -> None:
        self.announced: list[StoredEvent] = []
        events = EventLog(self.announced.extend)
        super().__init__(database, events)
        self.clock = SettableClock()
        outbox = Outbox(lambda handovers: None)
        accounts = cast(AccountService, self)
        self.orders = OrderService(database, events, outbox, self.clock, self.catalog)
        self.kitchen = KitchenService(database, events, outbox, accounts, self.catalog, self.orders, list_present)
        self.consumers = KitchenConsumers(
            events,
            outbox,
            AlertService(database, events),
            self.orders,
            list_present,
            receive_seconds=10,
            see_seconds=10,
            answer_seconds=300,
        )
        self.kitchen_feature = kitchen_feature(self.kitchen, self.consumers)
        for feature in (orders_feature(self.orders, self.clock, 60), self.kitchen_feature):
            for router in feature.routers:
                self.app.include_router(router)
        self.dead: list[str] = []
        self._runner = Runner(
            database,
            self.consumers.all(),
            self._bury,
            lease_seconds=20,
            max_attempts=2,
            concurrency=4,
            postpone=[self.consumers.postpone],
        )
        self.restaurant_id = ""
        self.item_id = ""

    async def _bury(self, transaction: Any, claim: Claim, error: str) -> None:
        self.dead.append(f"{claim.consumer}: {error}")

    async def found(self) -> None:
        """Let everybody move in."""
        for name in ("customer", "neighbour", "stranger"):
            self.person(name)
        self.person("agent", Role.AGENT)
        self.person("admin", Role.ADMIN)
        self.restaurant_id = await self.restaurant(minimum_order_minor=0)
        await self.join(self.restaurant_id, "staff", MemberRole.STAFF)
        await self.join(self.restaurant_id, "manager", MemberRole.MANAGER)
        rival = await self.restaurant("rival_owner", name="Next door")
        await self.join(rival, "rival", MemberRole.STAFF)
        self.item_id = (await self.item(self.restaurant_id, option_groups=[]))["id"]

    def consumer(self, name: str) -> AnyConsumer:
        """A consumer of the kitchen."""
        return next(one for one in self.consumers.all() if one.name == f"kitchen.{name}")

    async def work(self, *subjects: str) -> None:
        """Do the work of these subjects, timers among them; by default what is due anyway. As if a relay ran always."""
        await self.database.pool.execute("UPDATE work_beat SET beat_at = now()")
        if subjects:
            due = "UPDATE work SET due_at = now() WHERE subject = ANY($1::text[])"
            await self.database.pool.execute(due, list(subjects))
        else:
            await self.database.pool.execute("UPDATE work SET due_at = now() WHERE claimed")
        await self.relay()

    async def relay(self) -> None:
        """What a relay does when it looks."""
        await self._runner.run_overdue(100)
        assert self.dead == []

    def basket(self, quantity: int = 1, **changes: Any) -> dict[str, Any]:
        """A basket of the one dish."""
        lines = [{"menu_item_id": self.item_id, "quantity": quantity}]
        return {"restaurant_id": self.restaurant_id, "lines": lines, "destination": DESTINATION} | changes

    async def place(self, name: str = "customer", *, with_ticket: bool = True, **changes: Any) -> str:
        """The id of a new order, by default on the board already."""
        body = self.basket() | {"expected_total_minor": TOTAL} | changes
        order_id: str = (await self.do(name, "POST", "/orders", body))["order_id"]
        if with_ticket:
            await self.work("order.placed")
        return order_id

    async def order_of(self, order_id: str) -> Any:
        """An order as its customer reads it."""
        return await self.do("customer", "GET", f"/orders/{order_id}")

    async def board(self, state: str = "all") -> Any:
        """The board as staff read it: position and tickets by id."""
        answer = await self.do("staff", "GET", f"/restaurants/{self.restaurant_id}/tickets?state={state}")
        return answer | {"tickets": {ticket["ticket_id"]: ticket for ticket in answer["tickets"]}}

    async def status_of(self, ticket_id: str) -> Any:
        """The status of a ticket."""
        return (await self.board())["tickets"][ticket_id]["status"]

    async def act(self, name: str, ticket_id: str, what: str, **body: Any) -> httpx.Response:
        """What somebody does with a ticket."""
        return await self.ask(name, "POST", f"/tickets/{ticket_id}/{what}", body)

    async def must(self, name: str, ticket_id: str, what: str, **body: Any) -> Any:
        """The same, and it must succeed."""
        return await self.do(name, "POST", f"/tickets/{ticket_id}/{what}", body)

    async def deliver(self, order_id: str) -> None:
        """Staff bring an order to its customer."""
        await self.must("staff", order_id, "accept", minutes=15)
        for to in ("preparing", "ready", "picked_up", "delivered"):
            await self.must("staff", order_id, "advance", to=to)

    async def present(self, name: str) -> None:
        """Somebody's device is connected to the board."""
        enter = (
            "INSERT INTO presence (room, connection_id, account_id, device, expires_at)"
            " VALUES ($1, $2, $3, $4, now() + interval '1 hour')"
        )
        room = f"restaurant.{self.restaurant_id}"
        await self.database.pool.execute(enter, room, uuid4(), self.people[name].account_id, f"{name}'s")


@asynccontextmanager
async def statements(database: Database) -> AsyncIterator[list[str]]:
    """The statements sent meanwhile, one after another, each a round trip; BEGIN and COMMIT are left out."""
    seen: list[str] = []

    def note(query: asyncpg.connection.LoggedQuery) -> None:
        if not query.query.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(query.query)

    async with database.pool.acquire() as connection:  # the pool gives out first what came back last
        connection.add_query_logger(note)
    yield seen
    async with database.pool.acquire() as connection:
        connection.remove_query_logger(note)
