"""Couriers, deliveries, offers and positions in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tiffin.base.geo import Point
from tiffin.base.ids import new_id, parse_id
from tiffin.db import Connection, Part, Transaction, load_queries
from tiffin.features.delivery.domain import (
    Courier,
    Delivery,
    DeliveryState,
    LastFix,
    Location,
    Offer,
    OfferState,
    OnBoard,
)
from tiffin.features.delivery.errors import DeliveryNotFound
from tiffin.features.orders import Order
from tiffin.realtime import Position

QUERIES = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Reporting:
    """What a courier's next report is compared with, and who is to see it."""

    shift: int
    last: LastFix | None
    on_board: tuple[OnBoard, ...]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A courier on duty, for operations."""

    account_id: UUID
    name: str
    since: datetime
    location: Location | None
    order_ids: tuple[UUID, ...]


# couriers


async def begin_shift(connection: Connection, account_id: UUID, name: str) -> Courier | None:
    """Put a courier on duty; None if they are already."""
    row = await connection.fetchrow(QUERIES["upsert_on_duty"], account_id, name)
    return _courier(row) if row is not None else None


async def end_shift(connection: Connection, account_id: UUID) -> None:
    """Take a courier off duty and forget where they are."""
    await connection.execute(QUERIES["update_off_duty"], account_id)
    await connection.execute(QUERIES["delete_location"], account_id)


async def get_courier(connection: Connection, account_id: UUID) -> Courier | None:
    """A courier who was on duty at least once."""
    row = await connection.fetchrow(QUERIES["get_courier"], account_id)
    return _courier(row) if row is not None else None


async def lock_courier(connection: Connection, account_id: UUID) -> Courier | None:
    """A courier, locked (after order, delivery and offer)."""
    row = await connection.fetchrow(QUERIES["lock_courier"], account_id)
    return _courier(row) if row is not None else None


async def get_location(connection: Connection, account_id: UUID) -> Location | None:
    """Where a courier on duty is."""
    row = await connection.fetchrow(QUERIES["get_location"], account_id)
    return _location(row) if row is not None else None


async def list_on_duty(connection: Connection) -> list[OnDuty]:
    """Everybody on duty, by name."""
    return [
        OnDuty(
            row["account_id"],
            row["name"],
            row["on_duty_since"],
            _location(row) if row["at"] is not None else None,
            tuple(row["order_ids"]),
        )
        for row in await connection.fetch(QUERIES["list_on_duty"])
    ]


@dataclass(frozen=True, slots=True)
class CourierCounts:
    """Couriers on duty, those of them who have orders, and orders for which one is looked for."""

    on_duty: int
    busy: int
    searching: int


async def count_couriers(connection: Connection) -> CourierCounts:
    """How many there are."""
    row = await connection.fetchrow(QUERIES["count_couriers"])
    assert row is not None
    return CourierCounts(**dict(row))


# deliveries


def insert_delivery(transaction: Transaction, order: Order, code: str) -> None:
    """Store the delivery of a confirmed order, at the transaction's end."""
    start, end = order.restaurant.location, order.destination.location
    arguments = (order.id, order.customer_id, code, start.latitude, start.longitude, end.latitude, end.longitude)
    transaction.at_end(lambda: Part("delivery_made", QUERIES["insert_delivery"], arguments))


async def get_delivery(connection: Connection, order_id: UUID, topic: str) -> tuple[Delivery, Position]:
    """A delivery and the position of a topic, of one moment. Raises DeliveryNotFound."""
    row = await connection.fetchrow(QUERIES["get_delivery"], order_id, topic)
    if row is None:
        raise DeliveryNotFound()
    return _delivery(row), Position.read(row["position"])


async def lock_delivery(connection: Connection, order_id: UUID) -> Delivery | None:
    """A delivery, locked (after its order), or None."""
    row = await connection.fetchrow(QUERIES["lock_delivery"], order_id)
    return _delivery(row) if row is not None else None


async def list_active_deliveries(connection: Connection, courier_id: UUID) -> list[Delivery]:
    """What a courier has to bring."""
    return [_delivery(row) for row in await connection.fetch(QUERIES["list_active_deliveries"], courier_id)]


