"""Orders on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tiffin.base.geo import Point
from tiffin.features.orders.domain import Actor, Bill, Destination, Order, OrderLine, OrderState, Transition
from tiffin.features.orders.pricing import BasketLine, Repriced


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_without_nul)]
Note = Annotated[Text, Field(max_length=300)]
Reason = Annotated[Text, Field(min_length=1, max_length=300)]
Minor = Annotated[int, Field(ge=0, le=100_000_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BasketLineBody(_Body):
    """What a customer wants of one item."""

    menu_item_id: UUID
    quantity: int = Field(1, ge=1, le=99)
    option_ids: list[UUID] = Field(default_factory=list, max_length=50)
    note: Note = ""

    def to_line(self) -> BasketLine:
        """The domain's line."""
        return BasketLine(self.menu_item_id, self.quantity, tuple(self.option_ids), self.note)


class DestinationBody(_Body):
    """Where the food goes. Coordinates are WGS 84 degrees."""

    street: Annotated[Text, Field(min_length=1, max_length=200)]
    city: Annotated[Text, Field(min_length=1, max_length=100)]
    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)
    note: Note = ""

    def to_destination(self) -> Destination:
        """The domain's destination."""
        return Destination(self.street, self.city, Point(self.latitude, self.longitude), self.note)

    @classmethod
    def of(cls, destination: Destination) -> Self:
        """The view of a destination."""
        return cls(
            street=destination.street,
            city=destination.city,
            latitude=destination.location.latitude,
            longitude=destination.location.longitude,
            note=destination.note,
        )


class BasketBody(_Body):
    """A basket to be priced."""

    restaurant_id: UUID
    lines: list[BasketLineBody] = Field(min_length=1, max_length=100)
    destination: DestinationBody
    tip_minor: Minor = 0

    def to_lines(self) -> list[BasketLine]:
        """The domain's lines."""
        return [line.to_line() for line in self.lines]


class OrderCreate(BasketBody):
    """Place an order. `expected_total_minor` is the total of the bill the customer saw; another one refuses it."""

    expected_total_minor: int = Field(ge=0, le=10**12)
    note: Note = ""


class CancelBody(_Body):
    """Why an order is cancelled."""

    reason: Reason


class OptionView(BaseModel):
    """An option that was chosen."""

    option_id: UUID
    name: str
    price_minor: int


class LineView(BaseModel):
    """One line of an order."""

    menu_item_id: UUID
    name: str
    quantity: int
    unit_minor: int
    total_minor: int
    options: list[OptionView]
    note: str

    @classmethod
    def of(cls, line: OrderLine) -> Self:
        """The view of a line."""
        return cls(
            menu_item_id=line.menu_item_id,
            name=line.name,
            quantity=line.quantity,
            unit_minor=line.unit_minor,
            total_minor=line.total_minor,
            options=[
                OptionView(option_id=option.option_id, name=option.name, price_minor=option.price_minor)
                for option in line.options
            ],
            note=line.note,
        )


class BillView(BaseModel):
    """What it costs, in minor units; the total is the sum of subtotal, delivery and tip."""

    currency: str
    lines: list[LineView]
    subtotal_minor: int
    delivery_fee_minor: int
    tip_minor: int
    total_minor: int
    included_tax_minor: int
    tax_basis_points: int

    @classmethod
    def of(cls, bill: Bill) -> Self:
        """The view of a bill."""
        return cls(
            currency=bill.currency,
            lines=[LineView.of(line) for line in bill.lines],
            subtotal_minor=bill.subtotal_minor,
            delivery_fee_minor=bill.delivery_fee_minor,
            tip_minor=bill.tip_minor,
            total_minor=bill.total_minor,
            included_tax_minor=bill.included_tax_minor,
            tax_basis_points=bill.tax_basis_points,
        )


class TransitionView(BaseModel):
    """One step of an order: where it came to, when, and who did it."""

    state: OrderState
    at: datetime
    by: Actor
    reason: str

    @classmethod
    def of(cls, transition: Transition) -> Self:
        """The view of a transition; who exactly is not told."""
        return cls(state=transition.state, at=transition.at, by=transition.actor, reason=transition.reason)


class OrderRestaurantView(BaseModel):
    """Where an order comes from."""

    restaurant_id: UUID
    name: str
    address: str
    latitude: float
    longitude: float


class OrderSummary(BaseModel):
    """An order in a list."""

    order_id: UUID
    number: str
    restaurant_id: UUID
    restaurant_name: str
    state: OrderState
    total_minor: int
    currency: str
    placed_at: datetime
    eta_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, order: Order) -> Self:
        """The summary of an order."""
        return cls(
            order_id=order.id,
            number=order.number,
            restaurant_id=order.restaurant_id,
            restaurant_name=order.restaurant.name,
            state=order.state,
            total_minor=order.bill.total_minor,
            currency=order.bill.currency,
            placed_at=order.placed_at,
            eta_at=order.eta_at,
            ended_at=order.ended_at,
        )


class OrderView(BaseModel):
    """An order, all of it. `position` is that of `order.{id}`."""

    order_id: UUID
    number: str
    state: OrderState
    restaurant: OrderRestaurantView
    bill: BillView
    destination: DestinationBody
    note: str
    placed_at: datetime
    ready_at: datetime
    eta_at: datetime
    ended_at: datetime | None
    history: list[TransitionView]
    position: str | None = None

    @classmethod
    def of(cls, order: Order, history: Sequence[Transition], position: str | None = None) -> Self:
        """The view of an order and what happened to it."""
        return cls(
            order_id=order.id,
            number=order.number,
            state=order.state,
            restaurant=OrderRestaurantView(
                restaurant_id=order.restaurant_id,
                name=order.restaurant.name,
                address=order.restaurant.address,
                latitude=order.restaurant.location.latitude,
                longitude=order.restaurant.location.longitude,
            ),
            bill=BillView.of(order.bill),
            destination=DestinationBody.of(order.destination),
            note=order.note,
            placed_at=order.placed_at,
            ready_at=order.ready_at,
            eta_at=order.eta_at,
            ended_at=order.ended_at,
            history=[TransitionView.of(transition) for transition in history],
            position=position,
        )


class ReceiptView(BaseModel):
    """What was paid for what. Orders are paid on delivery until cards exist."""

    order_id: UUID
    number: str
    restaurant_name: str
    restaurant_address: str
    placed_at: datetime
    delivered_at: datetime
    bill: BillView
    paid_by: str = "on delivery"


class UnavailableView(BaseModel):
    """What of a past order cannot be ordered now: off the menu, sold out, or with options there no longer are."""

    menu_item_id: UUID
    name: str
    reason: Literal["gone", "sold_out", "options"]


class ReorderView(BaseModel):
    """A past order's basket as it can be ordered now. `subtotal_minor`: its lines at today's prices."""

    restaurant_id: UUID
    lines: list[BasketLineBody]
    unavailable: list[UnavailableView]
    currency: str
    subtotal_minor: int

    @classmethod
    def of(cls, restaurant_id: UUID, repriced: Repriced) -> Self:
        """The view of a basket; its lines can be sent as they are."""
        lines = [
            BasketLineBody(
                menu_item_id=line.menu_item_id,
                quantity=line.quantity,
                option_ids=[option.option_id for option in line.options],
                note=line.note,
            )
            for line in repriced.lines
        ]
        return cls(
            restaurant_id=restaurant_id,
            lines=lines,
            unavailable=[UnavailableView.model_validate(problem) for problem in repriced.unavailable],
            currency=repriced.currency,
            subtotal_minor=sum(line.total_minor for line in repriced.lines),
        )
