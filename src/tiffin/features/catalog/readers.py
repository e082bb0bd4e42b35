"""Who may follow the topics of a restaurant.

A menu is public while its restaurant is published. Its grant is guarded by the topic itself: `restaurant.unpublished`
is flagged `rights` and stops everybody who is not a member, also in the middle of a catch-up.
"""

from collections.abc import Sequence
from uuid import UUID

from tiffin.base.principal import Role
from tiffin.db import Connection
from tiffin.features.catalog import repository
from tiffin.features.catalog.domain import MemberRole
from tiffin.realtime import Grant, ReadRequest

_Memberships = dict[tuple[UUID, UUID], MemberRole]


async def read_menu_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """Anybody may read menus of published restaurants; members and admins also the others'."""
    ids = [_restaurant_of(request) for request in requests]
    known = {restaurant_id for restaurant_id in ids if restaurant_id is not None}
    published = await repository.list_published(connection, known)
    existing = published if published == known else await repository.list_existing(connection, known)
    members = await _memberships(connection, requests) if published != known else {}
    return [
        Grant(guards=(request.topic,))
        if restaurant_id in published or (restaurant_id in existing and _may_see_unpublished(request, members))
        else None
        for request, restaurant_id in zip(requests, ids, strict=True)
    ]


async def read_membership_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """For `restaurant.{id}`: its members. The end of a membership is a flagged event on the member's own topic."""
    members = await _memberships(connection, requests)
    return [Grant() if _is_member(request, members) else None for request in requests]


def _may_see_unpublished(request: ReadRequest, members: _Memberships) -> bool:
    principal = request.principal
    return principal is not None and (principal.has(Role.ADMIN) or _is_member(request, members))


def _is_member(request: ReadRequest, members: _Memberships) -> bool:
    restaurant_id = _restaurant_of(request)
    if request.principal is None or restaurant_id is None:
        return False
    return (request.principal.account_id, restaurant_id) in members


async def _memberships(connection: Connection, requests: Sequence[ReadRequest]) -> _Memberships:
    pairs = {
        (request.principal.account_id, restaurant_id)
        for request in requests
        if request.principal is not None and (restaurant_id := _restaurant_of(request)) is not None
    }
    return await repository.list_memberships(connection, list(pairs)) if pairs else {}


def _restaurant_of(request: ReadRequest) -> UUID | None:
    """The id in the topic, None unless written as the server writes it: one restaurant has one topic."""
    try:
        restaurant_id = UUID(request.key)
    except ValueError:
        return None
    return restaurant_id if str(restaurant_id) == request.key else None
