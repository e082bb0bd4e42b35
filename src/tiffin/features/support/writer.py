"""What is said and marked, written in groups: what comes while a group is being committed shares the next.

A group locks its conversations in the order of their ids, looks up what was sent before, applies the rules to each
change in the order it came, and stores numbers, marks, messages and events by the transaction's last statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tiffin.base.errors import TiffinError
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal
from tiffin.db import Database, GroupCommit, Transaction, use_case
from tiffin.features.support import repository
from tiffin.features.support.access import require_side
from tiffin.features.support.domain import Conversation, Message, Side, shown_name
from tiffin.features.support.errors import ClientIdTaken, ConversationNotFound
from tiffin.features.support.events import MarksAdvanced, MessageSent, conversation_topic
from tiffin.features.support.schemas import MarksView, MessageView
from tiffin.realtime import EventLog


@dataclass(frozen=True, slots=True)
class Say:
    """Somebody says something. `attachments`: pictures as they travel."""

    conversation_id: UUID
    principal: Principal
    client_id: UUID
    text: str
    attachments: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A device of this account holds, and its person has seen, messages up to these numbers."""

    conversation_id: UUID
    account_id: UUID
    delivered: int
    read: int


@dataclass(slots=True)
class _Group:
    """Where the conversations of a group stand, and what has been said in it."""

    at: datetime | None
    before: dict[UUID, Conversation]
    after: dict[UUID, Conversation]
    # by conversation and client id
    sent: dict[tuple[UUID, UUID], Message]
    said: list[Message]


class ConversationWriter:
    """Takes changes of conversations that need nothing but their own row."""

    def __init__(self, database: Database, events: EventLog) -> None:
        self.database = database
        self._events = events
        self._group: GroupCommit[Say | Mark, Message | None] = GroupCommit(self._write)

    async def say(self, say: Say) -> Message:
        """The stored message; the one from before if its client id was used before.

        Raises ConversationNotFound, NotAssigned, ConversationResolved, ClientIdTaken, Unavailable.
        """
        message: Message | None = await self._group.ask(say)
        assert message is not None
        return message

    async def mark(self, mark: Mark) -> None:
        """Move marks forward, if that is forward. Who takes no part moves none. Raises Unavailable."""
        await self._group.ask(mark)

    async def _write(self, changes: Sequence[Say | Mark]) -> Sequence[Message | Exception | None]:
        return await self._store(changes)

    @use_case
    async def _store(self, tx: Transaction, changes: Sequence[Say | Mark]) -> list[Message | Exception | None]:
        group = await self._begin(tx, changes)
        results: list[Message | Exception | None] = []
        for change in changes:
            try:
                if isinstance(change, Say):
                    results.append(self._say(group, change))
                else:
                    self._mark(group, change)
                    results.append(None)
            except TiffinError as error:
                results.append(error)
        changed = [after for after in group.after.values() if after != group.before[after.id]]
        if changed:
            repository.write_changes(tx, changed, group.said)
        for message in group.said:
            topic = conversation_topic(message.conversation_id)
            self._events.append(tx, topic, MessageSent(message=MessageView.of(message)))
        for after in changed:
            self._tell_marks(tx, group.before[after.id], after)
        return results

    async def _begin(self, tx: Transaction, changes: Sequence[Say | Mark]) -> _Group:
        ids = {change.conversation_id for change in changes}
        at, conversations = await repository.lock_conversations(tx.connection, ids)
        asked = [(change.conversation_id, change.client_id) for change in changes if isinstance(change, Say)]
        # looked up under the lock: whoever sent the same before has committed
        sent = await repository.find_messages(tx.connection, asked) if asked else []
        before = {conversation.id: conversation for conversation in conversations}
        return _Group(at, before, dict(before), {(m.conversation_id, _sent_as(m)): m for m in sent}, [])

    def _say(self, group: _Group, say: Say) -> Message:
        conversation = group.after.get(say.conversation_id)
        if conversation is None:
            raise ConversationNotFound()
        side = require_side(conversation, say.principal)
        earlier = group.sent.get((say.conversation_id, say.client_id))
        if earlier is not None:
            if earlier.author_id != say.principal.account_id:
                raise ClientIdTaken()
            return earlier
        conversation.require_open()
        assert group.at is not None
        conversation = group.after[conversation.id] = conversation.take_number()
        message = Message(
            id=new_id(),
            client_id=say.client_id,
            conversation_id=conversation.id,
            seq=conversation.last_seq,
            author=str(side),
            author_id=say.principal.account_id,
            author_name=shown_name(side, say.principal.name),
            code=None,
            text=say.text,
            attachments=say.attachments,
            sent_at=group.at,
        )
        group.sent[conversation.id, say.client_id] = message
        group.said.append(message)
        return message

    def _mark(self, group: _Group, mark: Mark) -> None:
        conversation = group.after.get(mark.conversation_id)
        side = conversation.side_of(mark.account_id) if conversation is not None else None
        if conversation is not None and side is not None:
            group.after[conversation.id] = conversation.advance_marks(side, mark.delivered, mark.read)

    def _tell_marks(self, tx: Transaction, before: Conversation, after: Conversation) -> None:
        for side, old, new in (
            (Side.CUSTOMER, before.customer, after.customer),
            (Side.AGENT, before.agent, after.agent),
        ):
            if new != old:
                advanced = MarksAdvanced(side=side, marks=MarksView.of(new))
                self._events.append(tx, conversation_topic(after.id), advanced)


def _sent_as(message: Message) -> UUID:
    assert message.client_id is not None
    return message.client_id
