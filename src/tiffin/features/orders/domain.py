"""What an order is, what may happen to it and who may do it. Pure: no I/O, no clock.

The server owns this machine; every change is compared with it under the order's row lock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tiffin.base.geo import Point, distance_meters

# a bicycle in a city, straight line: 4.5 m/s, and three minutes to hand over
_SPEED_METERS_PER_SECOND = 4.5
_HANDOVER_SECONDS = 180


class OrderState(StrEnum):
    """Where an order stands."""

    AWAITING_PAYMENT = "awaiting_payment"
    PLACED = "placed"
    CONFIRMED = "confirmed"
    PREPARING = "preparing"
    READY = "ready"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Actor(StrEnum):
    """Who acts on an order."""

    CUSTOMER = "customer"
    RESTAURANT = "restaurant"
    COURIER = "courier"
    SUPPORT = "support"
    SYSTEM = "system"


S, A = OrderState, Actor

# (from, to) → who may
TRANSITIONS: dict[tuple[OrderState, OrderState], frozenset[Actor]] = {
    (S.AWAITING_PAYMENT, S.PLACED): frozenset({A.SYSTEM}),
    (S.AWAITING_PAYMENT, S.FAILED): frozenset({A.SYSTEM}),
    (S.AWAITING_PAYMENT, S.CANCELLED): frozenset({A.CUSTOMER, A.SUPPORT}),
    (S.PLACED, S.CONFIRMED): frozenset({A.RESTAURANT}),
    (S.PLACED, S.REJECTED): frozenset({A.RESTAURANT}),
    (S.PLACED, S.EXPIRED): frozenset({A.SYSTEM}),
    (S.PLACED, S.CANCELLED): frozenset({A.CUSTOMER, A.SUPPORT}),
    (S.CONFIRMED, S.PREPARING): frozenset({A.RESTAURANT}),
    (S.CONFIRMED, S.READY): frozenset({A.RESTAURANT}),
    (S.CONFIRMED, S.CANCELLED): frozenset({A.RESTAURANT, A.SUPPORT}),
    (S.PREPARING, S.READY): frozenset({A.RESTAURANT}),
    (S.PREPARING, S.CANCELLED): frozenset({A.RESTAURANT, A.SUPPORT}),
    (S.READY, S.PICKED_UP): frozenset({A.RESTAURANT, A.COURIER}),
    (S.READY, S.CANCELLED): frozenset({A.RESTAURANT, A.SUPPORT}),
    (S.PICKED_UP, S.DELIVERED): frozenset({A.RESTAURANT, A.COURIER}),
    (S.PICKED_UP, S.FAILED): frozenset({A.RESTAURANT, A.COURIER, A.SUPPORT}),
}

FINAL_STATES = frozenset({S.DELIVERED, S.REJECTED, S.EXPIRED, S.CANCELLED, S.FAILED})


def may_change(state: OrderState, to: OrderState, actor: Actor) -> bool:
    """True if `actor` may bring an order from `state` to `to`."""
    return actor in TRANSITIONS.get((state, to), frozenset())


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the food goes."""

    street: str
    city: str
    location: Point
    note: str


@dataclass(frozen=True, slots=True)
class ChosenOption:
    """An option as it was when the order was placed."""

    option_id: UUID
    name: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An item as it was when the order was placed. Prices in minor units, tax included."""

    menu_item_id: UUID
    name: str
    quantity: int
    # one of them, with its options
    unit_minor: int
    options: tuple[ChosenOption, ...]
    note: str

    @property
    def total_minor(self) -> int:
        """All of them."""
        return self.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Bill:
    """What it costs, in minor units of `currency`; the total is exactly the sum of its parts."""

    currency: str
    lines: tuple[OrderLine, ...]
    delivery_fee_minor: int
    tip_minor: int
    tax_basis_points: int

    @property
    def subtotal_minor(self) -> int:
        """The items."""
        return sum(line.total_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        """Items, delivery and tip."""
        return self.subtotal_minor + self.delivery_fee_minor + self.tip_minor

    @property
    def included_tax_minor(self) -> int:
        """The tax within items and delivery, rounded half up; a tip is not taxed."""
        gross = self.subtotal_minor + self.delivery_fee_minor
        divisor = 10_000 + self.tax_basis_points
        return (2 * gross * self.tax_basis_points + divisor) // (2 * divisor)


@dataclass(frozen=True, slots=True)
class OrderRestaurant:
    """The restaurant as it was when the order was placed."""

    name: str
    address: str
    location: Point


@dataclass(frozen=True, slots=True)
class Order:
    """An order."""

    id: UUID
    number: str
    customer_id: UUID
    # as it was when the order was placed
    customer_name: str
    restaurant_id: UUID
    state: OrderState
    bill: Bill
    destination: Destination
    restaurant: OrderRestaurant
    note: str
    placed_at: datetime
    # when the kitchen means to be ready
    ready_at: datetime
    # when the customer should have it
    eta_at: datetime
    # when nothing more could happen to it
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an order's state."""

    state: OrderState
    at: datetime
    actor: Actor
    actor_id: UUID | None
    reason: str


def travel_time(restaurant: Point, destination: Point) -> timedelta:
    """How long the way takes, as the crow flies, with the handing over."""
    meters = distance_meters(restaurant, destination)
    return timedelta(seconds=round(meters / _SPEED_METERS_PER_SECOND) + _HANDOVER_SECONDS)


def estimate(order: Order, to: OrderState, at: datetime, minutes: int | None) -> tuple[datetime, datetime]:
    """(ready_at, eta_at) after a change to `to`: the estimate moves when kitchen or courier move."""
    travel = travel_time(order.restaurant.location, order.destination.location)
    if to is S.CONFIRMED and minutes is not None:
        ready_at = at + timedelta(minutes=minutes)
    elif to is S.READY:
        ready_at = at
    else:
        ready_at = order.ready_at
    if to is S.DELIVERED:
        return ready_at, at
    if to is S.PICKED_UP:
        return ready_at, at + travel
    if to in FINAL_STATES:
        return ready_at, order.eta_at
    return ready_at, max(ready_at, at) + travel
