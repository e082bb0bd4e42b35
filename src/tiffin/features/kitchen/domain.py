"""A ticket: what a restaurant sees of an order and does about it. Pure rules.

Three marks, each made once: *received* (a device has stored it), *seen* (a person has touched it; the sound stops
everywhere), *answered* (accepted with minutes, or rejected with a reason). After acceptance the ticket goes with the
order: preparing, ready, picked up, delivered.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tiffin.features.orders import OrderState

LOUDEST = 3


@dataclass(frozen=True, slots=True)
class UnseenTicket:
    """A ticket that no person has seen. `received`: a device has it."""

    order_id: UUID
    restaurant_id: UUID
    number: str
    created_at: datetime
    received: bool


class TicketState(StrEnum):
    """Where a ticket stands; from `accepted` on it is named like its order."""

    NEW = "new"
    ACCEPTED = "accepted"
    PREPARING = "preparing"
    READY = "ready"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


ENDED = frozenset(
    {
        TicketState.DELIVERED,
        TicketState.REJECTED,
        TicketState.EXPIRED,
        TicketState.CANCELLED,
        TicketState.FAILED,
    }
)

# what an accepted order may be brought to, and what that makes of the ticket
ADVANCES: dict[OrderState, TicketState] = {
    OrderState.PREPARING: TicketState.PREPARING,
    OrderState.READY: TicketState.READY,
    OrderState.PICKED_UP: TicketState.PICKED_UP,
    OrderState.DELIVERED: TicketState.DELIVERED,
    OrderState.FAILED: TicketState.FAILED,
}


class RejectReason(StrEnum):
    """Why a restaurant does not take an order."""

    TOO_BUSY = "too_busy"
    ITEM_UNAVAILABLE = "item_unavailable"
    CLOSING = "closing"
    CANNOT_DELIVER = "cannot_deliver"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket. `content` is what the board shows and never changes."""

    id: UUID
    restaurant_id: UUID
    state: TicketState
    content: dict[str, Any]
    created_at: datetime
    answer_due_at: datetime
    received_at: datetime | None
    seen_at: datetime | None
    seen_by_name: str | None
    loudness: int
    answered_at: datetime | None
    answered_by: UUID | None
    answered_by_name: str | None
    minutes: int | None
    reason: str | None
    ready_at: datetime | None
    ended_at: datetime | None
    # who comes for it: {"name", "state"}
    courier: dict[str, Any] | None

    @property
    def waits_for_answer(self) -> bool:
        """True until somebody accepts or rejects it, or nobody can any more."""
        return self.state is TicketState.NEW
