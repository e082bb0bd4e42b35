"""The figures of operations on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from tiffin.features.orders import OrderState


class OldestTicket(BaseModel):
    """The oldest ticket that no person has seen. `received`: a device of the restaurant has it."""

    order_id: UUID
    number: str
    restaurant_id: UUID
    restaurant_name: str
    created_at: datetime
    received: bool


class RestaurantAway(BaseModel):
    """A restaurant that takes orders now, with no device connected."""

    restaurant_id: UUID
    name: str


class RestaurantFigures(BaseModel):
    """Restaurants that take orders now; `away`: the first 50 of those with nobody connected."""

    open: int
    away_count: int
    away: list[RestaurantAway]


class CourierFigures(BaseModel):
    """Couriers on duty, those of them who have orders, and orders for which one is looked for."""

    on_duty: int
    busy: int
    searching: int


class SupportFigures(BaseModel):
    """Conversations that wait and that somebody has, and agents who take some."""

    waiting: int
    assigned: int
    agents: int


class PartFigures(BaseModel):
    """How a part is. `figure`, by part: database: milliseconds of an answer; live: connections of this node; work and
    images: how many wait; dead_letters: how many; nats: always 0."""

    part: Literal["database", "nats", "live", "work", "images", "dead_letters"]
    ok: bool
    figure: float


class OperationsNow(BaseModel):
    """Everything at one moment."""

    at: datetime
    orders: Annotated[dict[OrderState, int], Field(description="orders under way, by state")]
    orders_last_minute: Annotated[int, Field(description="placed within the last 60 seconds")]
    oldest_ticket: OldestTicket | None
    restaurants: RestaurantFigures
    couriers: CourierFigures
    support: SupportFigures
    parts: list[PartFigures]
