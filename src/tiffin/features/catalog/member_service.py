"""Members: owners and managers say who works in a restaurant.

Owners may give and take every role, managers that of staff; everybody may leave. At least one owner stays, which the
restaurant's lock makes true also for two owners who leave at once. Every change is an event on the member's own
`user.{id}`, flagged `rights`: streams and sockets of the restaurant stop at once.
"""

from uuid import UUID

from tiffin.base.principal import Principal
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.accounts import AccountService, user_topic
from tiffin.features.catalog import access, repository
from tiffin.features.catalog.domain import Member, MemberRole, NamedMember
from tiffin.features.catalog.errors import (
    AlreadyMember,
    CatalogFull,
    LastOwner,
    MemberAccountNotFound,
    MemberNotFound,
    RestaurantRoleMissing,
)
from tiffin.features.catalog.events import MembershipChanged, MembershipGranted, MembershipRevoked
from tiffin.realtime import EventLog

MOST_MEMBERS = 300


class MemberService:
    """Memberships."""

    def __init__(self, database: Database, events: EventLog, accounts: AccountService) -> None:
        self.database = database
        self._events = events
        self._accounts = accounts

    async def list_members(self, principal: Principal, restaurant_id: UUID) -> list[NamedMember]:
        """All members. Raises RestaurantNotFound, RestaurantRoleMissing."""
        async with self.database.connection() as connection:
            restaurant = await repository.require_restaurant(connection, restaurant_id)
            await access.require_role(connection, principal, restaurant, lambda role: role.may_manage_members)
            members = await repository.list_members(connection, restaurant_id)
            return await self._named(connection, members)

    @use_case
    async def add_member(
        self, tx: Transaction, principal: Principal, restaurant_id: UUID, email: str, role: MemberRole
    ) -> NamedMember:
        """Make the account with this e-mail a member.

        Raises RestaurantNotFound, RestaurantRoleMissing, MemberAccountNotFound, AlreadyMember, CatalogFull.
        """
        acting = await self._lock(tx, principal, restaurant_id)
        _require_may_assign(acting, role)
        account = await self._accounts.find_by_email(tx.connection, email)
        if account is None:
            raise MemberAccountNotFound()
        if len(await repository.list_members(tx.connection, restaurant_id)) >= MOST_MEMBERS:
            raise CatalogFull()
        member = await repository.insert_member(tx.connection, restaurant_id, account.id, role)
        if member is None:
            raise AlreadyMember()
        self._events.append(tx, user_topic(account.id), MembershipGranted(restaurant_id=restaurant_id, role=role))
        return NamedMember(member, account.name, account.email)

    @use_case
    async def change_member(
        self, tx: Transaction, principal: Principal, restaurant_id: UUID, account_id: UUID, role: MemberRole
    ) -> NamedMember:
        """Give a member another role.

        Raises RestaurantNotFound, RestaurantRoleMissing, MemberNotFound, LastOwner.
        """
        acting = await self._lock(tx, principal, restaurant_id)
        before = await self._require_member(tx, restaurant_id, account_id)
        _require_may_assign(acting, before)
        _require_may_assign(acting, role)
        if before is not role:
            await self._require_other_owner(tx, restaurant_id, before)
            event = MembershipChanged(restaurant_id=restaurant_id, role=role)
            self._events.append(tx, user_topic(account_id), event)
        member = await repository.update_member(tx.connection, restaurant_id, account_id, role)
        return (await self._named(tx.connection, [member]))[0]

    @use_case
    async def remove_member(self, tx: Transaction, principal: Principal, restaurant_id: UUID, account_id: UUID) -> None:
        """End a membership; everybody may end their own.

        Raises RestaurantNotFound, RestaurantRoleMissing, MemberNotFound, LastOwner.
        """
        leaves = principal.account_id == account_id
        acting = await self._lock(tx, principal, restaurant_id, anybody=leaves)
        before = await self._require_member(tx, restaurant_id, account_id)
        if not leaves:
            _require_may_assign(acting, before)
        await self._require_other_owner(tx, restaurant_id, before)
        await repository.delete_member(tx.connection, restaurant_id, account_id)
        self._events.append(tx, user_topic(account_id), MembershipRevoked(restaurant_id=restaurant_id))

    async def _lock(
        self, tx: Transaction, principal: Principal, restaurant_id: UUID, *, anybody: bool = False
    ) -> MemberRole:
        restaurant = await repository.lock_restaurant(tx.connection, restaurant_id)
        return await access.require_role(
            tx.connection, principal, restaurant, lambda role: anybody or role.may_manage_members
        )

    async def _named(self, connection: Connection, members: list[Member]) -> list[NamedMember]:
        accounts = await self._accounts.list_by_ids(connection, [member.account_id for member in members])
        people = [(member, accounts.get(member.account_id)) for member in members]
        return [NamedMember(member, who.name if who else "", who.email if who else "") for member, who in people]

    async def _require_member(self, tx: Transaction, restaurant_id: UUID, account_id: UUID) -> MemberRole:
        role = await repository.get_member_role(tx.connection, restaurant_id, account_id)
        if role is None:
            raise MemberNotFound()
        return role

    async def _require_other_owner(self, tx: Transaction, restaurant_id: UUID, losing: MemberRole) -> None:
        if losing is MemberRole.OWNER and await repository.count_owners(tx.connection, restaurant_id) == 1:
            raise LastOwner()


def _require_may_assign(acting: MemberRole, role: MemberRole) -> None:
    if not acting.may_assign(role):
        raise RestaurantRoleMissing("Managers may add and remove staff only; ask an owner for other roles.")
