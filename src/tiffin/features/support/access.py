"""Who may read which topic of support."""

from collections.abc import Sequence
from uuid import UUID

from tiffin.base.principal import Principal, Role
from tiffin.db import Connection
from tiffin.features.support import repository
from tiffin.features.support.domain import Side
from tiffin.features.support.events import conversation_topic
from tiffin.realtime import Grant, ReadRequest


async def read_conversation_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """The customer and the agent who has it."""
    return await _grants(connection, requests, (Side.CUSTOMER, Side.AGENT))


async def read_agent_side_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """The agent who has it."""
    return await _grants(connection, requests, (Side.AGENT,))


async def read_customer_side_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """The customer."""
    return await _grants(connection, requests, (Side.CUSTOMER,))


async def _grants(connection: Connection, requests: Sequence[ReadRequest], sides: Sequence[Side]) -> list[Grant | None]:
    participants = await repository.list_participants(connection, [request.key for request in requests])
    return [_grant(request, participants.get(request.key), sides) for request in requests]


def _grant(request: ReadRequest, who: dict[Side, UUID | None] | None, sides: Sequence[Side]) -> Grant | None:
    if request.principal is None or who is None:
        return None
    guard = Grant((conversation_topic(UUID(request.key)),))
    account_id = request.principal.account_id
    if Side.CUSTOMER in sides and account_id == who[Side.CUSTOMER]:
        return guard
    is_agent = account_id == who[Side.AGENT] and account_id != who[Side.CUSTOMER] and request.principal.has(Role.AGENT)
    return guard if Side.AGENT in sides and is_agent else None


async def read_own_agent_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """An agent, its own."""
    return [
        Grant() if one.principal is not None and _is_own_agent(one.principal, one.key) else None for one in requests
    ]


def _is_own_agent(principal: Principal, key: str) -> bool:
    return principal.has(Role.AGENT) and key == str(principal.account_id)


async def read_desk_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """All agents."""
    return [Grant() if one.principal is not None and one.principal.has(Role.AGENT) else None for one in requests]


async def read_queue_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """Everybody who is logged in: it tells nothing but places."""
    return [Grant() if one.principal is not None else None for one in requests]
