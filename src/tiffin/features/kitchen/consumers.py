"""Work of the kitchen: tickets come from placed orders, and timers make sure that nobody forgets one.

Each loads the state and compares before it sets: facts come in any order, and more than once.
"""

from datetime import datetime, timedelta

from tiffin.db import Transaction
from tiffin.features.alerts import AlertService
from tiffin.features.catalog import restaurant_topic
from tiffin.features.kitchen import repository
from tiffin.features.kitchen.domain import ENDED, LOUDEST, Ticket, TicketState
from tiffin.features.kitchen.events import (
    TicketAnswerDue,
    TicketCancelled,
    TicketCreated,
    TicketEvent,
    TicketExpired,
    TicketLouder,
    TicketPostponed,
    TicketReceiveDue,
    TicketSeeDue,
    TicketUnreceived,
)
from tiffin.features.kitchen.schemas import TicketContent, TicketStatus, TicketView, content_to_json
from tiffin.features.kitchen.service import ListPresent
from tiffin.features.orders import Actor, Order, OrderCancelledFact, OrderPlacedFact, OrderService, OrderState
from tiffin.features.orders.schemas import DestinationBody, LineView
from tiffin.realtime import EventLog
from tiffin.work import AnyConsumer, Consumer, Outbox


class KitchenConsumers:
    """The consumers, with the times a restaurant has (seconds)."""

    def __init__(
        self,
        events: EventLog,
        outbox: Outbox,
        alerts: AlertService,
        orders: OrderService,
        list_present: ListPresent,
        *,
        receive_seconds: float,
        see_seconds: float,
        answer_seconds: float,
    ) -> None:
        self._events = events
        self._outbox = outbox
        self._alerts = alerts
        self._orders = orders
        self._list_present = list_present
        self._receive_seconds = receive_seconds
        self._see_seconds = see_seconds
        self._answer_seconds = answer_seconds

    def all(self) -> tuple[AnyConsumer, ...]:
        """What to register; the names stand in the migration."""
        return (
            Consumer("kitchen.order_placed", OrderPlacedFact, self.order_placed),
            Consumer("kitchen.order_cancelled", OrderCancelledFact, self.order_cancelled),
            Consumer("kitchen.ticket_receive_due", TicketReceiveDue, self.receive_due),
            Consumer("kitchen.ticket_see_due", TicketSeeDue, self.see_due),
            Consumer("kitchen.ticket_answer_due", TicketAnswerDue, self.answer_due),
        )

    async def order_placed(self, transaction: Transaction, fact: OrderPlacedFact) -> None:
        """Make the ticket, unless the order was cancelled meanwhile or has one."""
        order = await self._orders.lock(transaction.connection, fact.order_id)
        if order.state is not OrderState.PLACED:
            return
        content = content_to_json(_content(order))
        ticket = await repository.insert_ticket(
            transaction.connection, order.id, order.restaurant_id, content, self._answer_seconds
        )
        if ticket is None:
            return
        topic = restaurant_topic(order.restaurant_id)
        self._events.append(transaction, topic, TicketCreated(ticket=TicketView.of(ticket)))
        for timer, seconds in (
            (TicketReceiveDue(ticket_id=ticket.id), self._receive_seconds),
            (TicketSeeDue(ticket_id=ticket.id, loudness=1), self._see_seconds),
            (TicketAnswerDue(ticket_id=ticket.id), self._answer_seconds),
        ):
            self._outbox.enqueue(transaction, timer, delay_seconds=seconds, key=ticket.id)

    async def order_cancelled(self, transaction: Transaction, fact: OrderCancelledFact) -> None:
        """Take a cancelled order's ticket from the board."""
        ticket = await self._locked(transaction, fact)
        if ticket is not None and ticket.state not in ENDED:
            ticket = await repository.update_state(
                transaction.connection, ticket.id, TicketState.CANCELLED, reason=fact.reason or None
            )
            self._outbox.withdraw(transaction, ticket.id)
            self._tell(transaction, ticket, TicketCancelled(ticket_id=ticket.id, status=TicketStatus.of(ticket)))

    async def receive_due(self, transaction: Transaction, fact: TicketReceiveDue) -> None:
        """No device has the ticket: operations must know."""
        ticket = await self._waiting(transaction, fact)
        if ticket is None or ticket.received_at is not None:
            return
        topic = restaurant_topic(ticket.restaurant_id)
        nobody_connected = not (await self._list_present(transaction.connection, [topic]))[topic]
        why = "nobody is connected" if nobody_connected else "no connected device answers"
        title = f"Order {ticket.content['number']} was received by no device of its restaurant: {why}. Call them."
        details = {
            "ticket_id": str(ticket.id),
            "restaurant_id": str(ticket.restaurant_id),
            "nobody_connected": nobody_connected,
        }
        await self._alerts.raise_alert(transaction, "ticket_unreceived", title, details, key=str(ticket.id))
        status = TicketStatus.of(ticket)
        event = TicketUnreceived(ticket_id=ticket.id, status=status, nobody_connected=nobody_connected)
        self._tell(transaction, ticket, event)

    async def see_due(self, transaction: Transaction, fact: TicketSeeDue) -> None:
        """Nobody has seen the ticket: louder, and again in a while."""
        ticket = await self._waiting(transaction, fact)
        if ticket is None or ticket.seen_at is not None or ticket.loudness >= fact.loudness:
            return
        ticket = await repository.update_loudness(transaction.connection, ticket.id, fact.loudness)
        self._tell(transaction, ticket, TicketLouder(ticket_id=ticket.id, status=TicketStatus.of(ticket)))
        if fact.loudness < LOUDEST:
            following = TicketSeeDue(ticket_id=ticket.id, loudness=fact.loudness + 1)
            self._outbox.enqueue(transaction, following, delay_seconds=self._see_seconds, key=ticket.id)

    async def answer_due(self, transaction: Transaction, fact: TicketAnswerDue) -> None:
        """Nobody has answered: the order expires and its customer is told."""
        order = await self._orders.lock(transaction.connection, fact.ticket_id)
        ticket = await repository.lock_ticket(transaction.connection, fact.ticket_id)
        if ticket is None or not ticket.waits_for_answer or order.state is not OrderState.PLACED:
            return
        reason = "the restaurant did not answer in time"
        await self._orders.transition(transaction, order, OrderState.EXPIRED, Actor.SYSTEM, None, reason=reason)
        ticket = await repository.update_state(transaction.connection, ticket.id, TicketState.EXPIRED, reason=reason)
        self._tell(transaction, ticket, TicketExpired(ticket_id=ticket.id, status=TicketStatus.of(ticket)))

    async def postpone(self, transaction: Transaction, since: datetime, by: timedelta) -> None:
        """All timers have been postponed: move the deadlines that boards show, too."""
        for ticket in await repository.postpone_tickets(transaction.connection, since, by):
            self._tell(transaction, ticket, TicketPostponed(ticket_id=ticket.id, status=TicketStatus.of(ticket)))

    async def _waiting(self, transaction: Transaction, fact: TicketReceiveDue | TicketSeeDue) -> Ticket | None:
        """The ticket, locked, if it still waits for an answer."""
        ticket = await repository.lock_ticket(transaction.connection, fact.ticket_id)
        return ticket if ticket is not None and ticket.waits_for_answer else None

    async def _locked(self, transaction: Transaction, fact: OrderCancelledFact) -> Ticket | None:
        return await repository.lock_ticket(transaction.connection, fact.order_id)

    def _tell(self, transaction: Transaction, ticket: Ticket, event: TicketEvent) -> None:
        self._events.append(transaction, restaurant_topic(ticket.restaurant_id), event)


def _content(order: Order) -> TicketContent:
    return TicketContent(
        number=order.number,
        customer_name=order.customer_name.split(" ")[0],
        lines=[LineView.of(line) for line in order.bill.lines],
        destination=DestinationBody.of(order.destination),
        note=order.note,
        total_minor=order.bill.total_minor,
        currency=order.bill.currency,
        placed_at=order.placed_at,
        paid_by="on delivery",
    )
