"""What is said and marked, written in groups: what comes while a group is being committed shares the next.

A group locks its conversations in the order of their ids, looks up what was sent before, applies the rules to each
change in the order it came (`group`), and stores numbers, marks, messages and events by the transaction's last
statement.
"""

from collections.abc import Sequence

from tiffin.base.errors import TiffinError
from tiffin.db import Database, GroupCommit, Transaction, use_case
from tiffin.features.support import repository
from tiffin.features.support.domain import Conversation, Message, Side
from tiffin.features.support.events import MarksAdvanced, MessageSent, conversation_topic
from tiffin.features.support.group import Group, Mark, Say
from tiffin.features.support.schemas import MarksView, MessageView
from tiffin.realtime import EventLog


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
                results.append(group.take(change))
            except TiffinError as error:
                results.append(error)
        changed = group.changed()
        if changed:
            repository.write_changes(tx, changed, group.said)
        for message in group.said:
            topic = conversation_topic(message.conversation_id)
            self._events.append(tx, topic, MessageSent(message=MessageView.of(message)))
        for after in changed:
            self._tell_marks(tx, group.before[after.id], after)
        return results

    async def _begin(self, tx: Transaction, changes: Sequence[Say | Mark]) -> Group:
        ids = {change.conversation_id for change in changes}
        at, conversations = await repository.lock_conversations(tx.connection, ids)
        asked = [(change.conversation_id, change.client_id) for change in changes if isinstance(change, Say)]
        # looked up under the lock: whoever sent the same before has committed
        sent = await repository.find_messages(tx.connection, asked) if asked else []
        return Group(at, conversations, sent)

    def _tell_marks(self, tx: Transaction, before: Conversation, after: Conversation) -> None:
        for side, old, new in (
            (Side.CUSTOMER, before.customer, after.customer),
            (Side.AGENT, before.agent, after.agent),
        ):
            if new != old:
                advanced = MarksAdvanced(side=side, marks=MarksView.of(new))
                self._events.append(tx, conversation_topic(after.id), advanced)
