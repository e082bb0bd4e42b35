"""Couriers, offers, assignments and positions on the wire. Coordinates are WGS 84 degrees, `[latitude, longitude]`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tiffin.base.geo import Point, distance_meters
from tiffin.features.delivery.domain import Courier, Delivery, DeliveryState, Location, Offer, OfferState
from tiffin.features.orders import Order, OrderState
from tiffin.features.orders.schemas import DestinationBody, Reason
from tiffin.routing import Source, Way

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Code = Annotated[str, Field(pattern=r"^[0-9]{4}$")]
_MOST_REPORTS = 500


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlaceView(BaseModel):
    """A restaurant on the way."""

    name: str
    address: str
    latitude: float
    longitude: float


class PointView(BaseModel):
    """A point."""

    latitude: float
    longitude: float


class LocationView(BaseModel):
    """Where a courier is: measured at `at`, received at `received_at`. Speed in meters a second."""

    latitude: float
    longitude: float
    accuracy_meters: float
    heading_degrees: float | None
    speed_mps: float | None
    at: datetime
    received_at: datetime

    @classmethod
    def of(cls, location: Location) -> Self:
        """The view of a position."""
        return cls(
            latitude=location.point.latitude,
            longitude=location.point.longitude,
            accuracy_meters=location.accuracy_meters,
            heading_degrees=location.heading_degrees,
            speed_mps=location.speed_mps,
            at=location.at,
            received_at=location.received_at,
        )


class SharedLocation(LocationView):
    """Where the courier with an order is. A greater `assignment` is another courier."""

    assignment: int


class ReportBody(_Body):
    """One measured position. `at`: when it was measured."""

    latitude: Latitude
    longitude: Longitude
    accuracy_meters: float = Field(ge=0, le=100_000, allow_inf_nan=False)
    heading_degrees: float | None = Field(None, ge=0, le=360, allow_inf_nan=False)
    speed_mps: float | None = Field(None, ge=0, le=1000, allow_inf_nan=False)
    at: AwareDatetime

    def to_location(self, received_at: datetime) -> Location:
        """The domain's position."""
        point = Point(self.latitude, self.longitude)
        return Location(
            point, self.accuracy_meters, self.heading_degrees, self.speed_mps, self.at, received_at=received_at
        )


class LocationReport(_Body):
    """Where the courier was, the oldest first; what was measured while offline comes as one list."""

    reports: list[ReportBody] = Field(min_length=1, max_length=_MOST_REPORTS)


class RefusedReport(BaseModel):
    """A report that is not believed, by its place in the list."""

    index: int
    code: Literal["location_in_future", "location_outdated", "location_too_often", "location_impossible"]


class LocationAnswer(BaseModel):
    """How many reports were taken; the refused ones are not to be sent again."""

    accepted: int
    refused: list[RefusedReport]


class OfferView(BaseModel):
    """An order, held out until `expires_at`. `way_meters`: from the restaurant to the door, as the crow flies."""

    offer_id: UUID
    order_id: UUID
    number: str
    restaurant: PlaceView
    destination: PointView
    distance_meters: int
    way_meters: int
    ready_at: datetime
    offered_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, offer: Offer, order: Order) -> Self:
        """The view of an offer of an order."""
        location = order.destination.location
        return cls(
            offer_id=offer.id,
            order_id=order.id,
            number=order.number,
            restaurant=_place(order),
            destination=PointView(latitude=location.latitude, longitude=location.longitude),
            distance_meters=offer.distance_meters,
            way_meters=round(distance_meters(order.restaurant.location, location)),
            ready_at=order.ready_at,
            offered_at=offer.offered_at,
            expires_at=offer.expires_at,
        )


class BagLine(BaseModel):
    """What should be in the bag."""

    name: str
    quantity: int


