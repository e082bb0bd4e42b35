"""What people do with tickets: see, receive, accept, reject, advance, cancel.

Socket commands and endpoints come here alike. The order's row is locked before the ticket's, so that of two answers,
or an answer and a cancellation or a deadline, exactly one wins; the other is told who did.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from tiffin.base.principal import Principal
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.accounts import AccountService
from tiffin.features.catalog import CatalogService, RestaurantNotFound, restaurant_topic
from tiffin.features.kitchen import repository
from tiffin.features.kitchen.domain import ADVANCES, ENDED, RejectReason, Ticket, TicketState, UnseenTicket
from tiffin.features.kitchen.errors import (
    CourierDelivers,
    NotAMember,
    TicketAlreadyAnswered,
    TicketNotFound,
    TicketNotOpen,
)
from tiffin.features.kitchen.events import (
    PresenceChanged,
    TicketAccepted,
    TicketAdvanced,
    TicketCancelled,
    TicketCourierChanged,
    TicketEvent,
    TicketReceived,
    TicketRejected,
    TicketSeen,
    presence_topic,
    restaurant_of,
)
from tiffin.features.kitchen.schemas import PresentView, TicketCourier, TicketStatus
from tiffin.features.orders import Actor, Order, OrderNotFound, OrderService, OrderState
from tiffin.realtime import EventLog, Position, get_position
from tiffin.realtime.batcher import Batcher
from tiffin.realtime.presence import Present
from tiffin.work import Outbox

# who is in these rooms now
ListPresent = Callable[[Connection, Sequence[str]], Awaitable[Mapping[str, Sequence[Present]]]]
# how a ticket ends that nobody can answer any more
_OVER = {TicketState.EXPIRED: "expired", TicketState.CANCELLED: "been cancelled"}
# a ticket, the device that has stored it, and whose device it is
_Receipt = tuple[UUID, UUID, UUID]


class KitchenService:
    """Tickets, for the people of a restaurant."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        outbox: Outbox,
        accounts: AccountService,
        catalog: CatalogService,
        orders: OrderService,
        list_present: ListPresent,
    ) -> None:
        self.database = database
        self._events = events
        self._outbox = outbox
        self._accounts = accounts
        self._catalog = catalog
        self._orders = orders
        self._list_present = list_present
        # many devices store the same ticket in the same moment: their receipts share a transaction
        self._receipts: Batcher[_Receipt, bool] = Batcher(self._store_receipts, window_seconds=0.02)

    async def read_board(
        self, principal: Principal, restaurant_id: UUID, *, open_only: bool
    ) -> tuple[list[Ticket], Position]:
        """A restaurant's tickets and the position of its topic, of one moment. Raises NotAMember."""
        async with self.database.snapshot() as connection:
            await self._require_member(connection, restaurant_id, principal)
            tickets = await repository.list_tickets(connection, restaurant_id, open_only=open_only)
            return tickets, await get_position(connection, restaurant_topic(restaurant_id))

    async def read_presence(self, principal: Principal, restaurant_id: UUID) -> tuple[list[PresentView], Position]:
        """Who is connected to a restaurant's board, and the position of `presence.{id}`. Raises NotAMember."""
        room = restaurant_topic(restaurant_id)
        async with self.database.snapshot() as connection:
            await self._require_member(connection, restaurant_id, principal)
            present = await self._list_named(connection, [room])
            return present[room], await get_position(connection, presence_topic(restaurant_id))

    async def tell_presence(self, transaction: Transaction, rooms: Sequence[str]) -> None:
        """Who is connected to these boards has changed."""
        for room, present in (await self._list_named(transaction.connection, rooms)).items():
            self._events.append(transaction, presence_topic(restaurant_of(room)), PresenceChanged(present=present))

    async def _list_named(self, connection: Connection, rooms: Sequence[str]) -> dict[str, list[PresentView]]:
        present = await self._list_present(connection, rooms)
        ids = {one.account_id for people in present.values() for one in people}
        accounts = await self._accounts.list_by_ids(connection, list(ids))
        return {
            room: [
                PresentView(account_id=one.account_id, name=account.name, device=one.device, since=one.since)
                for one in people
                if (account := accounts.get(one.account_id)) is not None
            ]
            for room, people in present.items()
        }

    async def receive(self, principal: Principal, device_id: UUID, ticket_id: UUID) -> None:
        """A device has stored a ticket. Raises TicketNotFound."""
        if not await self._receipts.ask((ticket_id, device_id, principal.account_id)):
            raise TicketNotFound()

    async def receive_up_to(self, principal: Principal, device_id: UUID, topic: str, seq: int) -> None:
        """A device has stored everything on the board's topic up to `seq`, and so the tickets announced there."""
        restaurant_id = restaurant_of(topic)
        async with self.database.connection() as connection:
            tickets = await repository.list_tickets_to_receive(connection, restaurant_id, topic, seq, device_id)
        await asyncio.gather(*(self.receive(principal, device_id, ticket_id) for ticket_id in tickets))

    async def _store_receipts(self, receipts: Sequence[_Receipt]) -> list[bool]:
        return await self._receive(receipts)

    @use_case
    async def _receive(self, transaction: Transaction, receipts: Sequence[_Receipt]) -> list[bool]:
        """Store receipts of many devices. True for those that may: of members, of tickets that exist."""
        connection = transaction.connection
        restaurants = await repository.list_ticket_restaurants(connection, list({ticket for ticket, _, _ in receipts}))
        pairs = {(account, restaurants[ticket]) for ticket, _, account in receipts if ticket in restaurants}
        members = await self._catalog.list_memberships(connection, list(pairs))
        allowed = [
            ticket in restaurants and (account, restaurants[ticket]) in members for ticket, _, account in receipts
        ]
        good = [receipt for receipt, may in zip(receipts, allowed, strict=True) if may]
        if good:
            for ticket in await repository.insert_receipts(connection, good):
                self._tell(transaction, ticket, TicketReceived)
        return allowed

    @use_case
    async def see(self, transaction: Transaction, principal: Principal, ticket_id: UUID) -> Ticket:
        """A person has touched a ticket. Seeing it again changes nothing. Raises TicketNotFound."""
        connection = transaction.connection
        ticket = await repository.lock_ticket(connection, ticket_id)
        if ticket is None:
            raise TicketNotFound()
        await self._require_own(connection, principal, ticket.restaurant_id)
        if ticket.seen_at is None and ticket.state not in ENDED:
            ticket = await repository.update_seen(connection, ticket_id, principal.name)
            self._tell(transaction, ticket, TicketSeen)
        return ticket

    @use_case
    async def accept(self, transaction: Transaction, principal: Principal, ticket_id: UUID, minutes: int) -> Ticket:
        """Accept an order; it is ready in `minutes`. Accepting one's own accepted ticket again is the same answer.

        Raises TicketNotFound, TicketAlreadyAnswered, TicketNotOpen, OrderCannotChange.
        """
        order = await self._lock_order(transaction, principal, ticket_id)
        if order.state is not OrderState.PLACED:
            ticket = await self._lock_ticket(transaction, ticket_id)
            if not ticket.waits_for_answer:  # else the queue has not brought yet what became of the order
                return _same_answer(ticket, principal, ticket.state is not TicketState.REJECTED)
        order = await self._orders.transition(
            transaction, order, OrderState.CONFIRMED, Actor.RESTAURANT, principal.account_id, minutes=minutes
        )
        by = (principal.account_id, principal.name)
        ticket = await repository.update_answer(
            transaction.connection, ticket_id, TicketState.ACCEPTED, by, minutes=minutes, ready_at=order.ready_at
        )
        self._outbox.withdraw(transaction, ticket_id)
        self._tell(transaction, ticket, TicketAccepted)
        return ticket

    @use_case
    async def reject(
        self, transaction: Transaction, principal: Principal, ticket_id: UUID, reason: RejectReason, note: str
    ) -> Ticket:
        """Reject an order. Raises TicketNotFound, TicketAlreadyAnswered, TicketNotOpen, OrderCannotChange."""
        order = await self._lock_order(transaction, principal, ticket_id)
        if order.state is not OrderState.PLACED:
            ticket = await self._lock_ticket(transaction, ticket_id)
            if not ticket.waits_for_answer:  # else the queue has not brought yet what became of the order
                return _same_answer(ticket, principal, ticket.state is TicketState.REJECTED)
        told = f"{reason}: {note}" if note else str(reason)
        await self._orders.transition(
            transaction, order, OrderState.REJECTED, Actor.RESTAURANT, principal.account_id, reason=told
        )
        by = (principal.account_id, principal.name)
        ticket = await repository.update_answer(
            transaction.connection, ticket_id, TicketState.REJECTED, by, reason=told
        )
        self._outbox.withdraw(transaction, ticket_id)
        self._tell(transaction, ticket, TicketRejected)
        return ticket

    @use_case
    async def advance(self, transaction: Transaction, principal: Principal, ticket_id: UUID, to: OrderState) -> Ticket:
        """Bring an accepted order a step on; being there already is fine.

        "Picked up" hands it to the courier who comes for it; where none does, the restaurant brings it itself.
        Raises TicketNotFound, OrderCannotChange, CourierDelivers.
        """
        order, ticket = await self._lock(transaction, principal, ticket_id)
        if order.state is to:
            return ticket
        if to is OrderState.DELIVERED and ticket.courier is not None:
            raise CourierDelivers()
        order = await self._orders.transition(transaction, order, to, Actor.RESTAURANT, principal.account_id)
        ticket = await repository.update_state(transaction.connection, ticket_id, ADVANCES[to], ready_at=order.ready_at)
        self._tell(transaction, ticket, TicketAdvanced)
        return ticket

    @use_case
    async def cancel(self, transaction: Transaction, principal: Principal, ticket_id: UUID, reason: str) -> Ticket:
        """Cancel an accepted order. Raises TicketNotFound, TicketNotOpen, OrderCannotChange."""
        order, ticket = await self._lock(transaction, principal, ticket_id)
        if ticket.waits_for_answer or ticket.state in ENDED:
            raise TicketNotOpen(state=ticket.state)
        await self._orders.transition(
            transaction, order, OrderState.CANCELLED, Actor.RESTAURANT, principal.account_id, reason=reason
        )
        ticket = await repository.update_state(transaction.connection, ticket_id, TicketState.CANCELLED, reason=reason)
        self._tell(transaction, ticket, TicketCancelled)
        return ticket

    # features above

    async def show_courier(self, transaction: Transaction, order: Order, courier: TicketCourier | None) -> None:
        """Tell the board of a locked order who comes for it, or that nobody does any more."""
        stored = courier.model_dump() if courier is not None else None
        ticket = await repository.update_courier(transaction.connection, order.id, stored)
        if ticket is not None:
            self._tell(transaction, ticket, TicketCourierChanged)

    async def follow_order(self, transaction: Transaction, order: Order) -> None:
        """Bring the ticket to where somebody else has brought its locked order."""
        ticket = await repository.update_state(transaction.connection, order.id, ADVANCES[order.state])
        self._tell(transaction, ticket, TicketAdvanced)

    async def _lock(self, transaction: Transaction, principal: Principal, ticket_id: UUID) -> tuple[Order, Ticket]:
        """A ticket of an own restaurant and its order, locked in the one order that is allowed."""
        order = await self._lock_order(transaction, principal, ticket_id)
        return order, await self._lock_ticket(transaction, ticket_id)

    async def _lock_order(self, transaction: Transaction, principal: Principal, ticket_id: UUID) -> Order:
        try:
            order = await self._orders.lock(transaction.connection, ticket_id)
        except OrderNotFound as error:
            raise TicketNotFound() from error
        await self._require_own(transaction.connection, principal, order.restaurant_id)
        return order

    async def _lock_ticket(self, transaction: Transaction, ticket_id: UUID) -> Ticket:
        ticket = await repository.lock_ticket(transaction.connection, ticket_id)
        if ticket is None:  # the order is so new that the queue has not brought it yet
            raise TicketNotFound()
        return ticket

    async def _require_own(self, connection: Connection, principal: Principal, restaurant_id: UUID) -> None:
        """Raises TicketNotFound: who is no member may not know that the ticket exists."""
        if await self._catalog.member_role(connection, restaurant_id, principal.account_id) is None:
            raise TicketNotFound()

    async def _require_member(self, connection: Connection, restaurant_id: UUID, principal: Principal) -> None:
        """Raises NotAMember; RestaurantNotFound for a restaurant of which only its members know."""
        restaurant = await self._catalog.require_restaurant(connection, restaurant_id)
        if await self._catalog.member_role(connection, restaurant_id, principal.account_id) is None:
            raise NotAMember() if restaurant.published else RestaurantNotFound()

    async def find_oldest_unseen(self, connection: Connection) -> UnseenTicket | None:
        """Of all tickets that nobody has seen, the oldest, for features above."""
        return await repository.get_oldest_unseen(connection)

    def _tell(self, transaction: Transaction, ticket: Ticket, event: type[TicketEvent]) -> None:
        made = event(ticket_id=ticket.id, status=TicketStatus.of(ticket))
        self._events.append(transaction, restaurant_topic(ticket.restaurant_id), made)


def _same_answer(ticket: Ticket, principal: Principal, same: bool) -> Ticket:
    """The ticket, if it was this person who gave this answer. Raises TicketAlreadyAnswered, TicketNotOpen."""
    if ticket.state in (TicketState.EXPIRED, TicketState.CANCELLED):
        why = f" ({ticket.reason})" if ticket.reason else ""
        raise TicketNotOpen(f"The order has {_OVER[ticket.state]}{why}.", state=ticket.state, reason=ticket.reason)
    if same and ticket.answered_by == principal.account_id:
        return ticket
    raise TicketAlreadyAnswered(
        f"This ticket is {ticket.state}: {ticket.answered_by_name} was first.",
        state=ticket.state,
        answered_by=ticket.answered_by,
        answered_by_name=ticket.answered_by_name,
        answered_at=ticket.answered_at,
    )
