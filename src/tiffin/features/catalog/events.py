"""Events of the catalog and the topics they are on.

`menu.{restaurant}`: each event carries the new public view of what changed, or its id where it is gone, and the new
`menu_version`; applied to an older menu they make exactly the fresh one. Everybody who may read the topic sees the
same, so nothing of members stands here.

`user.{member}`: a membership begins, changes or ends. Flagged `rights`, so that streams of the restaurant stop.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from tiffin.features.catalog.domain import MemberRole
from tiffin.features.catalog.menu_schemas import CategoryView, MenuItemView
from tiffin.features.catalog.schemas import RestaurantView
from tiffin.realtime import Event


def menu_topic(restaurant_id: UUID) -> str:
    """All that customers see of a restaurant, live."""
    return f"menu.{restaurant_id}"


def restaurant_topic(restaurant_id: UUID) -> str:
    """What the members of a restaurant see, live; kitchen writes to it."""
    return f"restaurant.{restaurant_id}"


class RestaurantCreated(Event):
    """The first event of `restaurant.{id}`, so that its head exists from the beginning."""

    type = "restaurant.created"

    restaurant_id: UUID


class MenuEvent(Event):
    """What all events of `menu.{id}` carry."""

    menu_version: int


class RestaurantChanged(MenuEvent):
    """A manager edited the restaurant."""

    type = "restaurant.changed"

    restaurant: RestaurantView


class RestaurantUnpublished(RestaurantChanged):
    """The same, and from now on only members may see it: all others are stopped."""

    type = "restaurant.unpublished"
    rights: ClassVar[bool] = True


class RestaurantPaused(MenuEvent):
    """No new orders until then, or until lifted."""

    type = "restaurant.paused"

    paused_until: AwareDatetime | None
    paused_indefinitely: bool
    version: int


class RestaurantResumed(MenuEvent):
    """The pause was lifted. (One that runs out by itself makes no event.)"""

    type = "restaurant.resumed"

    version: int


class RestaurantBusy(MenuEvent):
    """Preparation takes so many minutes longer; 0: as usual."""

    type = "restaurant.busy"

    busy_extra_minutes: int
    version: int


class CategoryChanged(MenuEvent):
    """A category is new or other than before."""

    type = "category.changed"

    category: CategoryView


class CategoryRemoved(MenuEvent):
    """A category is gone; it had no items."""

    type = "category.removed"

    category_id: UUID


class MenuItemChanged(MenuEvent):
    """An item is new or other than before."""

    type = "menu_item.changed"

    item: MenuItemView


class MenuItemRemoved(MenuEvent):
    """An item is gone."""

    type = "menu_item.removed"

    menu_item_id: UUID


class MenuItemSoldOut(MenuEvent):
    """An item is sold out, until then or until lifted; or (`sold_out` false) available again."""

    type = "menu_item.sold_out"

    menu_item_id: UUID
    sold_out: bool
    sold_out_until: AwareDatetime | None
    version: int


MENU_EVENTS: tuple[type[MenuEvent], ...] = (
    RestaurantChanged,
    RestaurantUnpublished,
    RestaurantPaused,
    RestaurantResumed,
    RestaurantBusy,
    CategoryChanged,
    CategoryRemoved,
    MenuItemChanged,
    MenuItemRemoved,
    MenuItemSoldOut,
)


class MembershipGranted(Event):
    """The account became a member."""

    type = "membership.granted"
    rights: ClassVar[bool] = True

    restaurant_id: UUID
    role: MemberRole


class MembershipChanged(Event):
    """The account's role in a restaurant changed."""

    type = "membership.changed"
    rights: ClassVar[bool] = True

    restaurant_id: UUID
    role: MemberRole


class MembershipRevoked(Event):
    """The account is no longer a member."""

    type = "membership.revoked"
    rights: ClassVar[bool] = True

    restaurant_id: UUID
