"""May this caller see or change this restaurant? Admins may what owners may.

Who may not see a restaurant gets the same answer as for one that does not exist.
"""

from collections.abc import Callable
from uuid import UUID

from tiffin.base.principal import Principal, Role
from tiffin.db import Connection
from tiffin.features.catalog import repository
from tiffin.features.catalog.domain import MemberRole, Restaurant
from tiffin.features.catalog.errors import RestaurantNotFound, RestaurantRoleMissing

May = Callable[[MemberRole], bool]


async def get_role(connection: Connection, principal: Principal, restaurant_id: UUID) -> MemberRole | None:
    """What the caller may act as; None for a stranger."""
    if principal.has(Role.ADMIN):
        return MemberRole.OWNER
    return await repository.get_member_role(connection, restaurant_id, principal.account_id)


async def require_visible(connection: Connection, principal: Principal | None, restaurant: Restaurant) -> None:
    """Raises RestaurantNotFound unless the caller (None: anonymous) may see it."""
    if restaurant.published:
        return
    if principal is None or await get_role(connection, principal, restaurant.id) is None:
        raise RestaurantNotFound()


async def require_role(connection: Connection, principal: Principal, restaurant: Restaurant, may: May) -> MemberRole:
    """What the caller acts as. Raises RestaurantNotFound, RestaurantRoleMissing."""
    role = await get_role(connection, principal, restaurant.id)
    if role is None and not restaurant.published:
        raise RestaurantNotFound()
    if role is None or not may(role):
        raise RestaurantRoleMissing()
    return role
