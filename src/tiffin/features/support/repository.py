"""Conversations, messages, notes and canned answers in PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tiffin.base.ids import new_id, parse_id
from tiffin.db import Connection, Part, Transaction, load_queries
from tiffin.features.support.domain import Code, Conversation, ConversationState, Marks, Message, Note, Side
from tiffin.features.support.errors import ClientIdTaken, ConversationNotFound
from tiffin.realtime import Position

QUERIES = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Digest:
    """What lists show beside a conversation."""

    last_message: Message | None
    unread: dict[Side, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations a list is about; None: any."""

    customer_id: UUID | None = None
    state: ConversationState | None = None
    words: str | None = None


async def insert_conversation(
    connection: Connection,
    client_id: UUID,
    customer: tuple[UUID, str],
    order: tuple[UUID, str, str] | None,
) -> Conversation:
    """A new conversation at the end of the queue, of a customer (id, name), about an order (id, number, restaurant)."""
    row = await connection.fetchrow(
        QUERIES["insert_conversation"], new_id(), client_id, *customer, *(order or (None, None, None))
    )
    return conversation_of_row(row)


async def require_conversation(connection: Connection, conversation_id: UUID) -> Conversation:
    """A conversation. Raises ConversationNotFound."""
    row = await connection.fetchrow(QUERIES["get_conversation"], conversation_id)
    if row is None:
        raise ConversationNotFound()
    return conversation_of_row(row)


async def lock_conversation(connection: Connection, conversation_id: UUID) -> Conversation:
    """A conversation, locked. Raises ConversationNotFound."""
    row = await connection.fetchrow(QUERIES["lock_conversation"], conversation_id)
    if row is None:
        raise ConversationNotFound()
    return conversation_of_row(row)


async def find_opened(
    connection: Connection, customer_id: UUID, client_id: UUID, order_id: UUID | None
) -> Conversation | None:
    """A customer's conversation with this client id, else the open one about the same order (or about none)."""
    row = await connection.fetchrow(QUERIES["find_opened"], customer_id, client_id, order_id)
    return conversation_of_row(row) if row is not None else None


async def count_open(connection: Connection, customer_id: UUID) -> int:
    """A customer's conversations that are not resolved."""
    count: int = await connection.fetchval(QUERIES["count_open"], customer_id)
    return count


async def require_snapshot(
    connection: Connection, conversation_id: UUID, topic: str, most: int
) -> tuple[Conversation, list[Message], Position]:
    """A conversation, its newest `most` messages in order, and its topic's position. Raises ConversationNotFound."""
    row = await connection.fetchrow(QUERIES["get_snapshot"], conversation_id, topic, most)
    if row is None:
        raise ConversationNotFound()
    messages = [_message_of(fields) for fields in row["messages"]]
    return conversation_of_row(row), messages, Position.read(row["position"])


async def update_conversation(connection: Connection, conversation: Conversation) -> None:
    """Store what of a locked conversation may change, but for numbers and marks."""
    await connection.execute(
        QUERIES["update_conversation"],
        conversation.id,
        conversation.state,
        conversation.place,
        conversation.agent_id,
        conversation.agent_name,
        conversation.declined_by,
        conversation.waiting_since,
        conversation.resolved_at,
        conversation.rating,
        conversation.rating_comment,
    )


async def list_conversations(
    connection: Connection, wanted: Wanted, after: UUID | None, limit: int
) -> list[Conversation]:
    """Conversations, the newest first, after the id `after`."""
    words = wanted.words
    # of a name as text, so that % and _ mean themselves
    name = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") if words is not None else None
    rows = await connection.fetch(
        QUERIES["list_conversations"], after, wanted.customer_id, wanted.state, words, name, limit
    )
    return [conversation_of_row(row) for row in rows]


async def list_assigned(connection: Connection, agent_id: UUID) -> list[Conversation]:
    """What an agent has, the oldest first."""
    return [conversation_of_row(row) for row in await connection.fetch(QUERIES["list_assigned"], agent_id)]


async def list_digests(connection: Connection, conversations: Sequence[Conversation]) -> dict[UUID, Digest]:
    """What lists show beside these."""
    rows = await connection.fetch(QUERIES["list_digests"], [one.id for one in conversations])
    return {
        row["id"]: Digest(
            message_from_json(row["last_message"]),
            {Side.CUSTOMER: row["unread_by_customer"], Side.AGENT: row["unread_by_agent"]},
        )
        for row in rows
    }


async def list_participants(connection: Connection, keys: Sequence[str]) -> dict[str, dict[Side, UUID | None]]:
    """Customer and agent of each of these conversations, by the id as text; unknown ones and nonsense are left out."""
    ids = [parsed for key in keys if (parsed := parse_id(key)) is not None]
    rows = await connection.fetch(QUERIES["list_participants"], ids)
    return {str(row["id"]): {Side.CUSTOMER: row["customer_id"], Side.AGENT: row["agent_id"]} for row in rows}


async def lock_conversations(
    connection: Connection, ids: Collection[UUID]
) -> tuple[datetime | None, list[Conversation]]:
    """Those of these that exist, locked in the order of their ids, and the transaction's time if there are any."""
    rows = await connection.fetch(QUERIES["lock_conversations"], list(ids))
    return rows[0]["at"] if rows else None, [conversation_of_row(row) for row in rows]


async def find_messages(connection: Connection, sent_as: Sequence[tuple[UUID, UUID]]) -> list[Message]:
    """What was sent as these, pairs of conversation and client id."""
    columns = ([one[0] for one in sent_as], [one[1] for one in sent_as])
    return [_message(row) for row in await connection.fetch(QUERIES["find_messages"], *columns)]


