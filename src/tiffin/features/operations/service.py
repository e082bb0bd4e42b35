"""Gathers the figures of all features, and says who may follow them."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from tiffin.base.clock import Clock
from tiffin.base.principal import Role
from tiffin.db import Connection
from tiffin.features.accounts import AccountService
from tiffin.features.catalog import CatalogService, restaurant_topic
from tiffin.features.delivery import LOOKED_AT_COURIERS, DeliveryService
from tiffin.features.images import ImageService
from tiffin.features.kitchen import KitchenService
from tiffin.features.operations.schemas import (
    CourierFigures,
    OldestTicket,
    OperationsNow,
    PartFigures,
    RestaurantAway,
    RestaurantFigures,
    SupportFigures,
)
from tiffin.features.orders import OrderService
from tiffin.features.support import DeskService
from tiffin.realtime import Grant, LatestValue, ReadRequest
from tiffin.realtime.presence import Present
from tiffin.work import count_dead_letters, read_backlog

NOW_TOPIC = "operations.now"
COURIERS_TOPIC = "operations.couriers"

_LOOK_LASTS = timedelta(hours=1)
_MOST_AWAY = 50
# older than this, and nobody is doing it
_OLDEST_WORK_SECONDS = 30.0
_OLDEST_IMAGE_SECONDS = 60.0

ListPresent = Callable[[Connection, Sequence[str]], Awaitable[Mapping[str, Sequence[Present]]]]


@dataclass(frozen=True, slots=True)
class NodeState:
    """What the node that computes knows of itself. `is_fresh`: its head check succeeds."""

    nats_connected: bool
    is_fresh: bool
    connections: int


@dataclass(frozen=True, slots=True)
class OperationsService:
    """The figures."""

    clock: Clock
    accounts: AccountService
    catalog: CatalogService
    orders: OrderService
    kitchen: KitchenService
    delivery: DeliveryService
    desk: DeskService
    images: ImageService
    list_present: ListPresent
    read_node: Callable[[], NodeState]

    async def read_now(self, connection: Connection, _: Sequence[str]) -> list[LatestValue | None]:
        """Everything at this moment."""
        now = self.clock.now()
        started = time.perf_counter()
        states = await self.orders.count_open(connection)
        database_ms = (time.perf_counter() - started) * 1000
        couriers = await self.delivery.count_couriers(connection)
        support = await self.desk.count(connection)
        figures = OperationsNow(
            at=now,
            orders=states,
            orders_last_minute=await self.orders.count_placed_since(connection, now - timedelta(minutes=1)),
            oldest_ticket=await self._oldest_ticket(connection),
            restaurants=await self._restaurants(connection),
            couriers=CourierFigures(on_duty=couriers.on_duty, busy=couriers.busy, searching=couriers.searching),
            support=SupportFigures(waiting=support.waiting, assigned=support.assigned, agents=support.agents),
            parts=await self._parts(connection, round(database_ms, 1)),
        )
        return [_value(NOW_TOPIC, figures)]

    async def read_couriers(self, connection: Connection, _: Sequence[str]) -> list[LatestValue | None]:
        """Where everybody on duty is."""
        return [_value(COURIERS_TOPIC, await self.delivery.view_on_duty(connection))]

    async def _oldest_ticket(self, connection: Connection) -> OldestTicket | None:
        ticket = await self.kitchen.find_oldest_unseen(connection)
        if ticket is None:
            return None
        restaurant = await self.catalog.require_restaurant(connection, ticket.restaurant_id)
        return OldestTicket(
            order_id=ticket.order_id,
            number=ticket.number,
            restaurant_id=ticket.restaurant_id,
            restaurant_name=restaurant.name,
            created_at=ticket.created_at,
            received=ticket.received,
        )

    async def _restaurants(self, connection: Connection) -> RestaurantFigures:
        names = await self.catalog.list_taking_orders(connection)
        present = await self.list_present(connection, [restaurant_topic(restaurant_id) for restaurant_id in names])
        away = [
            RestaurantAway(restaurant_id=restaurant_id, name=name)
            for restaurant_id, name in names.items()
            if not present[restaurant_topic(restaurant_id)]
        ]
        return RestaurantFigures(open=len(names), away_count=len(away), away=away[:_MOST_AWAY])

    async def _parts(self, connection: Connection, database_ms: float) -> list[PartFigures]:
        node = self.read_node()
        rows, age_seconds = await read_backlog(connection)
        images, oldest_seconds = await self.images.count_waiting(connection)
        dead = await count_dead_letters(connection)
        return [
            PartFigures(part="database", ok=True, figure=database_ms),
            PartFigures(part="nats", ok=node.nats_connected, figure=0),
            PartFigures(part="live", ok=node.is_fresh, figure=node.connections),
            PartFigures(part="work", ok=age_seconds < _OLDEST_WORK_SECONDS, figure=rows),
            PartFigures(part="images", ok=oldest_seconds < _OLDEST_IMAGE_SECONDS, figure=images),
            PartFigures(part="dead_letters", ok=dead == 0, figure=dead),
        ]

    async def read_now_grants(self, _: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
        """Administrators."""
        return [Grant() if _is_admin(request) else None for request in requests]

    async def read_courier_grants(self, connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
        """Administrators whose look stands in the audit log."""
        admins = {one.principal.account_id for one in requests if one.principal is not None and _is_admin(one)}
        since = self.clock.now() - _LOOK_LASTS
        looking = await self.accounts.list_who_did(connection, list(admins), LOOKED_AT_COURIERS, since)
        return [
            Grant() if one.principal is not None and one.principal.account_id in looking and _is_admin(one) else None
            for one in requests
        ]


def _is_admin(request: ReadRequest) -> bool:
    return request.principal is not None and request.principal.has(Role.ADMIN)


def _value(topic: str, figures: BaseModel) -> LatestValue:
    # each node computes for its own followers, so its own clock is enough to say which value is newer
    return LatestValue(topic, 0, time.monotonic_ns(), figures.model_dump_json().encode())
