"""Catalog: restaurants, their members, opening hours and menus.

Who may: anybody sees published restaurants and their menus; unpublished ones are there only for their members and
admins (404 for everybody else). Staff mark items sold out, pause orders and say how busy they are; managers edit
restaurant and menu, and staff; owners everything, and a restaurant always keeps one. Admins may what owners may.

Topics: `menu.{restaurant}`, all that customers see, live. Changes of membership are events on the member's own
`user.{id}`, flagged `rights`. The head of `restaurant.{restaurant}` (kitchen's topic) is made at creation.
"""

from tiffin.features.catalog.domain import MemberRole, MenuItem, Option, OptionGroup, Restaurant
from tiffin.features.catalog.errors import RestaurantNotFound
from tiffin.features.catalog.events import RestaurantCreated, restaurant_topic
from tiffin.features.catalog.readers import read_membership_grants
from tiffin.features.catalog.service import CatalogService

__all__ = [
    "CatalogService",
    "MemberRole",
    "MenuItem",
    "Option",
    "OptionGroup",
    "Restaurant",
    "RestaurantCreated",
    "RestaurantNotFound",
    "read_membership_grants",
    "restaurant_topic",
]
