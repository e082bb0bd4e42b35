"""What a restaurant offers, and who may do what in it.

Pure values and rules: no I/O, no clock; callers pass the moment. Prices are integers in minor units of the
restaurant's currency and include tax. What is time-dependent (open, paused, sold out until) is stored as the times
themselves and answered by methods, so that nothing has to happen for a pause to end.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from tiffin.base.geo import Point, distance_meters
from tiffin.features.catalog.opening_hours import OpeningHours
from tiffin.features.images import PictureView


class MemberRole(StrEnum):
    """What an account is in one restaurant; each may all that those after it may."""

    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"

    @property
    def may_edit_restaurant(self) -> bool:
        """Name, hours, fees, publishing."""
        return self is not MemberRole.STAFF

    @property
    def may_edit_menu(self) -> bool:
        """Categories, items, prices."""
        return self is not MemberRole.STAFF

    @property
    def may_manage_members(self) -> bool:
        """See, add, change and remove members; which ones says `may_assign`."""
        return self is not MemberRole.STAFF

    @property
    def may_serve(self) -> bool:
        """Sold out, pause, busy, and order tickets."""
        return True

    def may_assign(self, role: "MemberRole") -> bool:
        """True if this role may make somebody `role`, or take `role` from them."""
        return self is MemberRole.OWNER or (self is MemberRole.MANAGER and role is MemberRole.STAFF)


@dataclass(frozen=True, slots=True)
class Member:
    """An account in a restaurant."""

    restaurant_id: UUID
    account_id: UUID
    role: MemberRole
    since: datetime


@dataclass(frozen=True, slots=True)
class NamedMember:
    """A member, with what accounts knows of the person."""

    member: Member
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Restaurant:
    """A restaurant as customers see it; `version` changes with every change of it."""

    id: UUID
    name: str
    description: str
    address: str
    location: Point
    # IANA name, such as Europe/Helsinki
    time_zone: str
    # ISO 4217; fixed at creation
    currency: str
    # False: only members and admins know of it
    published: bool
    opening_hours: OpeningHours
    # takes no orders until then; an earlier time means nothing
    paused_until: datetime | None
    # takes no orders until somebody lifts it
    paused_indefinitely: bool
    busy_extra_minutes: int
    preparation_minutes: int
    delivery_radius_meters: int
    delivery_fee_minor: int
    minimum_order_minor: int
    # of prices that include it: 1400 is 14 %
    tax_basis_points: int
    version: int
    # changes with every change of the restaurant or anything on its menu
    menu_version: int = 1

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its hours are meant."""
        return ZoneInfo(self.time_zone)

    def is_open_at(self, moment: datetime) -> bool:
        """True within opening hours, paused or not."""
        return self.opening_hours.is_open_at(moment, self.zone)

    def is_paused_at(self, moment: datetime) -> bool:
        """True while staff have stopped new orders."""
        return self.paused_indefinitely or (self.paused_until is not None and moment < self.paused_until)

    def is_taking_orders_at(self, moment: datetime) -> bool:
        """True if published, open and not paused."""
        return self.published and not self.is_paused_at(moment) and self.is_open_at(moment)

    def delivers_to(self, point: Point) -> bool:
        """True if `point` is within the delivery radius, as the crow flies."""
        return distance_meters(self.location, point) <= self.delivery_radius_meters

    def next_opening_after(self, moment: datetime) -> datetime | None:
        """When it opens next, in UTC, strictly after `moment`; None if not within a year."""
        return self.opening_hours.next_opening_after(moment, self.zone)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice in a group; `price_minor` is added to the item's price."""

    id: UUID
    name: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Options of which `min_choices` to `max_choices` different ones must be chosen."""

    id: UUID
    name: str
    min_choices: int
    max_choices: int
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """A heading of the menu."""

    id: UUID
    restaurant_id: UUID
    name: str
    # categories and items stand by (sort_order, id)
    sort_order: int


@dataclass(frozen=True, slots=True)
class MenuItem:
    """Something to order. Deleted ones are kept for the orders that name them."""

    id: UUID
    restaurant_id: UUID
    category_id: UUID
    name: str
    description: str
    price_minor: int
    option_groups: tuple[OptionGroup, ...]
    sold_out: bool
    # None while sold out: until lifted
    sold_out_until: datetime | None
    deleted: bool
    version: int
    sort_order: int = 0
    # in the order they are shown, the main one first
    images: tuple[PictureView, ...] = ()

    def is_available_at(self, moment: datetime) -> bool:
        """True if it may be ordered: on the menu and not sold out."""
        if self.deleted:
            return False
        return not self.sold_out or (self.sold_out_until is not None and moment >= self.sold_out_until)


@dataclass(frozen=True, slots=True)
class Menu:
    """All a customer sees of a restaurant, at one moment."""

    restaurant: Restaurant
    categories: tuple[Category, ...]
    items: tuple[MenuItem, ...]