async def count_active_deliveries(connection: Connection, courier_id: UUID) -> int:
    """How many orders a courier has to bring."""
    count: int = await connection.fetchval(QUERIES["count_active_deliveries"], courier_id)
    return count


async def update_search(connection: Connection, order_id: UUID, round_: int) -> tuple[int, float]:
    """Ask for a search, in a round; returns its number and for how many seconds somebody has been looked for."""
    row = await connection.fetchrow(QUERIES["update_search"], order_id, round_)
    assert row is not None
    return row["search"], row["searched_seconds"]


async def update_operations_told(connection: Connection, order_id: UUID) -> None:
    """Operations know that nobody takes it."""
    await connection.execute(QUERIES["update_operations_told"], order_id)


async def update_offered(connection: Connection, order_id: UUID) -> None:
    """Somebody is being asked."""
    await connection.execute(QUERIES["update_offered"], order_id)


async def update_assigned(connection: Connection, order_id: UUID, courier: Courier) -> Delivery:
    """A courier has it; the assignment has a new number."""
    return _delivery(await connection.fetchrow(QUERIES["update_assigned"], order_id, courier.account_id, courier.name))


async def update_unassigned(connection: Connection, order_id: UUID) -> None:
    """Nobody has it any more."""
    await connection.execute(QUERIES["update_unassigned"], order_id)


async def update_state(connection: Connection, order_id: UUID, state: DeliveryState) -> Delivery:
    """The next step of a courier: arrived, on board, ended."""
    return _delivery(await connection.fetchrow(QUERIES[f"update_{state}"], order_id))


async def update_near(connection: Connection, order_id: UUID) -> bool:
    """Note that the customer is told; False if they were already."""
    return await connection.fetchval(QUERIES["update_near"], order_id) is not None


async def update_told_eta(connection: Connection, order_id: UUID, eta_at: datetime) -> bool:
    """Note which arrival time the customer is told; False where the food is not on board any more."""
    return await connection.fetchval(QUERIES["update_told_eta"], order_id, eta_at) is not None


# offers


async def lock_nearest_free(
    connection: Connection, delivery: Delivery, *, fresh_seconds: float, radius_meters: float, most_orders: int
) -> tuple[UUID, int] | None:
    """The courier to ask next, locked, and how far from the restaurant they are."""
    point = delivery.pick_up
    row = await connection.fetchrow(
        QUERIES["lock_nearest_free"],
        delivery.order_id,
        point.latitude,
        point.longitude,
        fresh_seconds,
        radius_meters,
        delivery.round,
        most_orders,
    )
    return (row["account_id"], row["distance_meters"]) if row is not None else None


async def was_anybody_asked(connection: Connection, order_id: UUID, round_: int) -> bool:
    """True if this round had offers."""
    asked: bool = await connection.fetchval(QUERIES["was_anybody_asked"], order_id, round_)
    return asked


async def insert_offer(
    connection: Connection, delivery: Delivery, courier_id: UUID, distance_meters: int, seconds: float
) -> Offer | None:
    """Hold an order out to a courier; None if they have been given another offer meanwhile."""
    row = await connection.fetchrow(
        QUERIES["insert_offer"], new_id(), delivery.order_id, courier_id, delivery.round, distance_meters, seconds
    )
    return _offer(row) if row is not None else None


async def get_offer(connection: Connection, offer_id: UUID) -> Offer | None:
    """An offer, or None."""
    row = await connection.fetchrow(QUERIES["get_offer"], offer_id)
    return _offer(row) if row is not None else None


async def lock_offer(connection: Connection, offer_id: UUID) -> Offer | None:
    """An offer, locked (after order and delivery), or None."""
    row = await connection.fetchrow(QUERIES["lock_offer"], offer_id)
    return _offer(row) if row is not None else None


async def lock_open_offer(connection: Connection, order_id: UUID) -> Offer | None:
    """The offer that is open for an order, locked, or None."""
    row = await connection.fetchrow(QUERIES["lock_open_offer"], order_id)
    return _offer(row) if row is not None else None


async def list_open_offers(connection: Connection, courier_id: UUID) -> list[Offer]:
    """What is held out to a courier."""
    return [_offer(row) for row in await connection.fetch(QUERIES["list_open_offers"], courier_id)]


