"""Deliveries, offers and positions. Pure rules: no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tiffin.base.geo import Point, distance_meters

# a device's clock may be so far ahead of ours
_CLOCK_TOLERANCE = timedelta(seconds=30)
_LEAST_INTERVAL = timedelta(seconds=1)
# 160 km/h: nothing that brings food is faster; a jump beyond it is a broken fix
_FASTEST_METERS_PER_SECOND = 45.0
# the customer is told that the courier is near
NEAR_METERS = 300.0
# an arrival time moves when it is off by this much
ETA_TOLERANCE = timedelta(seconds=60)
# from the street to the hand
HANDOVER = timedelta(seconds=60)


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"  # the kitchen cooks; nobody is looked for yet
    SEARCHING = "searching"  # nobody has it
    OFFERED = "offered"  # somebody is being asked
    ASSIGNED = "assigned"  # a courier is on the way to the restaurant
    ARRIVED = "arrived"  # the courier waits there
    ON_BOARD = "on_board"  # on the way to the customer, who sees where
    ENDED = "ended"


class OfferState(StrEnum):
    """What became of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


# nobody has it, and whoever searches may offer it
UNTAKEN = frozenset({DeliveryState.WAITING, DeliveryState.SEARCHING})
# a courier has taken it and not got it yet
TAKEN = frozenset({DeliveryState.ASSIGNED, DeliveryState.ARRIVED})


@dataclass(frozen=True, slots=True)
class Courier:
    """A person who delivers."""

    account_id: UUID
    name: str
    on_duty: bool
    shift: int
    on_duty_since: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an order gets to its customer; `order_id` names it."""

    order_id: UUID
    customer_id: UUID
    state: DeliveryState
    courier_id: UUID | None
    courier_name: str | None
    assignment: int
    code: str
    pick_up: Point
    drop_off: Point
    search: int
    round: int
    operations_told_at: datetime | None
    assigned_at: datetime | None
    arrived_at: datetime | None
    picked_up_at: datetime | None
    near_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """An order, held out to one courier until `expires_at`."""

    id: UUID
    order_id: UUID
    courier_id: UUID
    round: int
    state: OfferState
    distance_meters: int
    offered_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Location:
    """Where a courier is: measured at `at`, arrived at `received_at`."""

    point: Point
    accuracy_meters: float
    heading_degrees: float | None
    speed_mps: float | None
    at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class OnBoard:
    """An order that a courier has with them."""

    order_id: UUID
    assignment: int
    picked_up_at: datetime
    drop_off: Point
    is_near_told: bool
    told_eta_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastFix:
    """The last accepted position, as far as the next one is compared with it."""

    point: Point
    accuracy_meters: float
    at: datetime


def refuse_report(last: LastFix | None, report: Location) -> str | None:
    """Why a report is not believed, None if it is. `last`: the position before it."""
    if report.at > report.received_at + _CLOCK_TOLERANCE:
        return "location_in_future"
    if last is None:
        return None
    elapsed = report.at - last.at
    if elapsed <= timedelta(0):
        return "location_outdated"
    if elapsed < _LEAST_INTERVAL:
        return "location_too_often"
    meters = distance_meters(last.point, report.point) - last.accuracy_meters - report.accuracy_meters
    if meters / elapsed.total_seconds() > _FASTEST_METERS_PER_SECOND:
        return "location_impossible"
    return None


def is_shared(order: OnBoard, location: Location) -> bool:
    """True if the customer of `order` may see `location`: only what was measured since the food is on board."""
    return location.at >= order.picked_up_at
