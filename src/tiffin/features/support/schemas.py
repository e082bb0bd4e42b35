"""Support on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tiffin.features.images import PictureView
from tiffin.features.orders.schemas import OrderSummary, Text
from tiffin.features.support.desk import Agent
from tiffin.features.support.domain import (
    LONGEST_TEXT,
    MOST_ATTACHMENTS,
    Code,
    Conversation,
    ConversationState,
    Marks,
    Message,
    Note,
    Side,
)

Seq = Annotated[int, Field(ge=0, le=2**53)]
MessageText = Annotated[Text, Field(max_length=LONGEST_TEXT)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


# what the server says


class MessageView(BaseModel):
    """A message. It is plain text: show it as text, never as markup."""

    model_config = ConfigDict(frozen=True)

    message_id: UUID
    client_id: Annotated[UUID | None, Field(description="the sender's own id; null of the system's")]
    seq: Annotated[int, Field(description="dense in the conversation, and its only order")]
    author: Literal["customer", "agent", "system"]
    author_name: str
    code: Annotated[Code | None, Field(description="what the system says; null of people's")]
    text: str
    attachments: tuple[PictureView, ...]
    sent_at: datetime

    @classmethod
    def of(cls, message: Message) -> Self:
        """The view of a message."""
        fields = {name: getattr(message, name) for name in cls.model_fields if name != "message_id"}
        return cls.model_validate({"message_id": message.id, **fields})


class MarksView(BaseModel):
    """The newest message on a device of this side, and the newest its person has seen."""

    model_config = ConfigDict(frozen=True)

    delivered: int
    read: int

    @classmethod
    def of(cls, marks: Marks) -> Self:
        """The view of marks."""
        return cls(delivered=marks.delivered, read=marks.read)


class ConversationStatus(BaseModel):
    """All of a conversation that changes, but for messages and marks; every event of a change carries all of it."""

    model_config = ConfigDict(frozen=True)

    state: ConversationState
    place: Annotated[int, Field(description="find it in `waiting` of `support.queue`: its index is the place in line")]
    agent_name: str | None
    waiting_since: datetime
    resolved_at: datetime | None
    rating: int | None
    rating_comment: str | None

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """The status of a conversation."""
        return cls(**{name: getattr(conversation, name) for name in cls.model_fields})


class ConversationView(BaseModel):
    """A conversation in a list. `unread`: messages of the other side's people that the caller's side has not seen."""

    model_config = ConfigDict(frozen=True)

    conversation_id: UUID
    customer_id: UUID
    customer_name: str
    order_id: UUID | None
    order_number: str | None
    restaurant_name: str | None
    opened_at: datetime
    status: ConversationStatus
    last_seq: int
    customer_marks: MarksView
    agent_marks: MarksView
    unread: int
    last_message: Annotated[MessageView | None, Field(description="the newest that a person wrote")]

    @classmethod
    def of(cls, conversation: Conversation, unread: int, last_message: Message | None) -> Self:
        """The view of a conversation."""
        return cls(
            conversation_id=conversation.id,
            customer_id=conversation.customer_id,
            customer_name=conversation.customer_name,
            order_id=conversation.order_id,
            order_number=conversation.order_number,
            restaurant_name=conversation.restaurant_name,
            opened_at=conversation.opened_at,
            status=ConversationStatus.of(conversation),
            last_seq=conversation.last_seq,
            customer_marks=MarksView.of(conversation.customer),
            agent_marks=MarksView.of(conversation.agent),
            unread=unread,
            last_message=MessageView.of(last_message) if last_message is not None else None,
        )


class PresenceView(BaseModel):
    """Which side has the conversation open on some device now."""

    model_config = ConfigDict(frozen=True)

    customer: bool
    agent: bool


class ConversationSnapshot(BaseModel):
    """A conversation with its newest messages, and the position of `conversation.{id}` it was read at."""

    position: str
    side: Annotated[Side | None, Field(description="of the caller; null for an agent who looks at another's")]
    conversation: ConversationView
    messages: list[MessageView]
    presence: PresenceView


class MessagePage(BaseModel):
    """Messages in their order. `before`: ask with it for what was said earlier; null at the beginning."""

    messages: list[MessageView]
    before: int | None


class NoteView(BaseModel):
    """What an agent wrote for agents."""

    model_config = ConfigDict(frozen=True)

    note_id: UUID
    client_id: UUID
    author_name: str
    text: str
    written_at: datetime

    @classmethod
    def of(cls, note: Note) -> Self:
        """The view of a note."""
        return cls(
            note_id=note.id,
            client_id=note.client_id,
            author_name=note.author_name,
            text=note.text,
            written_at=note.written_at,
        )


class NoteList(BaseModel):
    """A conversation's notes in their order, and the position of `conversation.{id}.notes`."""

    position: str
    notes: list[NoteView]