async def update_offer(connection: Connection, offer_id: UUID, state: OfferState) -> None:
    """Store what became of an offer."""
    await connection.execute(QUERIES["update_offer"], offer_id, state)


async def postpone_offers(connection: Connection, since: datetime, by: timedelta) -> list[Offer]:
    """Move the end of all open offers that had not ended by `since`; returns them."""
    return [_offer(row) for row in await connection.fetch(QUERIES["postpone_offers"], since, by)]


# positions


async def list_reporting(connection: Connection, courier_ids: Sequence[UUID]) -> dict[UUID, Reporting]:
    """What is needed to take reports of these couriers; those off duty are left out."""
    reporting: dict[UUID, Reporting] = {}
    for row in await connection.fetch(QUERIES["list_reporting"], list(courier_ids)):
        known = reporting.get(row["account_id"])
        last = known.last if known is not None else _last_fix(row)
        on_board = known.on_board if known is not None else ()
        if row["order_id"] is not None:
            on_board = (*on_board, _on_board(row))
        reporting[row["account_id"]] = Reporting(row["shift"], last, on_board)
    return reporting


async def upsert_locations(connection: Connection, locations: Sequence[tuple[UUID, int, Location]]) -> set[UUID]:
    """Keep (courier, shift, position) where it is the newest; returns the couriers whose position it is now."""
    rows = [
        (
            courier_id,
            shift,
            location.point.latitude,
            location.point.longitude,
            location.accuracy_meters,
            location.heading_degrees,
            location.speed_mps,
            location.at,
            location.received_at,
        )
        for courier_id, shift, location in locations
    ]
    kept = await connection.fetch(QUERIES["upsert_locations"], *(list(column) for column in zip(*rows, strict=True)))
    return {row["courier_id"] for row in kept}


async def list_sharing(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[UUID, int]]:
    """Of these orders (ids as text), those on board: the customer, and the assignment."""
    ids = [order_id for key in keys if (order_id := parse_id(key)) is not None]
    rows = await connection.fetch(QUERIES["list_sharing"], ids)
    return {str(row["order_id"]): (row["customer_id"], row["assignment"]) for row in rows}


async def list_shared_locations(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[UUID, int, Location]]:
    """Of these orders (ids as text), those on board: the order, the assignment, and where it is."""
    ids = [order_id for key in keys if (order_id := parse_id(key)) is not None]
    rows = await connection.fetch(QUERIES["list_shared_locations"], ids)
    return {str(row["order_id"]): (row["order_id"], row["assignment"], _location(row)) for row in rows}


async def delete_void_locations(transaction: Transaction) -> None:
    """Forget positions of couriers who went off duty while a report was on its way."""
    await transaction.connection.execute(QUERIES["delete_void_locations"])


def _courier(row: Any) -> Courier:
    return Courier(**dict(row))


def _delivery(row: Any) -> Delivery:
    return Delivery(
        row["order_id"],
        row["customer_id"],
        DeliveryState(row["state"]),
        row["courier_id"],
        row["courier_name"],
        row["assignment"],
        row["code"],
        Point(row["pick_up_latitude"], row["pick_up_longitude"]),
        Point(row["drop_off_latitude"], row["drop_off_longitude"]),
        row["search"],
        row["round"],
        row["operations_told_at"],
        row["assigned_at"],
        row["arrived_at"],
        row["picked_up_at"],
        row["near_at"],
    )


def _offer(row: Any) -> Offer:
    return Offer(**{**dict(row), "state": OfferState(row["state"])})


def _location(row: Any) -> Location:
    return Location(
        Point(row["latitude"], row["longitude"]),
        row["accuracy_meters"],
        row["heading_degrees"],
        row["speed_mps"],
        row["at"],
        row["received_at"],
    )


def _last_fix(row: Any) -> LastFix | None:
    if row["at"] is None:
        return None
    return LastFix(Point(row["latitude"], row["longitude"]), row["accuracy_meters"], row["at"])


def _on_board(row: Any) -> OnBoard:
    return OnBoard(
        row["order_id"],
        row["assignment"],
        row["picked_up_at"],
        Point(row["drop_off_latitude"], row["drop_off_longitude"]),
        row["near_at"] is not None,
        row["told_eta_at"],
    )
