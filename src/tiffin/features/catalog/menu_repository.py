"""Categories and items of menus in PostgreSQL. Changes happen under the lock of their restaurant."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from tiffin.db import Connection
from tiffin.features.catalog.domain import Category, Menu, MenuItem, Restaurant
from tiffin.features.catalog.errors import CategoryNotFound, MenuItemNotFound
from tiffin.features.catalog.repository import QUERIES
from tiffin.features.catalog.rows import category_of, groups_to_json, menu_item_of
from tiffin.features.images import PictureView


async def get_menu(connection: Connection, restaurant: Restaurant) -> Menu:
    """Everything on the restaurant's menu, in order."""
    categories = await connection.fetch(QUERIES["list_categories"], restaurant.id)
    items = await connection.fetch(QUERIES["list_menu"], restaurant.id)
    return Menu(restaurant, tuple(map(category_of, categories)), tuple(map(menu_item_of, items)))


async def list_menu_items(
    connection: Connection, restaurant_id: UUID, item_ids: Collection[UUID] | None = None
) -> dict[UUID, MenuItem]:
    """The restaurant's items by id: all on the menu, or the named ones, among them deleted ones."""
    if item_ids is None:
        rows = await connection.fetch(QUERIES["list_menu"], restaurant_id)
    else:
        rows = await connection.fetch(QUERIES["list_menu_items"], restaurant_id, list(item_ids))
    return {item.id: item for item in map(menu_item_of, rows)}


async def require_category(connection: Connection, category_id: UUID) -> Category:
    """A category that is on a menu. Raises CategoryNotFound."""
    row = await connection.fetchrow(QUERIES["get_category"], category_id)
    if row is None:
        raise CategoryNotFound()
    return category_of(row)


async def count_categories(connection: Connection, restaurant_id: UUID) -> int:
    """How many categories the menu has."""
    count: int = await connection.fetchval(QUERIES["count_categories"], restaurant_id)
    return count


async def has_items(connection: Connection, category_id: UUID) -> bool:
    """True if an item stands in the category."""
    found: bool = await connection.fetchval(QUERIES["has_items"], category_id)
    return found


async def insert_category(connection: Connection, category: Category) -> None:
    """Store a new category."""
    await connection.execute(
        QUERIES["insert_category"], category.id, category.restaurant_id, category.name, category.sort_order
    )


async def update_category(connection: Connection, category: Category) -> None:
    """Store its name and place."""
    await connection.execute(QUERIES["update_category"], category.id, category.name, category.sort_order)


async def delete_category(connection: Connection, category_id: UUID) -> None:
    """Take it off the menu."""
    await connection.execute(QUERIES["delete_category"], category_id)


async def require_menu_item(connection: Connection, item_id: UUID) -> MenuItem:
    """An item that is on a menu. Raises MenuItemNotFound."""
    row = await connection.fetchrow(QUERIES["get_menu_item"], item_id)
    if row is None:
        raise MenuItemNotFound()
    return menu_item_of(row)


async def count_menu_items(connection: Connection, restaurant_id: UUID) -> int:
    """How many items the menu has."""
    count: int = await connection.fetchval(QUERIES["count_menu_items"], restaurant_id)
    return count


async def insert_menu_item(connection: Connection, item: MenuItem) -> MenuItem:
    """Store a new item, not sold out, with version 1."""
    row = await connection.fetchrow(
        QUERIES["insert_menu_item"],
        item.id,
        item.restaurant_id,
        item.category_id,
        item.name,
        item.description,
        item.price_minor,
        groups_to_json(item.option_groups),
        item.sort_order,
    )
    assert row is not None
    return menu_item_of(row)


async def update_menu_item(connection: Connection, item: MenuItem) -> MenuItem:
    """Store what a manager edits; its version goes up by one."""
    row = await connection.fetchrow(
        QUERIES["update_menu_item"],
        item.id,
        item.category_id,
        item.name,
        item.description,
        item.price_minor,
        groups_to_json(item.option_groups),
        item.sort_order,
    )
    assert row is not None
    return menu_item_of(row)


async def update_sold_out(connection: Connection, item_id: UUID, sold_out: bool, until: datetime | None) -> MenuItem:
    """Mark it sold out, until a time or (None) until lifted; or available."""
    row = await connection.fetchrow(QUERIES["update_sold_out"], item_id, sold_out, until)
    assert row is not None
    return menu_item_of(row)


async def update_images(connection: Connection, item_id: UUID, images: Sequence[PictureView]) -> MenuItem:
    """Store what is shown of it; its version goes up by one."""
    stored = [image.model_dump(mode="json") for image in images]
    row = await connection.fetchrow(QUERIES["update_images"], item_id, stored)
    assert row is not None
    return menu_item_of(row)


async def delete_menu_item(connection: Connection, item_id: UUID) -> None:
    """Take it off the menu; orders may still name it."""
    await connection.execute(QUERIES["delete_menu_item"], item_id)
