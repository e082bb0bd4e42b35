"""Menus: read as a whole, edited by managers, marked sold out by staff.

Every change takes the restaurant's lock, raises its `menu_version` and appends one event with the new version, in one
transaction; so the version (with the topic's epoch) is the ETag of the whole menu, and the menu at a position is
exactly what the events up to it made.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.principal import Principal
from tiffin.db import Database, Transaction, use_case
from tiffin.features.catalog import access, menu_repository, repository
from tiffin.features.catalog.domain import Category, Menu, MenuItem, Restaurant
from tiffin.features.catalog.errors import (
    CatalogFull,
    CategoryNotEmpty,
    CategoryNotFound,
    MenuItemNotFound,
    RestaurantNotFound,
    SoldOutUntilPast,
)
from tiffin.features.catalog.events import (
    CategoryChanged,
    CategoryRemoved,
    MenuItemChanged,
    MenuItemRemoved,
    MenuItemSoldOut,
    menu_topic,
)
from tiffin.features.catalog.menu_schemas import CategoryView, MenuItemView
from tiffin.features.catalog.service import RequireVersion
from tiffin.realtime import EventLog, Position, get_position

MOST_CATEGORIES = 100
MOST_ITEMS = 1000
_LONGEST_SOLD_OUT = timedelta(days=366)


def menu_tag(restaurant: Restaurant, position: Position) -> str:
    """What changes whenever the menu or its position does: the version, and the epoch, new after a restore."""
    return f"{restaurant.menu_version}-{position.epoch}"


class MenuService:
    """Categories and items."""

    def __init__(self, database: Database, events: EventLog, clock: Clock) -> None:
        self.database = database
        self._events = events
        self._clock = clock

    async def read_menu_tag(self, principal: Principal | None, restaurant_id: UUID) -> str:
        """The tag of a menu that the caller may see: `menu_tag` without the menu. Raises RestaurantNotFound."""
        async with self.database.connection() as connection:
            restaurant, position = await repository.require_restaurant_at(
                connection, restaurant_id, menu_topic(restaurant_id)
            )
            await access.require_visible(connection, principal, restaurant)
            return menu_tag(restaurant, position)

    async def read_menu(self, principal: Principal | None, restaurant_id: UUID) -> tuple[Menu, Position]:
        """A menu that the caller may see, and the position of its topic in the same snapshot.

        Raises RestaurantNotFound.
        """
        async with self.database.snapshot() as connection:
            restaurant = await repository.require_restaurant(connection, restaurant_id)
            await access.require_visible(connection, principal, restaurant)
            menu = await menu_repository.get_menu(connection, restaurant)
            return menu, await get_position(connection, menu_topic(restaurant_id))

    # categories

    @use_case
    async def create_category(self, tx: Transaction, principal: Principal, category: Category) -> Category:
        """Add a category. Raises RestaurantNotFound, RestaurantRoleMissing, CatalogFull."""
        await self._lock(tx, principal, category.restaurant_id, lambda role: role.may_edit_menu)
        if await menu_repository.count_categories(tx.connection, category.restaurant_id) >= MOST_CATEGORIES:
            raise CatalogFull()
        await menu_repository.insert_category(tx.connection, category)
        await self._announce_category(tx, category)
        return category

    @use_case
    async def update_category(
        self, tx: Transaction, principal: Principal, category_id: UUID, edit: Callable[[Category], Category]
    ) -> Category:
        """Edit a category. Raises CategoryNotFound, RestaurantRoleMissing."""
        before = await self._lock_category(tx, principal, category_id)
        after = edit(before)
        if after != before:
            await menu_repository.update_category(tx.connection, after)
            await self._announce_category(tx, after)
        return after

    @use_case
    async def delete_category(self, tx: Transaction, principal: Principal, category_id: UUID) -> None:
        """Remove an empty category. Raises CategoryNotFound, RestaurantRoleMissing, CategoryNotEmpty."""
        category = await self._lock_category(tx, principal, category_id)
        if await menu_repository.has_items(tx.connection, category_id):
            raise CategoryNotEmpty()
        await menu_repository.delete_category(tx.connection, category_id)
        version = await repository.update_menu_version(tx.connection, category.restaurant_id)
        event = CategoryRemoved(category_id=category_id, menu_version=version)
        self._events.append(tx, menu_topic(category.restaurant_id), event)

    # items

    @use_case
    async def create_item(self, tx: Transaction, principal: Principal, item: MenuItem) -> MenuItem:
        """Add an item. Raises RestaurantNotFound, RestaurantRoleMissing, CategoryNotFound, CatalogFull."""
        await self._lock(tx, principal, item.restaurant_id, lambda role: role.may_edit_menu)
        if await menu_repository.count_menu_items(tx.connection, item.restaurant_id) >= MOST_ITEMS:
            raise CatalogFull()
        await self._require_category_of(tx, item)
        stored = await menu_repository.insert_menu_item(tx.connection, item)
        await self.announce_item(tx, stored)
        return stored

    @use_case
    async def update_item(
        self,
        tx: Transaction,
        principal: Principal,
        item_id: UUID,
        edit: Callable[[MenuItem], MenuItem],
        require_version: RequireVersion,
    ) -> MenuItem:
        """Edit an item. Raises MenuItemNotFound, RestaurantRoleMissing, and what the two functions raise."""
        before = await self.lock_item(tx, principal, item_id)
        require_version(before.version)
        wanted = edit(before)
        if wanted == before:
            return before
        await self._require_category_of(tx, wanted)
        after = await menu_repository.update_menu_item(tx.connection, wanted)
        await self.announce_item(tx, after)
        return after

    @use_case
    async def set_sold_out(
        self, tx: Transaction, principal: Principal, item_id: UUID, sold_out: bool, until: datetime | None
    ) -> MenuItem:
        """Mark an item sold out, until a time or until lifted; or available again.

        Raises MenuItemNotFound, RestaurantRoleMissing, SoldOutUntilPast.
        """
        before = await self._lock_item(tx, principal, item_id, lambda role: role.may_serve)
        if until is not None:
            until = self._checked_until(until)
        if (before.sold_out, before.sold_out_until) == (sold_out, until):
            return before
        after = await menu_repository.update_sold_out(tx.connection, item_id, sold_out, until)
        event = MenuItemSoldOut(
            menu_item_id=item_id,
            sold_out=after.sold_out,
            sold_out_until=after.sold_out_until,
            version=after.version,
            menu_version=await repository.update_menu_version(tx.connection, after.restaurant_id),
        )
        self._events.append(tx, menu_topic(after.restaurant_id), event)
        return after

    @use_case
    async def delete_item(self, tx: Transaction, principal: Principal, item_id: UUID) -> None:
        """Take an item off the menu. Raises MenuItemNotFound, RestaurantRoleMissing."""
        item = await self.lock_item(tx, principal, item_id)
        await menu_repository.delete_menu_item(tx.connection, item_id)
        version = await repository.update_menu_version(tx.connection, item.restaurant_id)
        event = MenuItemRemoved(menu_item_id=item_id, menu_version=version)
        self._events.append(tx, menu_topic(item.restaurant_id), event)

    # steps

    async def _lock(self, tx: Transaction, principal: Principal, restaurant_id: UUID, may: access.May) -> Restaurant:
        restaurant = await repository.lock_restaurant(tx.connection, restaurant_id)
        await access.require_role(tx.connection, principal, restaurant, may)
        return restaurant

    async def _lock_category(self, tx: Transaction, principal: Principal, category_id: UUID) -> Category:
        found = await menu_repository.require_category(tx.connection, category_id)
        try:
            await self._lock(tx, principal, found.restaurant_id, lambda role: role.may_edit_menu)
        except RestaurantNotFound:
            raise CategoryNotFound() from None
        return await menu_repository.require_category(tx.connection, category_id)  # as it is under the lock

    async def lock_item(self, tx: Transaction, principal: Principal, item_id: UUID) -> MenuItem:
        """An item for its editors, and the restaurant's lock. Raises MenuItemNotFound, RestaurantRoleMissing."""
        return await self._lock_item(tx, principal, item_id, lambda role: role.may_edit_menu)

    async def _lock_item(self, tx: Transaction, principal: Principal, item_id: UUID, may: access.May) -> MenuItem:
        found = await menu_repository.require_menu_item(tx.connection, item_id)
        try:
            await self._lock(tx, principal, found.restaurant_id, may)
        except RestaurantNotFound:
            raise MenuItemNotFound() from None
        return await menu_repository.require_menu_item(tx.connection, item_id)  # as it is under the lock

    async def _require_category_of(self, tx: Transaction, item: MenuItem) -> None:
        category = await menu_repository.require_category(tx.connection, item.category_id)
        if category.restaurant_id != item.restaurant_id:
            raise CategoryNotFound()

    def _checked_until(self, until: datetime) -> datetime:
        now = self._clock.now()
        if not now < until <= now + _LONGEST_SOLD_OUT:
            raise SoldOutUntilPast()
        return until.astimezone(UTC)

    async def _announce_category(self, tx: Transaction, category: Category) -> None:
        version = await repository.update_menu_version(tx.connection, category.restaurant_id)
        event = CategoryChanged(category=CategoryView.model_validate(category), menu_version=version)
        self._events.append(tx, menu_topic(category.restaurant_id), event)

    async def announce_item(self, tx: Transaction, item: MenuItem) -> None:
        """Tell everybody who has the menu open how the item is now."""
        version = await repository.update_menu_version(tx.connection, item.restaurant_id)
        event = MenuItemChanged(item=MenuItemView.of(item), menu_version=version)
        self._events.append(tx, menu_topic(item.restaurant_id), event)
