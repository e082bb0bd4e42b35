"""Events on `restaurant.{id}`, for its members: tickets come, and every change of one carries its whole status.

`presence.{id}` tells the same people who is connected to the board.

So a board is a snapshot with each ticket's newest status in place; no event needs another to be understood.
"""

from typing import ClassVar
from uuid import UUID

from tiffin.features.kitchen.schemas import PresentView, TicketStatus, TicketView
from tiffin.realtime import Event
from tiffin.work import Fact


class TicketCreated(Event):
    """An order for the restaurant: it rings until it is seen."""

    type: ClassVar[str] = "ticket.created"
    ticket: TicketView


class TicketEvent(Event):
    """A change of a ticket."""

    ticket_id: UUID
    status: TicketStatus


class TicketReceived(TicketEvent):
    """The first device has stored it."""

    type: ClassVar[str] = "ticket.received"


class TicketSeen(TicketEvent):
    """A person has touched it: the sound stops on every device."""

    type: ClassVar[str] = "ticket.seen"


class TicketUnreceived(TicketEvent):
    """No device had it in time; operations were told."""

    type: ClassVar[str] = "ticket.unreceived"
    nobody_connected: bool


class TicketLouder(TicketEvent):
    """Nobody has seen it yet: ring louder."""

    type: ClassVar[str] = "ticket.louder"


class TicketPostponed(TicketEvent):
    """Its deadline was moved by as long as nobody could have kept it (the database was away)."""

    type: ClassVar[str] = "ticket.postponed"


class TicketAccepted(TicketEvent):
    """Somebody accepted it."""

    type: ClassVar[str] = "ticket.accepted"


class TicketRejected(TicketEvent):
    """Somebody rejected it."""

    type: ClassVar[str] = "ticket.rejected"


class TicketAdvanced(TicketEvent):
    """The order went a step on."""

    type: ClassVar[str] = "ticket.advanced"


class TicketCourierChanged(TicketEvent):
    """Somebody comes for it, is there, or does not come after all."""

    type: ClassVar[str] = "ticket.courier_changed"


class TicketExpired(TicketEvent):
    """Nobody answered in time; the customer was told."""

    type: ClassVar[str] = "ticket.expired"


class TicketCancelled(TicketEvent):
    """The order was cancelled."""

    type: ClassVar[str] = "ticket.cancelled"


TICKET_EVENTS: tuple[type[Event], ...] = (
    TicketCreated,
    TicketReceived,
    TicketSeen,
    TicketUnreceived,
    TicketLouder,
    TicketPostponed,
    TicketAccepted,
    TicketRejected,
    TicketAdvanced,
    TicketCourierChanged,
    TicketExpired,
    TicketCancelled,
)


class PresenceChanged(Event):
    """Somebody's device came to the board or left it; these are all that are connected now."""

    type: ClassVar[str] = "presence.changed"
    present: list[PresentView]


def presence_topic(restaurant_id: UUID) -> str:
    """Who is connected to a restaurant's board."""
    return f"presence.{restaurant_id}"


def restaurant_of(topic: str) -> UUID:
    """The restaurant of a topic `restaurant.{id}`."""
    return UUID(topic.partition(".")[2])


class TicketReceiveDue(Fact):
    """Timer: by now a device should have it."""

    subject: ClassVar[str] = "ticket.receive_due"
    ticket_id: UUID


class TicketSeeDue(Fact):
    """Timer: by now a person should have seen it; else it gets as loud as `loudness`."""

    subject: ClassVar[str] = "ticket.see_due"
    ticket_id: UUID
    loudness: int


class TicketAnswerDue(Fact):
    """Timer: by now it should have been answered."""

    subject: ClassVar[str] = "ticket.answer_due"
    ticket_id: UUID
