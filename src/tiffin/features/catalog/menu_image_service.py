"""Pictures of menu items: uploaded by managers, shown as soon as they are made.

The item's row holds what is shown, so that a menu is read as before and switches in one step; an upload that replaces
a picture takes its place at that moment and not before. Uploads that are not complete are known to `images` alone.
"""

from collections.abc import Sequence
from uuid import UUID

from tiffin.base.ids import parse_id
from tiffin.base.principal import Principal
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.catalog import access, menu_repository, repository
from tiffin.features.catalog.domain import MenuItem
from tiffin.features.catalog.errors import (
    ImageNotOfItem,
    ImageOrderIncomplete,
    MenuItemNotFound,
    RestaurantNotFound,
    TooManyImages,
)
from tiffin.features.catalog.menu_service import MenuService
from tiffin.features.images import Image, ImageCompleteFact, ImageService, PictureView, Target

MOST_IMAGES = 5
_SUBJECT = "menu_item:"


class MenuImageService:
    """What managers do with pictures, and what happens when one is complete."""

    def __init__(self, database: Database, menus: MenuService, images: ImageService) -> None:
        self.database = database
        self.images = images
        self._menus = menus

    async def target(self, principal: Principal, item_id: UUID, replaces: UUID | None) -> Target:
        """What an upload for the item is.

        Raises MenuItemNotFound, RestaurantRoleMissing, TooManyImages, ImageNotOfItem.
        """
        async with self.database.connection() as connection:
            item = await self._require_item(connection, principal, item_id)
            if replaces is not None and replaces not in (image.image_id for image in item.images):
                raise ImageNotOfItem()
            # each that is shown may be replaced at the same time
            most = MOST_IMAGES if replaces is None else 2 * MOST_IMAGES
            if await self.images.count_of(connection, _subject(item_id)) >= most:
                raise TooManyImages()
        return Target(principal.account_id, _subject(item_id), replaces)

    async def list_images(self, principal: Principal, item_id: UUID) -> list[Image]:
        """All uploads for an item, whatever became of them. Raises MenuItemNotFound, RestaurantRoleMissing."""
        async with self.database.connection() as connection:
            await self._require_item(connection, principal, item_id)
            return await self.images.list_of(connection, _subject(item_id))

    @use_case
    async def order_images(self, tx: Transaction, principal: Principal, item_id: UUID, ids: Sequence[UUID]) -> MenuItem:
        """Show the item's pictures in this order.

        Raises MenuItemNotFound, RestaurantRoleMissing, ImageOrderIncomplete.
        """
        item = await self._menus.lock_item(tx, principal, item_id)
        shown = {image.image_id: image for image in item.images}
        if sorted(ids) != sorted(shown):
            raise ImageOrderIncomplete()
        return await self._show(tx, item, [shown[image_id] for image_id in ids])

    @use_case
    async def remove_image(self, tx: Transaction, principal: Principal, item_id: UUID, image_id: UUID) -> None:
        """Take a picture off the menu, or forget an upload for it.

        Raises MenuItemNotFound, RestaurantRoleMissing, ImageNotOfItem.
        """
        item = await self._menus.lock_item(tx, principal, item_id)
        image = await self.images.get(tx.connection, image_id)
        if image is None or image.subject != _subject(item_id):
            raise ImageNotOfItem()
        await self.images.discard(tx, image_id)
        await self._show(tx, item, [shown for shown in item.images if shown.image_id != image_id])

    async def show(self, tx: Transaction, fact: ImageCompleteFact) -> None:
        """A picture is complete: if it is of an item on a menu, show it there."""
        image = await self.images.get(tx.connection, fact.image_id)
        item_id = _item_of(image.subject) if image is not None else None
        if image is None or item_id is None or image.picture is None:
            return
        item = await self._lock(tx, item_id)
        if item is None:  # taken off the menu meanwhile
            await self.images.discard(tx, image.id)
            return
        new = PictureView.of(image.id, image.picture)
        if any(shown.sources == new.sources for shown in item.images):  # the same picture stands there already
            await self.images.discard(tx, image.id)
            return
        images = [new if shown.image_id == image.replaces else shown for shown in item.images]
        if new in images:
            assert image.replaces is not None
            await self.images.discard(tx, image.replaces)
        else:
            images.append(new)
        await self._show(tx, item, images)

    # steps

    async def _show(self, tx: Transaction, item: MenuItem, images: Sequence[PictureView]) -> MenuItem:
        if tuple(images) == item.images:
            return item
        after = await menu_repository.update_images(tx.connection, item.id, images)
        await self._menus.announce_item(tx, after)
        return after

    async def _lock(self, tx: Transaction, item_id: UUID) -> MenuItem | None:
        try:
            found = await menu_repository.require_menu_item(tx.connection, item_id)
            await repository.lock_restaurant(tx.connection, found.restaurant_id)
            return await menu_repository.require_menu_item(tx.connection, item_id)  # as it is under the lock
        except (MenuItemNotFound, RestaurantNotFound):
            return None

    async def _require_item(self, connection: Connection, principal: Principal, item_id: UUID) -> MenuItem:
        item = await menu_repository.require_menu_item(connection, item_id)
        restaurant = await repository.require_restaurant(connection, item.restaurant_id)
        try:
            await access.require_role(connection, principal, restaurant, lambda role: role.may_edit_menu)
        except RestaurantNotFound:
            raise MenuItemNotFound() from None
        return item


def _subject(item_id: UUID) -> str:
    return f"{_SUBJECT}{item_id}"


def _item_of(subject: str) -> UUID | None:
    return parse_id(subject.removeprefix(_SUBJECT)) if subject.startswith(_SUBJECT) else None
