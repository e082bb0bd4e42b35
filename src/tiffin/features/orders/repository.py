"""Orders in PostgreSQL: what was bought is JSON as it was, what moves are columns."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tiffin.base.geo import Point
from tiffin.base.ids import parse_id
from tiffin.db import Connection, Part, Transaction, load_queries
from tiffin.features.orders.domain import (
    Actor,
    Bill,
    ChosenOption,
    Destination,
    Order,
    OrderLine,
    OrderRestaurant,
    OrderState,
    Transition,
)
from tiffin.features.orders.errors import OrderNotFound
from tiffin.realtime import Position

QUERIES = load_queries(__package__)


def insert_order(transaction: Transaction, order: Order, placed: Transition) -> None:
    """Store a new order and the first line of its history, at the transaction's end."""
    bill = order.bill
    arguments = (
        order.id,
        order.number,
        order.customer_id,
        order.restaurant_id,
        order.state,
        [_line_to_json(line) for line in bill.lines],
        {
            "delivery_fee_minor": bill.delivery_fee_minor,
            "tip_minor": bill.tip_minor,
            "tax_basis_points": bill.tax_basis_points,
        },
        bill.total_minor,
        bill.currency,
        {
            "street": order.destination.street,
            "city": order.destination.city,
            "note": order.destination.note,
            **_point_to_json(order.destination.location),
        },
        {
            "name": order.restaurant.name,
            "address": order.restaurant.address,
            **_point_to_json(order.restaurant.location),
        },
        order.note,
        order.placed_at,
        order.ready_at,
        order.eta_at,
        placed.actor,
        placed.actor_id,
        placed.reason,
        order.customer_name,
    )
    transaction.at_end(lambda: Part("placed", QUERIES["insert_order"], arguments))


async def get_order(connection: Connection, order_id: UUID) -> Order | None:
    """An order, or None."""
    row = await connection.fetchrow(QUERIES["get_order"], order_id)
    return _order(row) if row is not None else None


async def require_snapshot(
    connection: Connection, order_id: UUID, topic: str
) -> tuple[Order, list[Transition], Position]:
    """An order, what happened to it in order, and the position of its topic, of one moment. Raises OrderNotFound."""
    row = await connection.fetchrow(QUERIES["get_snapshot"], order_id, topic)
    if row is None:
        raise OrderNotFound()
    history = [_transition(*line) for line in row["history"]]
    return _order(row), history, Position.read(row["position"])


async def require_order(connection: Connection, order_id: UUID) -> Order:
    """An order. Raises OrderNotFound."""
    order = await get_order(connection, order_id)
    if order is None:
        raise OrderNotFound()
    return order


async def lock_order(connection: Connection, order_id: UUID) -> Order:
    """An order, locked. Raises OrderNotFound."""
    row = await connection.fetchrow(QUERIES["lock_order"], order_id)
    if row is None:
        raise OrderNotFound()
    return _order(row)


def update_order(transaction: Transaction, order: Order, transition: Transition) -> None:
    """Store a locked order's new state and the line of its history, at the transaction's end."""
    arguments = (
        order.id,
        order.state,
        order.ready_at,
        order.eta_at,
        order.ended_at,
        transition.at,
        transition.actor,
        transition.actor_id,
        transition.reason,
    )
    transaction.at_end(lambda: Part("changed", QUERIES["update_order"], arguments))


async def update_eta(connection: Connection, order: Order) -> None:
    """Store a locked order's new time of arrival."""
    await connection.execute(QUERIES["update_eta"], order.id, order.eta_at)


async def list_orders(connection: Connection, customer_id: UUID, after: UUID | None, limit: int) -> list[Order]:
    """A customer's orders, the newest first, after the order `after`."""
    return [_order(row) for row in await connection.fetch(QUERIES["list_orders"], customer_id, after, limit)]


async def list_customers(connection: Connection, keys: Sequence[str]) -> dict[str, UUID]:
    """Who placed each of these orders, by the order's id as text; unknown ones and nonsense are left out."""
    ids = {key: parsed for key in keys if (parsed := parse_id(key)) is not None}
    rows = await connection.fetch(QUERIES["list_customers"], list(ids.values()))
    customers = {row["id"]: row["customer_id"] for row in rows}
    return {key: customers[order_id] for key, order_id in ids.items() if order_id in customers}


def _point_to_json(point: Point) -> dict[str, float]:
    return {"latitude": point.latitude, "longitude": point.longitude}


def _line_to_json(line: OrderLine) -> dict[str, Any]:
    return {
        "menu_item_id": line.menu_item_id,
        "name": line.name,
        "quantity": line.quantity,
        "unit_minor": line.unit_minor,
        "options": [
            {"option_id": option.option_id, "name": option.name, "price_minor": option.price_minor}
            for option in line.options
        ],
        "note": line.note,
    }


async def count_open_orders(connection: Connection) -> dict[OrderState, int]:
    """How many orders are under way, by state."""
    return {OrderState(row["state"]): row["orders"] for row in await connection.fetch(QUERIES["count_open_orders"])}


async def count_orders_since(connection: Connection, first_id: UUID) -> int:
    """How many orders have an id from this one on."""
    count: int = await connection.fetchval(QUERIES["count_orders_since"], first_id)
    return count


def _line(line: dict[str, Any]) -> OrderLine:
    options = tuple(
        ChosenOption(UUID(option["option_id"]), option["name"], option["price_minor"]) for option in line["options"]
    )
    menu_item_id = UUID(line["menu_item_id"])
    return OrderLine(menu_item_id, line["name"], line["quantity"], line["unit_minor"], options, line["note"])


def _transition(state: str, at: str, actor: str, actor_id: str | None, reason: str) -> Transition:
    by = UUID(actor_id) if actor_id is not None else None
    return Transition(OrderState(state), datetime.fromisoformat(at), Actor(actor), by, reason)


def _order(row: Any) -> Order:
    bill, destination, restaurant = row["bill"], row["destination"], row["restaurant"]
    return Order(
        id=row["id"],
        number=row["number"],
        customer_id=row["customer_id"],
        customer_name=row["customer_name"],
        restaurant_id=row["restaurant_id"],
        state=OrderState(row["state"]),
        bill=Bill(
            row["currency"],
            tuple(_line(line) for line in row["lines"]),
            bill["delivery_fee_minor"],
            bill["tip_minor"],
            bill["tax_basis_points"],
        ),
        destination=Destination(
            destination["street"],
            destination["city"],
            Point(destination["latitude"], destination["longitude"]),
            destination["note"],
        ),
        restaurant=OrderRestaurant(
            restaurant["name"], restaurant["address"], Point(restaurant["latitude"], restaurant["longitude"])
        ),
        note=row["note"],
        placed_at=row["placed_at"],
        ready_at=row["ready_at"],
        eta_at=row["eta_at"],
        ended_at=row["ended_at"],
    )
