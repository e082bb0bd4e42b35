"""Tickets on the wire: what a board shows, in a part that never changes and a status that does."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tiffin.features.kitchen.domain import RejectReason, Ticket, TicketState
from tiffin.features.orders.schemas import DestinationBody, LineView, Note, Reason

Minutes = Annotated[int, Field(ge=1, le=240)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TicketContent(BaseModel):
    """What was ordered, by whom, for where. Prices in minor units of `currency`."""

    number: str
    customer_name: str
    lines: list[LineView]
    destination: DestinationBody
    note: str
    total_minor: int
    currency: str
    placed_at: datetime
    paid_by: str


class TicketCourier(BaseModel):
    """Who comes for an order: on the way to the restaurant, or there."""

    name: str
    state: Literal["assigned", "arrived"]


class TicketStatus(BaseModel):
    """All of a ticket that changes; every event carries all of it."""

    state: TicketState
    answer_due_at: datetime
    received_at: datetime | None
    seen_at: datetime | None
    seen_by_name: str | None
    loudness: int
    answered_at: datetime | None
    answered_by_name: str | None
    minutes: int | None
    reason: str | None
    ready_at: datetime | None
    ended_at: datetime | None
    courier: TicketCourier | None

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """The status of a ticket."""
        return cls(**{name: getattr(ticket, name) for name in cls.model_fields})


class TicketView(BaseModel):
    """A ticket, as a board shows it."""

    ticket_id: UUID
    restaurant_id: UUID
    created_at: datetime
    content: TicketContent
    status: TicketStatus

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """The view of a ticket."""
        return cls(
            ticket_id=ticket.id,
            restaurant_id=ticket.restaurant_id,
            created_at=ticket.created_at,
            content=TicketContent.model_validate(ticket.content),
            status=TicketStatus.of(ticket),
        )


class TicketList(BaseModel):
    """The board, and the position of `restaurant.{id}` it was read at."""

    position: str
    tickets: list[TicketView]


class PresentView(BaseModel):
    """Somebody connected to the restaurant's board."""

    account_id: UUID
    name: str
    device: str
    since: datetime


class PresenceList(BaseModel):
    """Who is connected, and the position of `presence.{id}` it was read at; empty: orders ring nowhere."""

    position: str
    present: list[PresentView]


class AcknowledgeBody(_Body):
    """`received`: the device has stored the ticket. `seen`: a person has touched it."""

    device_id: UUID
    state: Literal["received", "seen"]


class AcceptBody(_Body):
    """Accept; `minutes` until it is ready."""

    minutes: Minutes


class RejectBody(_Body):
    """Reject, with a reason the customer is told."""

    reason: RejectReason
    note: Note = ""


class AdvanceBody(_Body):
    """The next step of an accepted order."""

    to: Literal["preparing", "ready", "picked_up", "delivered"]


class CancelTicketBody(_Body):
    """Cancel an accepted order, with a reason the customer is told."""

    reason: Reason


class AcknowledgeCommand(_Body):
    """As the endpoint; the device is the socket's."""

    ticket_id: UUID
    state: Literal["received", "seen"]


class AcceptCommand(AcceptBody):
    """As the endpoint."""

    ticket_id: UUID


class RejectCommand(RejectBody):
    """As the endpoint."""

    ticket_id: UUID


class AdvanceCommand(AdvanceBody):
    """As the endpoint."""

    ticket_id: UUID


def content_to_json(content: TicketContent) -> dict[str, Any]:
    """What is stored of a ticket's content."""
    return content.model_dump(mode="json")
