"""Events and facts of support.

`conversation.{id}` goes to the customer and to the agent who has it, and holds nothing the customer may not see;
`conversation.{id}.notes` goes to the agent alone. `agent.{account}` tells an agent of its own conversations and
availability, `support.desk` all agents of the queue and of each other, `support.queue` everybody of places in line.
"""

from typing import ClassVar, Literal
from uuid import UUID

from tiffin.features.support.domain import Side
from tiffin.features.support.schemas import (
    AgentView,
    ConversationStatus,
    ConversationView,
    MarksView,
    MessageView,
    NoteView,
    PresenceView,
    QueueView,
    WaitingView,
)
from tiffin.realtime import Event
from tiffin.work import Fact

QUEUE_TOPIC = "support.queue"
DESK_TOPIC = "support.desk"


def conversation_topic(conversation_id: UUID) -> str:
    """What is said in a conversation, and what becomes of it."""
    return f"conversation.{conversation_id}"


def notes_topic(conversation_id: UUID) -> str:
    """What agents write about it."""
    return f"conversation.{conversation_id}.notes"


def typing_topic(conversation_id: UUID, side: Side) -> str:
    """Whether this side's person types; for the other side."""
    return f"conversation.{conversation_id}.{side}_typing"


def agent_topic(account_id: UUID) -> str:
    """An agent's own conversations and availability. Who follows it by WebSocket is connected."""
    return f"agent.{account_id}"


class MessageSent(Event):
    """Somebody wrote, or the system says something."""

    type: ClassVar[str] = "message.sent"
    message: MessageView


class MarksAdvanced(Event):
    """One side's devices hold more, or its person has seen more."""

    type: ClassVar[str] = "marks.advanced"
    side: Side
    marks: MarksView


class ConversationChanged(Event):
    """What became of a conversation; each carries its whole status."""

    status: ConversationStatus


class ConversationAssigned(ConversationChanged):
    """An agent has it now; who had it before reads no more."""

    type: ClassVar[str] = "conversation.assigned"
    rights: ClassVar[bool] = True


class ConversationWaiting(ConversationChanged):
    """It is in the queue again."""

    type: ClassVar[str] = "conversation.waiting"
    rights: ClassVar[bool] = True


class ConversationResolved(ConversationChanged):
    """It is done."""

    type: ClassVar[str] = "conversation.resolved"
    rights: ClassVar[bool] = True


class ConversationRated(ConversationChanged):
    """The customer says how it was."""

    type: ClassVar[str] = "conversation.rated"


class ConversationPresence(Event):
    """Somebody opened it on a device, or the last device left."""

    type: ClassVar[str] = "conversation.presence_changed"
    presence: PresenceView


class NoteAdded(Event):
    """An agent wrote a note."""

    type: ClassVar[str] = "note.added"
    note: NoteView


class AgentConversationTaken(Event):
    """A conversation is yours now."""

    type: ClassVar[str] = "agent.conversation_taken"
    conversation: ConversationView


class AgentConversationLeft(Event):
    """A conversation is no longer yours: resolved, handed over, or back in the queue."""

    type: ClassVar[str] = "agent.conversation_left"
    conversation_id: UUID
    reason: Literal["resolved", "transferred", "released"]


class AgentChanged(Event):
    """An agent's availability, connection or number of conversations; on `support.desk`."""

    type: ClassVar[str] = "agent.changed"
    agent: AgentView


class DeskQueueChanged(Event):
    """Who waits, in order, the first 50, and how many in all; on `support.desk`."""

    type: ClassVar[str] = "desk.queue_changed"
    waiting: tuple[WaitingView, ...]
    total_waiting: int


class QueueChanged(Event):
    """The places in line; on `support.queue`."""

    type: ClassVar[str] = "queue.changed"
    queue: QueueView


CONVERSATION_EVENTS: tuple[type[Event], ...] = (
    MessageSent,
    MarksAdvanced,
    ConversationAssigned,
    ConversationWaiting,
    ConversationResolved,
    ConversationRated,
    ConversationPresence,
)


class AgentPresenceChanged(Fact):
    """An agent's first device came, or the last one left."""

    subject: ClassVar[str] = "support.agent_presence"
    account_id: UUID


class AgentGoneDue(Fact):
    """Timer: an agent that is still gone gives its conversations back."""

    subject: ClassVar[str] = "support.agent_gone_due"
    account_id: UUID
