"""Conversations: who may do what, and when. Pure rules, no input or output.

A conversation waits in a queue, is assigned to one agent, or is resolved. Its messages have dense numbers, given one
after the other; two marks a side say up to which of them its devices hold and its person has seen. Marks and numbers
only grow. Every change makes a new value and raises where it is not allowed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tiffin.base.principal import Principal, Role
from tiffin.features.support.errors import (
    ConversationNotFound,
    ConversationResolved,
    NotAnAgent,
    NotAssigned,
    NotResolved,
)

LONGEST_TEXT = 10_000
MOST_ATTACHMENTS = 5


class ConversationState(StrEnum):
    """Where a conversation stands."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"


class Side(StrEnum):
    """Of the two people in a conversation, which."""

    CUSTOMER = "customer"
    AGENT = "agent"


class Code(StrEnum):
    """What a message of the system says."""

    ASSIGNED = "assigned"
    WAITING = "waiting"
    RESOLVED = "resolved"
    REOPENED = "reopened"


def shown_name(side: Side, name: str) -> str:
    """What the other side is told: of agents the first name."""
    return name.split(" ")[0] if side is Side.AGENT else name


@dataclass(frozen=True, slots=True)
class Marks:
    """How far one side is: the newest message on a device, and the newest seen by a person."""

    delivered: int = 0
    read: int = 0

    def advance(self, delivered: int, read: int, last_seq: int) -> "Marks":
        """Further marks; never back, and never beyond the last message. What is read has been delivered."""
        read = max(self.read, min(read, last_seq))
        return Marks(max(self.delivered, min(delivered, last_seq), read), read)


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `code` is set where the system says it; `attachments` are pictures as they travel."""

    id: UUID
    client_id: UUID | None
    conversation_id: UUID
    seq: int
    author: str
    author_id: UUID | None
    author_name: str
    code: str | None
    text: str
    attachments: tuple[dict[str, Any], ...]
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What an agent wrote for agents."""

    id: UUID
    conversation_id: UUID
    client_id: UUID
    author_id: UUID
    author_name: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages. `place` orders the queue and stays for as long as it is not resolved."""

    id: UUID
    client_id: UUID
    customer_id: UUID
    customer_name: str
    order_id: UUID | None
    order_number: str | None
    restaurant_name: str | None
    state: ConversationState
    place: int
    agent_id: UUID | None
    agent_name: str | None
    declined_by: UUID | None
    last_seq: int
    customer: Marks
    agent: Marks
    opened_at: datetime
    waiting_since: datetime
    resolved_at: datetime | None
    rating: int | None
    rating_comment: str | None

    def side_of(self, account_id: UUID) -> Side | None:
        """Which of the two an account is; who is both is the customer."""
        if account_id == self.customer_id:
            return Side.CUSTOMER
        return Side.AGENT if account_id == self.agent_id else None

    def take_number(self) -> "Conversation":
        """One more message: its number is `last_seq` of what is returned."""
        return replace(self, last_seq=self.last_seq + 1)

    def advance_marks(self, side: Side, delivered: int, read: int) -> "Conversation":
        """A side has stored or seen messages up to these numbers."""
        if side is Side.CUSTOMER:
            return replace(self, customer=self.customer.advance(delivered, read, self.last_seq))
        return replace(self, agent=self.agent.advance(delivered, read, self.last_seq))

    def assign(self, agent_id: UUID, agent_name: str) -> "Conversation":
        """Give it to an agent: from the queue, or from another agent. Raises ConversationResolved."""
        self.require_open()
        shown = shown_name(Side.AGENT, agent_name)
        return replace(self, state=ConversationState.ASSIGNED, agent_id=agent_id, agent_name=shown, declined_by=None)

    def release(self, now: datetime, *, declined: bool = False) -> "Conversation":
        """Back to its place in the queue; where it was `declined`, not to the same agent again. Raises NotAssigned."""
        if self.state is not ConversationState.ASSIGNED:
            raise NotAssigned()
        return replace(
            self,
            state=ConversationState.WAITING,
            agent_id=None,
            agent_name=None,
            declined_by=self.agent_id if declined else None,
            waiting_since=now,
        )

    def resolve(self, now: datetime) -> "Conversation":
        """It is done. Raises ConversationResolved if it was."""
        self.require_open()
        return replace(
            self,
            state=ConversationState.RESOLVED,
            agent_id=None,
            declined_by=None,
            resolved_at=now,
        )

    def reopen(self, place: int, now: datetime) -> "Conversation":
        """It was not done after all: to a new place in the queue. Raises NotResolved."""
        if self.state is not ConversationState.RESOLVED:
            raise NotResolved()
        return replace(
            self,
            state=ConversationState.WAITING,
            place=place,
            agent_name=None,
            waiting_since=now,
            resolved_at=None,
            rating=None,
            rating_comment=None,
        )

    def rate(self, stars: int, comment: str) -> "Conversation":
        """What the customer thinks of it; may be changed until it is reopened. Raises NotResolved."""
        if self.state is not ConversationState.RESOLVED:
            raise NotResolved()
        return replace(self, rating=stars, rating_comment=comment)

    def require_open(self) -> None:
        """Raises ConversationResolved."""
        if self.state is ConversationState.RESOLVED:
            raise ConversationResolved()


def require_agent(principal: Principal) -> None:
    """Raises NotAnAgent."""
    if not principal.has(Role.AGENT):
        raise NotAnAgent()


def require_side(conversation: Conversation, principal: Principal) -> Side:
    """The side the caller takes in it. Raises NotAssigned (agents), ConversationNotFound (everybody else)."""
    side = conversation.side_of(principal.account_id)
    if side is Side.CUSTOMER or (side is Side.AGENT and principal.has(Role.AGENT)):
        return side
    if principal.has(Role.AGENT):
        raise NotAssigned(agent_name=conversation.agent_name)
    raise ConversationNotFound()


def require_reader(conversation: Conversation, principal: Principal) -> Side | None:
    """The caller's side, None for an agent who looks at another's. Raises ConversationNotFound."""
    side = conversation.side_of(principal.account_id)
    if side is not Side.CUSTOMER and not principal.has(Role.AGENT):
        raise ConversationNotFound()
    return side


def require_staff(conversation: Conversation, principal: Principal) -> None:
    """For what only agents see: not an agent's own conversation. Raises NotAnAgent, ConversationNotFound."""
    require_agent(principal)
    if conversation.customer_id == principal.account_id:
        raise ConversationNotFound()
