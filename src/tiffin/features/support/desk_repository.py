"""The queue, agents and canned answers in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from tiffin.db import Connection
from tiffin.features.support.desk import Agent
from tiffin.features.support.domain import Conversation
from tiffin.features.support.errors import CannedAnswerNotFound, ShortcutTaken
from tiffin.features.support.repository import QUERIES, conversation_of_row


@dataclass(frozen=True, slots=True)
class CannedAnswer:
    """A prepared answer."""

    id: UUID
    shortcut: str
    text: str


async def lock_queue(connection: Connection) -> None:
    """Take turns: held to the end of the transaction by whoever changes who waits or who takes, before any row."""
    await connection.execute(QUERIES["lock_queue"])


async def next_place(connection: Connection) -> int:
    """A place at the end of the queue; under its lock."""
    place: int = await connection.fetchval(QUERIES["next_place"])
    return place


async def list_waiting(connection: Connection, most: int) -> tuple[list[Conversation], int]:
    """The first `most` that wait, and how many do in all."""
    rows = await connection.fetch(QUERIES["list_waiting"], most)
    return [conversation_of_row(row) for row in rows], await connection.fetchval(QUERIES["count_waiting"])


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """Conversations that wait and that somebody has, and agents who take some."""

    waiting: int
    assigned: int
    agents: int


async def count_desk(connection: Connection) -> DeskCounts:
    """How many there are."""
    row = await connection.fetchrow(QUERIES["count_desk"])
    assert row is not None
    return DeskCounts(**dict(row))


async def lock_waiting(connection: Connection, most: int) -> list[Conversation]:
    """The first `most` that wait, locked, in the order of their places."""
    rows = await connection.fetch(QUERIES["lock_waiting"], most)
    return sorted((conversation_of_row(row) for row in rows), key=lambda conversation: conversation.place)


async def lock_assigned(connection: Connection, agent_id: UUID) -> list[Conversation]:
    """What an agent has, locked."""
    return [conversation_of_row(row) for row in await connection.fetch(QUERIES["lock_assigned"], agent_id)]


async def list_places(connection: Connection, most: int) -> tuple[list[int], int]:
    """The first `most` places that wait, and how many do in all."""
    rows = await connection.fetch(QUERIES["list_places"], most)
    return [row["place"] for row in rows], await connection.fetchval(QUERIES["count_waiting"])


async def insert_agent(connection: Connection, account_id: UUID, name: str) -> None:
    """Make sure that an agent is known, by its name of today."""
    await connection.execute(QUERIES["insert_agent"], account_id, name)


async def update_availability(connection: Connection, account_id: UUID, *, available: bool, capacity: int) -> None:
    """Store what an agent wants."""
    await connection.execute(QUERIES["update_availability"], account_id, available, capacity)


async def update_connected(connection: Connection, account_id: UUID, *, connected: bool) -> bool:
    """Store whether an agent is connected; False if that was known, or nobody knows the agent."""
    return await connection.fetchval(QUERIES["update_connected"], account_id, connected) is not None


async def update_last_assigned(connection: Connection, account_ids: Sequence[UUID]) -> None:
    """These were given a conversation now."""
    await connection.execute(QUERIES["update_last_assigned"], list(account_ids))


async def list_agents(connection: Connection, also: UUID | None = None) -> list[Agent]:
    """Everybody at work: who is connected or has conversations; and one more."""
    return [_agent(row) for row in await connection.fetch(QUERIES["list_agents"], also)]


async def get_agent(connection: Connection, account_id: UUID) -> Agent | None:
    """An agent, or None."""
    row = await connection.fetchrow(QUERIES["get_agent"], account_id)
    return _agent(row) if row is not None else None


async def list_canned_answers(connection: Connection) -> list[CannedAnswer]:
    """All of them, by shortcut."""
    return [CannedAnswer(**row) for row in await connection.fetch(QUERIES["list_canned_answers"])]


async def insert_canned_answer(connection: Connection, answer: CannedAnswer) -> None:
    """Store a new one. Raises ShortcutTaken."""
    if await connection.fetchrow(QUERIES["insert_canned_answer"], answer.id, answer.shortcut, answer.text) is None:
        raise ShortcutTaken()


async def update_canned_answer(connection: Connection, answer: CannedAnswer) -> None:
    """Change one. Raises CannedAnswerNotFound, ShortcutTaken."""
    try:
        row = await connection.fetchrow(QUERIES["update_canned_answer"], answer.id, answer.shortcut, answer.text)
    except asyncpg.UniqueViolationError as error:
        raise ShortcutTaken() from error
    if row is None:
        raise CannedAnswerNotFound()


async def delete_canned_answer(connection: Connection, answer_id: UUID) -> None:
    """Delete one. Raises CannedAnswerNotFound."""
    if await connection.fetchval(QUERIES["delete_canned_answer"], answer_id) is None:
        raise CannedAnswerNotFound()


def _agent(row: Any) -> Agent:
    return Agent(
        account_id=row["account_id"],
        name=row["name"],
        available=row["available"],
        capacity=row["capacity"],
        connected=row["connected"],
        load=row["load"],
        last_assigned_at=row["last_assigned_at"],
    )
