"""Events and facts of orders, and who may follow one.

`order.{id}` tells its customer (and support) each change with time, estimate and who did it, never who exactly.
`user.{customer}` gets a summary, for the customer's other screens. Facts make work for features above.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from tiffin.base.principal import Principal, Role
from tiffin.db import Connection
from tiffin.features.orders import repository
from tiffin.features.orders.domain import Actor, Order, OrderState, Transition
from tiffin.features.orders.schemas import OrderSummary
from tiffin.realtime import Event, Grant, ReadRequest
from tiffin.work import Fact


def order_topic(order_id: UUID) -> str:
    """The topic of one order."""
    return f"order.{order_id}"


class OrderEvent(Event):
    """A change of an order: everything in it that changed."""

    order_id: UUID
    state: OrderState
    at: datetime
    by: Actor
    reason: str
    ready_at: datetime
    eta_at: datetime
    ended_at: datetime | None


class OrderPlaced(OrderEvent):
    """The order is known to the restaurant."""

    type: ClassVar[str] = "order.placed"


class OrderConfirmed(OrderEvent):
    """The restaurant accepted."""

    type: ClassVar[str] = "order.confirmed"


class OrderPreparing(OrderEvent):
    """It is being cooked."""

    type: ClassVar[str] = "order.preparing"


class OrderReady(OrderEvent):
    """It waits to be picked up."""

    type: ClassVar[str] = "order.ready"


class OrderPickedUp(OrderEvent):
    """It is on its way."""

    type: ClassVar[str] = "order.picked_up"


class OrderDelivered(OrderEvent):
    """The customer has it, and no longer sees where the courier is."""

    type: ClassVar[str] = "order.delivered"
    rights: ClassVar[bool] = True


class OrderRejected(OrderEvent):
    """The restaurant did not take it."""

    type: ClassVar[str] = "order.rejected"


class OrderExpired(OrderEvent):
    """The restaurant did not answer in time."""

    type: ClassVar[str] = "order.expired"


class OrderCancelled(OrderEvent):
    """Somebody cancelled it."""

    type: ClassVar[str] = "order.cancelled"
    rights: ClassVar[bool] = True


class OrderFailed(OrderEvent):
    """It could not be paid or delivered."""

    type: ClassVar[str] = "order.failed"
    rights: ClassVar[bool] = True


class EtaChanged(Event):
    """The courier is faster or slower than was thought."""

    type: ClassVar[str] = "order.eta_changed"
    order_id: UUID
    eta_at: datetime


EVENT_OF: dict[OrderState, type[OrderEvent]] = {
    OrderState.PLACED: OrderPlaced,
    OrderState.CONFIRMED: OrderConfirmed,
    OrderState.PREPARING: OrderPreparing,
    OrderState.READY: OrderReady,
    OrderState.PICKED_UP: OrderPickedUp,
    OrderState.DELIVERED: OrderDelivered,
    OrderState.REJECTED: OrderRejected,
    OrderState.EXPIRED: OrderExpired,
    OrderState.CANCELLED: OrderCancelled,
    OrderState.FAILED: OrderFailed,
}


class OrderChanged(Event):
    """On `user.{customer}`: one of the account's orders is new or changed."""

    type: ClassVar[str] = "order.changed"
    order: OrderSummary


class OrderPlacedFact(Fact):
    """An order became known to its restaurant."""

    subject: ClassVar[str] = "order.placed"
    order_id: UUID


class OrderCancelledFact(Fact):
    """An order was cancelled by its customer or by support."""

    subject: ClassVar[str] = "order.cancelled"
    order_id: UUID
    reason: str = ""


def event_of(order: Order, transition: Transition) -> OrderEvent:
    """What `order.{id}` tells of a transition."""
    return EVENT_OF[transition.state](
        order_id=order.id,
        state=transition.state,
        at=transition.at,
        by=transition.actor,
        reason=transition.reason,
        ready_at=order.ready_at,
        eta_at=order.eta_at,
        ended_at=order.ended_at,
    )


async def read_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """The customer who ordered, support agents and administrators."""
    customers = await repository.list_customers(connection, [request.key for request in requests])
    return [_grant(request, customers.get(request.key)) for request in requests]


def may_follow(principal: Principal | None, customer_id: UUID) -> bool:
    """True for the customer who ordered, support agents and administrators."""
    if principal is None:
        return False
    return principal.account_id == customer_id or principal.has(Role.AGENT) or principal.has(Role.ADMIN)


def _grant(request: ReadRequest, customer_id: UUID | None) -> Grant | None:
    return Grant() if customer_id is not None and may_follow(request.principal, customer_id) else None