def write_changes(tx: Transaction, conversations: Sequence[Conversation], said: Sequence[Message]) -> None:
    """Store numbers and marks of locked conversations, and what was said in them, at the transaction's end."""
    moved = [
        (one.id, one.last_seq, one.customer.delivered, one.customer.read, one.agent.delivered, one.agent.read)
        for one in conversations
    ]
    messages = [
        {
            "conversation_id": one.conversation_id,
            "seq": one.seq,
            "id": one.id,
            "client_id": one.client_id,
            "author": one.author,
            "author_id": one.author_id,
            "author_name": one.author_name,
            "text": one.text,
            "attachments": one.attachments,
        }
        for one in said
    ]
    part = Part("said", QUERIES["write_changes"], (*(list(column) for column in zip(*moved, strict=True)), messages))
    tx.at_end(lambda: part)


async def insert_message(
    connection: Connection,
    numbered: Conversation,
    client_id: UUID | None,
    author: tuple[str, UUID | None, str],
    text: str,
    attachments: Sequence[dict[str, Any]] = (),
    code: Code | None = None,
) -> Message:
    """Store the message whose number a locked conversation has taken, by an author (side or `system`, id, name)."""
    row = await connection.fetchrow(
        QUERIES["insert_message"],
        numbered.id,
        numbered.last_seq,
        new_id(),
        client_id,
        *author,
        code,
        text,
        list(attachments),
    )
    return _message(row)


async def list_messages(connection: Connection, conversation_id: UUID, before: int | None, limit: int) -> list[Message]:
    """Messages before a number (None: the newest), in order."""
    rows = await connection.fetch(QUERIES["list_messages"], conversation_id, before, limit)
    return [_message(row) for row in reversed(rows)]


async def is_sent(connection: Connection, conversation_id: UUID, image_id: UUID) -> bool:
    """True if a picture stands in a message of this conversation."""
    sent: bool = await connection.fetchval(QUERIES["is_sent"], conversation_id, str(image_id))
    return sent


async def find_stored_seq(
    connection: Connection, topic: str, event_seq: int, conversation_id: UUID, account_id: UUID
) -> int | None:
    """The newest message announced on a topic up to an event's number; None if it is known that the account has it."""
    seq: int | None = await connection.fetchval(
        QUERIES["find_stored_seq"], topic, event_seq, conversation_id, account_id
    )
    return seq


async def insert_note(
    connection: Connection, conversation_id: UUID, client_id: UUID, author: tuple[UUID, str], text: str
) -> tuple[Note, bool]:
    """A note by an author (id, name), and whether it is new: written again it is the same. Raises ClientIdTaken."""
    row = await connection.fetchrow(QUERIES["insert_note"], conversation_id, new_id(), client_id, *author, text)
    if row is not None:
        return _note(row), True
    note = _note(await connection.fetchrow(QUERIES["get_note"], conversation_id, client_id))
    if (note.author_id, note.text) != (author[0], text):
        raise ClientIdTaken()
    return note, False


async def list_notes(connection: Connection, conversation_id: UUID) -> list[Note]:
    """Notes in their order."""
    return [_note(row) for row in await connection.fetch(QUERIES["list_notes"], conversation_id)]


def message_from_json(fields: dict[str, Any] | None) -> Message | None:
    """A message's row that PostgreSQL made JSON of."""
    return _message_of(fields) if fields is not None else None


def _message_of(fields: dict[str, Any]) -> Message:
    return _message(
        {
            **fields,
            "id": UUID(fields["id"]),
            "conversation_id": UUID(fields["conversation_id"]),
            "client_id": UUID(fields["client_id"]) if fields["client_id"] is not None else None,
            "author_id": UUID(fields["author_id"]) if fields["author_id"] is not None else None,
            "sent_at": datetime.fromisoformat(fields["sent_at"]),
        }
    )


def _message(row: Any) -> Message:
    return Message(
        id=row["id"],
        client_id=row["client_id"],
        conversation_id=row["conversation_id"],
        seq=row["seq"],
        author=row["author"],
        author_id=row["author_id"],
        author_name=row["author_name"],
        code=row["code"],
        text=row["text"],
        attachments=tuple(row["attachments"]),
        sent_at=row["sent_at"],
    )


def _note(row: Any) -> Note:
    return Note(
        id=row["id"],
        conversation_id=row["conversation_id"],
        client_id=row["client_id"],
        author_id=row["author_id"],
        author_name=row["author_name"],
        text=row["text"],
        written_at=row["written_at"],
    )


def conversation_of_row(row: Any) -> Conversation:
    """A conversation from a row of its table."""
    return Conversation(
        id=row["id"],
        client_id=row["client_id"],
        customer_id=row["customer_id"],
        customer_name=row["customer_name"],
        order_id=row["order_id"],
        order_number=row["order_number"],
        restaurant_name=row["restaurant_name"],
        state=ConversationState(row["state"]),
        place=row["place"],
        agent_id=row["agent_id"],
        agent_name=row["agent_name"],
        declined_by=row["declined_by"],
        last_seq=row["last_seq"],
        customer=Marks(row["customer_delivered"], row["customer_read"]),
        agent=Marks(row["agent_delivered"], row["agent_read"]),
        opened_at=row["opened_at"],
        waiting_since=row["waiting_since"],
        resolved_at=row["resolved_at"],
        rating=row["rating"],
        rating_comment=row["rating_comment"],
    )
