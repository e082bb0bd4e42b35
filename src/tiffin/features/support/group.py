"""What happens to some conversations at once: what is said and marked, one after the other. Pure rules.

Said again with the same client id, it is the same message; said by somebody else with it, it is refused. Numbers are
taken in the order in which things are said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tiffin.base.ids import new_id
from tiffin.base.principal import Principal
from tiffin.features.support.domain import Conversation, Message, Side, require_side, shown_name
from tiffin.features.support.errors import ClientIdTaken, ConversationNotFound


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


class Group:
    """Where these conversations stand, and what has been said in them meanwhile.

    `at` is the time of whatever happens, None only where there are no conversations; `sent` holds at least those
    earlier messages whose client ids are used again.
    """

    def __init__(self, at: datetime | None, conversations: Iterable[Conversation], sent: Iterable[Message]) -> None:
        self._at = at
        self.before = {conversation.id: conversation for conversation in conversations}
        self.after = dict(self.before)
        self.said: list[Message] = []
        self._sent = {(message.conversation_id, message.client_id): message for message in sent}

    def take(self, change: Say | Mark) -> Message | None:
        """What a change comes to; marks of who takes no part move nothing.

        Raises ConversationNotFound, NotAssigned, ConversationResolved, ClientIdTaken.
        """
        if isinstance(change, Say):
            return self._say(change)
        self._mark(change)
        return None

    def changed(self) -> list[Conversation]:
        """The conversations that do not stand where they stood."""
        return [after for after in self.after.values() if after != self.before[after.id]]

    def _say(self, say: Say) -> Message:
        conversation = self.after.get(say.conversation_id)
        if conversation is None:
            raise ConversationNotFound()
        side = require_side(conversation, say.principal)
        earlier = self._sent.get((conversation.id, say.client_id))
        if earlier is not None:
            if earlier.author_id != say.principal.account_id:
                raise ClientIdTaken()
            return earlier
        conversation.require_open()
        assert self._at is not None
        conversation = self.after[conversation.id] = conversation.take_number()
        message = self._sent[conversation.id, say.client_id] = _message(conversation, say, side, self._at)
        self.said.append(message)
        return message

    def _mark(self, mark: Mark) -> None:
        conversation = self.after.get(mark.conversation_id)
        side = conversation.side_of(mark.account_id) if conversation is not None else None
        if conversation is not None and side is not None:
            self.after[conversation.id] = conversation.advance_marks(side, mark.delivered, mark.read)


def _message(numbered: Conversation, say: Say, side: Side, at: datetime) -> Message:
    return Message(
        id=new_id(),
        client_id=say.client_id,
        conversation_id=numbered.id,
        seq=numbered.last_seq,
        author=str(side),
        author_id=say.principal.account_id,
        author_name=shown_name(side, say.principal.name),
        code=None,
        text=say.text,
        attachments=say.attachments,
        sent_at=at,
    )