class QueueView(BaseModel):
    """Who waits: the places of waiting conversations in their order, the first 500, and how many wait in all."""

    model_config = ConfigDict(frozen=True)

    waiting: tuple[int, ...]
    total: int


class QueueSnapshot(QueueView):
    """The queue, and the position of `support.queue` it was read at."""

    position: str


class AgentView(BaseModel):
    """An agent at work. `load`: conversations it has now; `capacity`: most it takes."""

    model_config = ConfigDict(frozen=True)

    account_id: UUID
    name: str
    available: bool
    connected: bool
    capacity: int
    load: int

    @classmethod
    def of(cls, agent: Agent) -> Self:
        """The view of an agent."""
        return cls(**{name: getattr(agent, name) for name in cls.model_fields})


class WaitingView(BaseModel):
    """A conversation in the queue, for agents."""

    model_config = ConfigDict(frozen=True)

    conversation_id: UUID
    customer_name: str
    order_number: str | None
    place: int
    waiting_since: datetime

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """The view of a waiting conversation."""
        return cls(
            conversation_id=conversation.id,
            customer_name=conversation.customer_name,
            order_number=conversation.order_number,
            place=conversation.place,
            waiting_since=conversation.waiting_since,
        )


class DeskSnapshot(BaseModel):
    """An agent's desk: the own conversations, who waits (the first 50, and how many in all), and the colleagues.

    Follow `agent.{account}` from `agent_position` and `support.desk` from `desk_position`.
    """

    agent_position: str
    desk_position: str
    me: AgentView
    conversations: list[ConversationView]
    waiting: list[WaitingView]
    total_waiting: int
    agents: list[AgentView]


class CannedAnswerView(BaseModel):
    """A prepared answer. Agents type the shortcut to find it."""

    model_config = ConfigDict(frozen=True)

    canned_answer_id: UUID
    shortcut: str
    text: str


class CannedAnswerList(BaseModel):
    """All prepared answers, by shortcut."""

    canned_answers: list[CannedAnswerView]


class CustomerOrders(BaseModel):
    """The newest orders of a conversation's customer."""

    orders: list[OrderSummary]


# what clients say


class MessageBody(_Body):
    """A message. `client_id` is made by the sender, once: sending it again is the same message."""

    client_id: UUID
    text: MessageText = ""
    attachments: Annotated[
        list[UUID], Field(max_length=MOST_ATTACHMENTS, description="complete images of this conversation")
    ] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and not self.attachments:
            raise ValueError("a message has a text, pictures, or both")
        return self


class ConversationOpen(_Body):
    """Open a conversation with its first words. With an open one about the same order, this goes on in that one."""

    client_id: Annotated[UUID, Field(description="the caller's id for the conversation; opening again is the same")]
    order_id: Annotated[UUID | None, Field(description="an own order that it is about")] = None
    text: Annotated[MessageText, Field(min_length=1)]


class MarksBody(_Body):
    """Up to which message a device holds the conversation (`delivered`) and its person has seen it (`read`)."""

    delivered: Seq = 0
    read: Seq = 0


class RatingBody(_Body):
    """One to five stars, and words for support."""

    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[Text, Field(max_length=1000)] = ""


class NoteBody(_Body):
    """A note for agents; `client_id` as with messages."""

    client_id: UUID
    text: Annotated[MessageText, Field(min_length=1)]


class TransferBody(_Body):
    """Hand a conversation to a colleague, or (null) back to its place in the queue, for somebody else."""

    agent_id: UUID | None
    note: MessageText = ""


class AvailabilityBody(_Body):
    """Whether the caller wants conversations, and how many at once."""

    available: bool
    capacity: Annotated[int, Field(ge=1, le=50)]


class CannedAnswerBody(_Body):
    """A prepared answer."""

    shortcut: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
    text: Annotated[MessageText, Field(min_length=1)]


class SendCommand(MessageBody):
    """As the endpoint."""

    conversation_id: UUID


class ReadCommand(_Body):
    """The person has seen the messages up to this number."""

    conversation_id: UUID
    read: Seq


class TypingCommand(_Body):
    """The person types. Say it again every 3 s; it is over 6 s after the last, or with the message."""

    conversation_id: UUID


class TypingValue(BaseModel):
    """Somebody of this side types; show it for `expires_in_ms`, or until their message comes."""

    name: str
    expires_in_ms: int
