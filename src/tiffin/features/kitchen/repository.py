"""Tickets in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tiffin.db import Connection, load_queries
from tiffin.features.kitchen.domain import ENDED, Ticket, TicketState, UnseenTicket
from tiffin.features.kitchen.errors import TicketNotFound

QUERIES = load_queries(__package__)


async def insert_ticket(
    connection: Connection, ticket_id: UUID, restaurant_id: UUID, content: dict[str, Any], answer_seconds: float
) -> Ticket | None:
    """Store a new ticket; None if the order has one."""
    row = await connection.fetchrow(
        QUERIES["insert_ticket"], ticket_id, restaurant_id, TicketState.NEW, content, answer_seconds
    )
    return _ticket(row) if row is not None else None


async def require_ticket(connection: Connection, ticket_id: UUID) -> Ticket:
    """A ticket. Raises TicketNotFound."""
    row = await connection.fetchrow(QUERIES["get_ticket"], ticket_id)
    if row is None:
        raise TicketNotFound()
    return _ticket(row)


async def lock_ticket(connection: Connection, ticket_id: UUID) -> Ticket | None:
    """A ticket, locked (after its order), or None."""
    row = await connection.fetchrow(QUERIES["lock_ticket"], ticket_id)
    return _ticket(row) if row is not None else None


async def list_tickets(connection: Connection, restaurant_id: UUID, *, open_only: bool) -> list[Ticket]:
    """A restaurant's tickets in the order they came: the open ones, or the newest 200."""
    name = "list_open_tickets" if open_only else "list_recent_tickets"
    return [_ticket(row) for row in await connection.fetch(QUERIES[name], restaurant_id)]


async def list_ticket_restaurants(connection: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The restaurant of each ticket that exists."""
    rows = await connection.fetch(QUERIES["list_ticket_restaurants"], list(ticket_ids))
    return {row["id"]: row["restaurant_id"] for row in rows}


async def list_tickets_to_receive(
    connection: Connection, restaurant_id: UUID, topic: str, seq: int, device_id: UUID
) -> list[UUID]:
    """Waiting tickets announced on `topic` up to `seq` of which the device has no receipt yet."""
    rows = await connection.fetch(QUERIES["list_tickets_to_receive"], restaurant_id, topic, seq, device_id)
    return [row["id"] for row in rows]


async def insert_receipts(connection: Connection, receipts: Sequence[tuple[UUID, UUID, UUID]]) -> list[Ticket]:
    """Note (ticket, device, account): the device has stored the ticket. Returns tickets that no device had before."""
    tickets, devices, accounts = zip(*receipts, strict=True)
    rows = await connection.fetch(QUERIES["insert_receipts"], list(tickets), list(devices), list(accounts))
    return [_ticket(row) for row in rows]


async def update_seen(connection: Connection, ticket_id: UUID, by_name: str) -> Ticket:
    """Mark as seen by a person."""
    return _ticket(await connection.fetchrow(QUERIES["update_seen"], ticket_id, by_name))


async def update_loudness(connection: Connection, ticket_id: UUID, loudness: int) -> Ticket:
    """Let it ring louder."""
    return _ticket(await connection.fetchrow(QUERIES["update_loudness"], ticket_id, loudness))


async def postpone_tickets(connection: Connection, since: datetime, by: timedelta) -> list[Ticket]:
    """Move the deadlines after `since` of all tickets that wait for an answer; returns these tickets."""
    return [_ticket(row) for row in await connection.fetch(QUERIES["postpone_tickets"], since, by)]


async def update_answer(
    connection: Connection,
    ticket_id: UUID,
    state: TicketState,
    by: tuple[UUID, str],
    *,
    minutes: int | None = None,
    reason: str | None = None,
    ready_at: datetime | None = None,
) -> Ticket:
    """Store the answer of a person (id, name). Raises TicketNotFound if none waits for one."""
    row = await connection.fetchrow(
        QUERIES["update_answer"], ticket_id, state, by[0], by[1], minutes, reason, ready_at, state in ENDED
    )
    if row is None:
        raise TicketNotFound()
    return _ticket(row)


async def update_courier(connection: Connection, ticket_id: UUID, courier: dict[str, Any] | None) -> Ticket | None:
    """Store who comes for it, or that nobody does; None if the ticket has ended."""
    row = await connection.fetchrow(QUERIES["update_courier"], ticket_id, courier)
    return _ticket(row) if row is not None else None


async def update_state(
    connection: Connection,
    ticket_id: UUID,
    state: TicketState,
    *,
    ready_at: datetime | None = None,
    reason: str | None = None,
) -> Ticket:
    """Store a later state."""
    return _ticket(
        await connection.fetchrow(QUERIES["update_state"], ticket_id, state, ready_at, reason, state in ENDED)
    )


async def get_oldest_unseen(connection: Connection) -> UnseenTicket | None:
    """Of all restaurants' tickets that nobody has seen, the oldest."""
    row = await connection.fetchrow(QUERIES["get_oldest_unseen"])
    if row is None:
        return None
    return UnseenTicket(row["id"], row["restaurant_id"], row["number"], row["created_at"], row["received"])


def _ticket(row: Any) -> Ticket:
    fields = dict(row)
    return Ticket(**{**fields, "state": TicketState(fields["state"])})
