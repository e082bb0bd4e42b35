"""Restaurants: created, seen, edited, paused; and what other features read of the catalog.

Every change locks the restaurant's row first, so the changes of one restaurant, its menu and its members happen one
after another and their events have the order of their versions.
"""

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.geo import Point
from tiffin.base.principal import Principal
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.accounts import user_topic
from tiffin.features.catalog import access, menu_repository, repository
from tiffin.features.catalog.domain import MemberRole, MenuItem, Restaurant
from tiffin.features.catalog.events import (
    MembershipGranted,
    MenuEvent,
    RestaurantBusy,
    RestaurantChanged,
    RestaurantCreated,
    RestaurantPaused,
    RestaurantResumed,
    RestaurantUnpublished,
    menu_topic,
    restaurant_topic,
)
from tiffin.features.catalog.repository import After, ListedRestaurant, RestaurantFilter
from tiffin.features.catalog.schemas import RestaurantView
from tiffin.realtime import EventLog

# raises if the version is not the one that the caller has seen
RequireVersion = Callable[[int], None]
# a chore's turn: some 20 ms of computing, so that it does not stall live traffic
_CHORE_RESTAURANTS = 50


class CatalogService:
    """Restaurants. The reading methods that take a connection are for other features; they check no rights."""

    def __init__(self, database: Database, events: EventLog, clock: Clock) -> None:
        self.database = database
        self._events = events
        self._clock = clock

    # for other features

    async def require_restaurant(self, connection: Connection, restaurant_id: UUID) -> Restaurant:
        """The restaurant, published or not. Raises RestaurantNotFound."""
        return await repository.require_restaurant(connection, restaurant_id)

    async def list_menu_items(
        self, connection: Connection, restaurant_id: UUID, item_ids: Collection[UUID] | None = None
    ) -> dict[UUID, MenuItem]:
        """The restaurant's items by id: all on the menu, or the named ones, among them deleted ones."""
        return await menu_repository.list_menu_items(connection, restaurant_id, item_ids)

    async def member_role(self, connection: Connection, restaurant_id: UUID, account_id: UUID) -> MemberRole | None:
        """What the account is in the restaurant; None if not a member."""
        return await repository.get_member_role(connection, restaurant_id, account_id)

    async def list_memberships(
        self, connection: Connection, pairs: Sequence[tuple[UUID, UUID]]
    ) -> dict[tuple[UUID, UUID], MemberRole]:
        """Of the pairs (account, restaurant), those that are memberships, with the role."""
        return await repository.list_memberships(connection, pairs)

    async def list_member_ids(self, connection: Connection, restaurant_id: UUID) -> list[UUID]:
        """The accounts of all members."""
        return await repository.list_member_ids(connection, restaurant_id)

    async def list_taking_orders(self, connection: Connection) -> dict[UUID, str]:
        """The names of all restaurants that take orders now, in their order."""
        return await repository.list_taking_orders(connection, self._clock.now())

    async def list_restaurants_of(self, connection: Connection, account_ids: list[UUID]) -> dict[UUID, list[UUID]]:
        """Of each account that works in restaurants: which."""
        return await repository.list_restaurants_of(connection, account_ids)

    async def count_members(self, connection: Connection, restaurant_id: UUID | None) -> int:
        """How many accounts work in a restaurant; None: in any."""
        return await repository.count_members(connection, restaurant_id)

    # reading

    async def read_restaurant(self, principal: Principal | None, restaurant_id: UUID) -> Restaurant:
        """A restaurant that the caller may see. Raises RestaurantNotFound."""
        async with self.database.connection() as connection:
            restaurant = await repository.require_restaurant(connection, restaurant_id)
            await access.require_visible(connection, principal, restaurant)
        return restaurant

    async def list_restaurants(
        self, point: Point | None, taking_orders: bool, after: After, limit: int
    ) -> list[ListedRestaurant]:
        """Published restaurants: those that deliver to `point`, nearest first; without a point by name."""
        wanted = RestaurantFilter(point, taking_orders, self._clock.now())
        async with self.database.connection() as connection:
            return await repository.list_restaurants(connection, wanted, after, limit)

    async def list_own_restaurants(
        self, principal: Principal, after: After, limit: int
    ) -> list[tuple[ListedRestaurant, MemberRole]]:
        """The restaurants of which the caller is a member, by name."""
        async with self.database.connection() as connection:
            return await repository.list_restaurants_of_member(connection, principal.account_id, after, limit)

    # changing

    @use_case
    async def create_restaurant(self, tx: Transaction, principal: Principal, restaurant: Restaurant) -> Restaurant:
        """Store a new restaurant, owned by the caller."""
        await repository.insert_restaurant(tx.connection, restaurant, self._clock.now())
        await repository.insert_member(tx.connection, restaurant.id, principal.account_id, MemberRole.OWNER)
        self._events.append(tx, restaurant_topic(restaurant.id), RestaurantCreated(restaurant_id=restaurant.id))
        self._announce(tx, restaurant, _changed(restaurant))
        granted = MembershipGranted(restaurant_id=restaurant.id, role=MemberRole.OWNER)
        self._events.append(tx, user_topic(principal.account_id), granted)
        return restaurant

    @use_case
    async def update_restaurant(
        self,
        tx: Transaction,
        principal: Principal,
        restaurant_id: UUID,
        edit: Callable[[Restaurant], Restaurant],
        require_version: RequireVersion,
    ) -> Restaurant:
        """Edit a restaurant. Raises RestaurantNotFound, RestaurantRoleMissing, and what `require_version` raises."""
        before = await self._lock(tx, principal, restaurant_id, lambda role: role.may_edit_restaurant)
        require_version(before.version)
        wanted = edit(before)
        if wanted == before:
            return before
        after = await repository.update_restaurant(tx.connection, wanted, self._clock.now())
        unpublished = before.published and not after.published
        self._announce(tx, after, _unpublished(after) if unpublished else _changed(after))
        return after

    @use_case
    async def pause(
        self, tx: Transaction, principal: Principal, restaurant_id: UUID, minutes: int | None
    ) -> Restaurant:
        """Take no new orders for `minutes`, or until lifted. Raises RestaurantNotFound, RestaurantRoleMissing."""
        await self._lock(tx, principal, restaurant_id, lambda role: role.may_serve)
        after = await repository.update_pause(tx.connection, restaurant_id, paused=True, minutes=minutes)
        event = RestaurantPaused(
            paused_until=after.paused_until,
            paused_indefinitely=after.paused_indefinitely,
            version=after.version,
            menu_version=after.menu_version,
        )
        self._announce(tx, after, event)
        return after

    @use_case
    async def resume(self, tx: Transaction, principal: Principal, restaurant_id: UUID) -> Restaurant:
        """Lift a pause, if there is one. Raises RestaurantNotFound, RestaurantRoleMissing."""
        before = await self._lock(tx, principal, restaurant_id, lambda role: role.may_serve)
        if before.paused_until is None and not before.paused_indefinitely:
            return before
        after = await repository.update_pause(tx.connection, restaurant_id, paused=False)
        self._announce(tx, after, RestaurantResumed(version=after.version, menu_version=after.menu_version))
        return after

    @use_case
    async def set_busy(
        self, tx: Transaction, principal: Principal, restaurant_id: UUID, extra_minutes: int
    ) -> Restaurant:
        """Add minutes to every preparation; 0: as usual. Raises RestaurantNotFound, RestaurantRoleMissing."""
        before = await self._lock(tx, principal, restaurant_id, lambda role: role.may_serve)
        if before.busy_extra_minutes == extra_minutes:
            return before
        after = await repository.update_busy(tx.connection, restaurant_id, extra_minutes)
        event = RestaurantBusy(busy_extra_minutes=extra_minutes, version=after.version, menu_version=after.menu_version)
        self._announce(tx, after, event)
        return after

    async def renew_open_ranges(self, transaction: Transaction) -> None:
        """A chore: what lists know of opening hours never runs out."""
        await repository.renew_open_ranges(transaction.connection, self._clock.now(), _CHORE_RESTAURANTS)

    async def _lock(self, tx: Transaction, principal: Principal, restaurant_id: UUID, may: access.May) -> Restaurant:
        restaurant = await repository.lock_restaurant(tx.connection, restaurant_id)
        await access.require_role(tx.connection, principal, restaurant, may)
        return restaurant

    def _announce(self, tx: Transaction, restaurant: Restaurant, event: MenuEvent) -> None:
        self._events.append(tx, menu_topic(restaurant.id), event)


def _changed(restaurant: Restaurant) -> RestaurantChanged:
    return RestaurantChanged(restaurant=RestaurantView.of(restaurant), menu_version=restaurant.menu_version)


def _unpublished(restaurant: Restaurant) -> RestaurantUnpublished:
    return RestaurantUnpublished(restaurant=RestaurantView.of(restaurant), menu_version=restaurant.menu_version)