class AssignmentView(BaseModel):
    """An order that a courier brings."""

    order_id: UUID
    number: str
    state: DeliveryState
    order_state: OrderState
    restaurant: PlaceView
    destination: DestinationBody
    customer_name: str
    note: str
    lines: list[BagLine]
    total_minor: int
    currency: str
    paid_by: str
    ready_at: datetime
    assigned_at: datetime
    arrived_at: datetime | None
    picked_up_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery, order: Order) -> Self:
        """The view of a delivery that a courier has taken."""
        assert delivery.assigned_at is not None
        return cls(
            order_id=order.id,
            number=order.number,
            state=delivery.state,
            order_state=order.state,
            restaurant=_place(order),
            destination=DestinationBody.of(order.destination),
            customer_name=order.customer_name.split(" ")[0],
            note=order.note,
            lines=[BagLine(name=line.name, quantity=line.quantity) for line in order.bill.lines],
            total_minor=order.bill.total_minor,
            currency=order.bill.currency,
            paid_by="on delivery",
            ready_at=order.ready_at,
            assigned_at=delivery.assigned_at,
            arrived_at=delivery.arrived_at,
            picked_up_at=delivery.picked_up_at,
        )


class CourierView(BaseModel):
    """A courier, what is held out to them and what they bring. `position` is that of `courier.{account_id}`."""

    account_id: UUID
    name: str
    on_duty: bool
    on_duty_since: datetime | None
    offers: list[OfferView]
    assignments: list[AssignmentView]
    location: LocationView | None
    position: str


class CourierOnDuty(BaseModel):
    """A courier as operations see one; `location` is null until the first report."""

    account_id: UUID
    name: str
    on_duty_since: datetime
    location: LocationView | None
    order_ids: list[UUID]


class CourierList(BaseModel):
    """Everybody on duty. Each look is in the audit log."""

    couriers: list[CourierOnDuty]


class CourierName(BaseModel):
    """Who brings an order, as its customer knows them."""

    name: str


class DeliveryView(BaseModel):
    """How an order comes to its customer. `position` is that of `order.{id}`.

    `code` is for the customer to tell at the door; `way` (restaurant to door) and `location` are there while the
    courier has the food. Support sees neither code nor location.
    """

    order_id: UUID
    state: DeliveryState
    courier: CourierName | None
    code: str | None
    near: bool
    way: list[tuple[float, float]] | None
    location: SharedLocation | None
    position: str


class WayView(BaseModel):
    """The way to the next stop of an assignment. Where no street is known it is a straight line."""

    to: Literal["restaurant", "destination"]
    points: list[tuple[float, float]]
    meters: int
    seconds: int
    source: Source

    @classmethod
    def of(cls, to: Literal["restaurant", "destination"], way: Way) -> Self:
        """The view of a way."""
        return cls(
            to=to, points=pairs(way.points), meters=round(way.meters), seconds=round(way.seconds), source=way.source
        )


class DutyBody(_Body):
    """Go on or off duty."""

    on_duty: bool


class AdvanceAssignmentBody(_Body):
    """The next step. `delivered` needs the `code` that the customer tells."""

    to: Literal["arrived", "picked_up", "delivered"]
    code: Code | None = None


class GiveBackBody(_Body):
    """Why somebody does not bring it after all."""

    reason: Reason


class OfferCommand(_Body):
    """As the endpoint."""

    offer_id: UUID


class AdvanceAssignmentCommand(AdvanceAssignmentBody):
    """As the endpoint."""

    order_id: UUID


OfferEnd = Literal[OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED, OfferState.WITHDRAWN]


def pairs(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Points as they stand on the wire."""
    return [(point.latitude, point.longitude) for point in points]


def courier_view(
    courier: Courier,
    offers: Sequence[tuple[Offer, Order]],
    deliveries: Sequence[tuple[Delivery, Order]],
    location: Location | None,
    position: str,
) -> CourierView:
    """The view of a courier."""
    return CourierView(
        account_id=courier.account_id,
        name=courier.name,
        on_duty=courier.on_duty,
        on_duty_since=courier.on_duty_since,
        offers=[OfferView.of(offer, order) for offer, order in offers],
        assignments=[AssignmentView.of(delivery, order) for delivery, order in deliveries],
        location=LocationView.of(location) if location is not None else None,
        position=position,
    )


def _place(order: Order) -> PlaceView:
    restaurant = order.restaurant
    return PlaceView(
        name=restaurant.name,
        address=restaurant.address,
        latitude=restaurant.location.latitude,
        longitude=restaurant.location.longitude,
    )
