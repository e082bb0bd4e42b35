"""Couriers around one restaurant, on a test's database; a test says when work is done and what was reported."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from tests.features.kitchen.world import World as KitchenWorld

from tiffin.base.principal import Principal, Role
from tiffin.db import Database, Transaction
from tiffin.features.accounts import AccountService
from tiffin.features.alerts import AlertService
from tiffin.features.delivery import DeliveryService, Dispatch, DispatchRules, LocationService, delivery_feature
from tiffin.features.delivery.schemas import LocationAnswer, LocationReport
from tiffin.realtime import EventLog, LatestValue
from tiffin.routing import Routes
from tiffin.work import Outbox
from tiffin.work.runner import Runner

# where the restaurant stands, and about how far 0.001° of latitude is
RESTAURANT = (60.1737, 24.9573)
STEP_METERS = 111.2


class World(KitchenWorld):
    """A restaurant with a kitchen, customers, and couriers."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        events = EventLog(self.announced.extend)
        outbox = Outbox(lambda handovers: None)
        accounts = cast(AccountService, self)
        alerts = AlertService(database, events)
        self.published: list[LatestValue] = []
        self.audited: list[tuple[str, dict[str, Any]]] = []
        self.routes = Routes(street_graph=None, router_url=None)
        self.dispatch = Dispatch(events, outbox, self.clock, alerts, self.orders, self.kitchen, DispatchRules())
        self.orders.on_change = self.dispatch.order_changed
        self.delivery = DeliveryService(
            database, events, accounts, self.orders, self.kitchen, self.dispatch, self.routes
        )
        self.locations = LocationService(database, events, self.clock, self.orders, self.routes, self.published.extend)
        self.delivery_feature = delivery_feature(self.delivery, self.locations, self.dispatch)
        for router in self.delivery_feature.routers:
            self.app.include_router(router)
        self._runner = Runner(
            database,
            (*self.consumers.all(), *self.delivery_feature.consumers),
            self._bury,
            lease_seconds=20,
            max_attempts=2,
            concurrency=4,
            postpone=[self.consumers.postpone, self.dispatch.postpone],
        )

    async def audit(self, transaction: Transaction, principal: Principal, action: str, details: Any) -> None:
        """What accounts does with what is to be remembered."""
        self.audited.append((action, details))

    async def courier(self, name: str, north: float = 1, *, on_duty: bool = True) -> Principal:
        """A courier, by default on duty, some steps of about 111 m north of the restaurant."""
        principal = self.person(name, Role.COURIER)
        if on_duty:
            await self.do(name, "PUT", "/courier/duty", {"on_duty": True})
            await self.report(name, north)
        return principal

    def at(self, north: float, ago: float = 0) -> dict[str, Any]:
        """A report from some steps north of the restaurant."""
        measured = self.clock.now() - timedelta(seconds=ago)
        latitude, longitude = RESTAURANT[0] + north / 1000, RESTAURANT[1]
        return {"latitude": latitude, "longitude": longitude, "accuracy_meters": 8, "at": measured.isoformat()}

    async def report(self, name: str, *north: float | dict[str, Any]) -> LocationAnswer:
        """What a courier's device sends; positions, or whole reports."""
        reports = [where if isinstance(where, dict) else self.at(where) for where in north]
        body = LocationReport.model_validate({"reports": reports})
        return await self.locations.report(self.people[name], body)

    @asynccontextmanager
    async def settled(self) -> AsyncIterator[None]:
        """What a report causes beside its answer has happened at the end."""
        yield
        while self.locations.pending:
            await asyncio.gather(*self.locations.pending)

    async def later(self, seconds: float) -> None:
        """Time passes on the devices' clocks."""
        self.clock.at = self.clock.now() + timedelta(seconds=seconds)

    async def confirmed(self, name: str = "customer", **changes: Any) -> str:
        """An order that the kitchen cooks and nobody is looked for yet."""
        order_id = await self.place(name, **changes)
        await self.must("staff", order_id, "accept", minutes=15)
        return order_id

    async def search(self) -> None:
        """Every search that was asked for happens."""
        await self.work("delivery.search_due")

    async def offered(self, order_id: str) -> tuple[str, str] | None:
        """To whom an order is held out now, and the offer's id."""
        query = "SELECT id, courier_id FROM delivery_offer WHERE order_id = $1 AND state = 'open'"
        row = await self.database.pool.fetchrow(query, UUID(order_id))
        return None if row is None else (self.name_of(row["courier_id"]), str(row["id"]))

    def name_of(self, account_id: UUID) -> str:
        """Who it is."""
        return next(name for name, principal in self.people.items() if principal.account_id == account_id)

    async def accept(self, name: str, order_id: str) -> Any:
        """A courier takes the order that is held out to them."""
        offered = await self.offered(order_id)
        assert offered is not None
        assert offered[0] == name
        return await self.do(name, "POST", f"/offers/{offered[1]}/accept", {})

    async def assigned(self, name: str = "mikko", customer: str = "customer", **changes: Any) -> str:
        """An order that a courier has taken."""
        order_id = await self.confirmed(customer, **changes)
        await self.search()
        await self.accept(name, order_id)
        return order_id

    async def advance(self, name: str, order_id: str, to: str, **body: Any) -> Any:
        """A courier's next step."""
        return await self.do(name, "POST", f"/assignments/{order_id}/advance", {"to": to} | body)

    async def on_board(self, name: str = "mikko", customer: str = "customer", **changes: Any) -> str:
        """An order that a courier has with them."""
        order_id = await self.assigned(name, customer, **changes)
        await self.must("staff", order_id, "advance", to="ready")
        await self.advance(name, order_id, "picked_up")
        return order_id

    async def tracking(self, order_id: str, name: str = "customer") -> Any:
        """How an order comes, as somebody sees it."""
        return await self.do(name, "GET", f"/orders/{order_id}/delivery")

    async def code_of(self, order_id: str) -> str:
        """What the customer tells at the door."""
        return str((await self.tracking(order_id))["code"])

    async def standing(self, name: str) -> Any:
        """What a courier's app shows."""
        return await self.do(name, "GET", "/courier")

    async def types_of(self, topic: str) -> list[str]:
        """What happened on a topic."""
        return [event.type for event in await self.log(topic, 0)]

    def now(self) -> datetime:
        return self.clock.now()
