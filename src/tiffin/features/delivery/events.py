"""Events and work of deliveries, and who may follow what.

`courier.{account}` is for the courier's own devices; `order.{id}` tells the customer who brings it;
`order.{id}.location` keeps only where the courier is, for the customer who ordered, while the food is on board.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import orjson

from tiffin.base.principal import Role
from tiffin.db import Connection
from tiffin.features.delivery import repository
from tiffin.features.delivery.domain import Location
from tiffin.features.delivery.schemas import AssignmentView, CourierName, OfferEnd, OfferView
from tiffin.features.orders import order_topic
from tiffin.realtime import Event, Grant, LatestValue, ReadRequest
from tiffin.work import Fact


def courier_topic(account_id: UUID) -> str:
    """The topic of a courier's own devices."""
    return f"courier.{account_id}"


def location_topic(order_id: UUID) -> str:
    """Where the courier with an order is."""
    return f"{order_topic(order_id)}.location"


class DutyChanged(Event):
    """The courier went on or off duty."""

    type: ClassVar[str] = "duty.changed"
    on_duty: bool
    since: datetime | None


class OfferMade(Event):
    """An order is held out to the courier; told again when it has more time."""

    type: ClassVar[str] = "offer.made"
    offer: OfferView


class OfferEnded(Event):
    """An offer is over."""

    type: ClassVar[str] = "offer.ended"
    offer_id: UUID
    reason: OfferEnd


class AssignmentMade(Event):
    """The courier has taken an order."""

    type: ClassVar[str] = "assignment.made"
    assignment: AssignmentView


class AssignmentChanged(Event):
    """An assignment moved on, by the courier or by the kitchen; this is all of it."""

    type: ClassVar[str] = "assignment.changed"
    assignment: AssignmentView


class AssignmentEnded(Event):
    """The courier is done with an order."""

    type: ClassVar[str] = "assignment.ended"
    order_id: UUID
    reason: Literal["delivered", "unassigned", "cancelled", "failed"]


COURIER_EVENTS: tuple[type[Event], ...] = (
    DutyChanged,
    OfferMade,
    OfferEnded,
    AssignmentMade,
    AssignmentChanged,
    AssignmentEnded,
)


class CourierAssigned(Event):
    """Somebody is on the way to the restaurant for it."""

    type: ClassVar[str] = "order.courier_assigned"
    order_id: UUID
    courier: CourierName


class CourierArrived(Event):
    """The courier is at the restaurant."""

    type: ClassVar[str] = "order.courier_arrived"
    order_id: UUID


class CourierUnassigned(Event):
    """The courier has given it back; another one is looked for."""

    type: ClassVar[str] = "order.courier_unassigned"
    rights: ClassVar[bool] = True
    order_id: UUID


class CourierNear(Event):
    """The courier will be at the door in a moment."""

    type: ClassVar[str] = "order.courier_near"
    order_id: UUID


CUSTOMER_EVENTS: tuple[type[Event], ...] = (CourierAssigned, CourierArrived, CourierUnassigned, CourierNear)


class SearchDue(Fact):
    """Find a courier. `search` is void once the delivery asks for a newer one."""

    subject: ClassVar[str] = "delivery.search_due"
    order_id: UUID
    search: int


class OfferDue(Fact):
    """The time to answer an offer is over."""

    subject: ClassVar[str] = "delivery.offer_due"
    order_id: UUID
    offer_id: UUID


def location_value(order_id: UUID, assignment: int, location: Location) -> LatestValue:
    """What `order.{id}.location` carries."""
    data = {
        "latitude": location.point.latitude,
        "longitude": location.point.longitude,
        "accuracy_meters": location.accuracy_meters,
        "heading_degrees": location.heading_degrees,
        "speed_mps": location.speed_mps,
        "at": location.at,
        "received_at": location.received_at,
        "assignment": assignment,
    }
    at = round(location.at.timestamp() * 1_000_000)
    return LatestValue(location_topic(order_id), assignment, at, orjson.dumps(data, option=orjson.OPT_UTC_Z))


async def read_courier_grants(_: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """A courier reads the own topic."""
    return [
        Grant()
        if (who := request.principal) is not None and who.has(Role.COURIER) and str(who.account_id) == request.key
        else None
        for request in requests
    ]


async def read_location_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """The customer who ordered, while the food is on board; nobody else, ever.

    The order's topic is the guard: whatever ends it is flagged there. A grant is for one assignment's positions.
    """
    sharing = await repository.list_sharing(connection, [request.key for request in requests])
    grants: list[Grant | None] = []
    for request in requests:
        shared = sharing.get(request.key)
        may = shared is not None and request.principal is not None and request.principal.account_id == shared[0]
        grants.append(Grant((f"order.{request.key}",), generation=shared[1]) if may and shared is not None else None)
    return grants


async def read_latest_locations(connection: Connection, keys: Sequence[str]) -> list[LatestValue | None]:
    """The last positions that the customers of these orders may see."""
    shared = await repository.list_shared_locations(connection, keys)
    return [location_value(*shared[key]) if key in shared else None for key in keys]
