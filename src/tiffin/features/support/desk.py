"""The desk: who gets which conversation. Pure rules, no input or output.

First come, first served: whenever there is room, the conversation with the smallest place goes to the agent with the
fewest conversations; of those, to who has waited longest. Nobody gets more than their capacity, nobody who is not
available or not connected gets any, and nobody gets their own or one they have just given back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from tiffin.features.support.domain import Conversation

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent at work. `load`: conversations assigned to it."""

    account_id: UUID
    name: str
    available: bool
    capacity: int
    connected: bool
    load: int
    last_assigned_at: datetime | None

    @property
    def room(self) -> int:
        """How many more it takes now."""
        return max(0, self.capacity - self.load) if self.available and self.connected else 0

    def may_take(self, conversation: Conversation) -> bool:
        """True if this conversation may go to this agent now."""
        return self.room > 0 and self.account_id not in (conversation.customer_id, conversation.declined_by)


def hand_out(
    waiting: Sequence[Conversation], agents: Sequence[Agent], now: datetime
) -> list[tuple[Conversation, Agent]]:
    """The conversations that leave the queue now, assigned, each with its agent as it is then.

    `waiting` in the order of their places. One that nobody may take stays, and does not hold up those behind it.
    """
    takers = {agent.account_id: agent for agent in agents}
    given: list[tuple[Conversation, Agent]] = []
    for conversation in waiting:
        able = [agent for agent in takers.values() if agent.may_take(conversation)]
        if not able:
            continue
        agent = min(able, key=lambda one: (one.load, one.last_assigned_at or _NEVER, one.account_id))
        taken = replace(agent, load=agent.load + 1, last_assigned_at=now)
        takers[agent.account_id] = taken
        given.append((conversation.assign(agent.account_id, agent.name), taken))
    return given
