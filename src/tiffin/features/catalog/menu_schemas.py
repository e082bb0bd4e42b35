"""Menus on the wire: categories, items with their options, and the whole at one moment.

A client keeps a menu current by the events of its topic: replace by id, drop what is removed, and sort categories
and items by (`sort_order`, `id`). What it then has equals a fresh `GET` of the menu.
"""

from dataclasses import replace
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from tiffin.base.ids import new_id
from tiffin.features.catalog.domain import Category, Menu, MenuItem, Option, OptionGroup
from tiffin.features.catalog.errors import UnknownOption
from tiffin.features.catalog.field_types import AmountMinor, Description, Name, RequestBody, SortOrder, UpdateBody
from tiffin.features.catalog.schemas import RestaurantView
from tiffin.features.images import ImageView, PictureView

_Absent = SkipJsonSchema[None]
T = TypeVar("T")


class CategoryCreate(RequestBody):
    """A new heading on the menu."""

    name: Name
    sort_order: SortOrder = 0


class CategoryUpdate(UpdateBody):
    """Changes; what is left away stays as it is."""

    name: Name | _Absent = None
    sort_order: SortOrder | _Absent = None

    def apply_to(self, category: Category) -> Category:
        """The category as it shall be."""
        return replace(category, **self.model_dump(exclude_unset=True))


class OptionWrite(RequestBody):
    """A choice. `id` of an existing one keeps it the same choice; without it the option is new."""

    id: UUID | None = None
    name: Name
    price_minor: AmountMinor = 0


class OptionGroupWrite(RequestBody):
    """A group of choices, of which `min_choices` to `max_choices` different ones must be made."""

    id: UUID | None = None
    name: Name
    min_choices: Annotated[int, Field(ge=0, le=50, strict=True)] = 0
    max_choices: Annotated[int, Field(ge=1, le=50, strict=True)] = 1
    options: Annotated[tuple[OptionWrite, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _must_be_possible(self) -> "OptionGroupWrite":
        if self.min_choices > self.max_choices:
            raise ValueError("min_choices is above max_choices")
        if self.max_choices > len(self.options):
            raise ValueError("max_choices is above the number of options")
        return self

    def to_group(self, known: dict[UUID, OptionGroup]) -> OptionGroup:
        """The group; ids must be among those `known` and are used up. Raises UnknownOption."""
        before = _take(known, self.id)
        old = {option.id: option for option in before.options} if before else {}
        for option in self.options:
            _take(old, option.id)
        options = tuple(Option(option.id or new_id(), option.name, option.price_minor) for option in self.options)
        return OptionGroup(self.id or new_id(), self.name, self.min_choices, self.max_choices, options)


OptionGroups = Annotated[tuple[OptionGroupWrite, ...], Field(max_length=20)]


class MenuItemCreate(RequestBody):
    """Something new to order."""

    category_id: UUID
    name: Name
    description: Description = ""
    price_minor: AmountMinor
    option_groups: OptionGroups = ()
    sort_order: SortOrder = 0

    def to_item(self, item_id: UUID, restaurant_id: UUID) -> MenuItem:
        """The new item. Raises UnknownOption."""
        return MenuItem(
            id=item_id,
            restaurant_id=restaurant_id,
            category_id=self.category_id,
            name=self.name,
            description=self.description,
            price_minor=self.price_minor,
            option_groups=tuple(group.to_group({}) for group in self.option_groups),
            sold_out=False,
            sold_out_until=None,
            deleted=False,
            version=1,
            sort_order=self.sort_order,
        )


class MenuItemUpdate(UpdateBody):
    """Changes; what is left away stays as it is. `option_groups` replaces all groups."""

    category_id: UUID | _Absent = None
    name: Name | _Absent = None
    description: Description | _Absent = None
    price_minor: AmountMinor | _Absent = None
    option_groups: OptionGroups | _Absent = None
    sort_order: SortOrder | _Absent = None

    def apply_to(self, item: MenuItem) -> MenuItem:
        """The item as it shall be. Raises UnknownOption."""
        groups = item.option_groups
        if self.option_groups is not None:
            known = {group.id: group for group in groups}
            groups = tuple(group.to_group(known) for group in self.option_groups)
        changes = self.model_dump(exclude={"option_groups"}, exclude_unset=True)
        return replace(item, option_groups=groups, **changes)


class SoldOutUpdate(RequestBody):
    """Sold out until a time, or without `until` until lifted; or available again."""

    sold_out: bool
    until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _must_make_sense(self) -> "SoldOutUpdate":
        if self.until is not None and not self.sold_out:
            raise ValueError("until goes only with sold_out: true")
        return self


class ImageOrder(RequestBody):
    """The pictures of an item in the order they shall be shown."""

    image_ids: Annotated[tuple[UUID, ...], Field(max_length=20)]


class ItemImagesView(BaseModel):
    """Every upload for an item, the oldest first, whatever became of it."""

    images: list[ImageView]


class CategoryView(BaseModel):
    """A heading of the menu."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str
    sort_order: int


class OptionView(BaseModel):
    """A choice and what it adds to the price."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str
    price_minor: int


class OptionGroupView(BaseModel):
    """A group of choices."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    name: str
    min_choices: int
    max_choices: int
    options: tuple[OptionView, ...]


class MenuItemView(BaseModel):
    """Something to order."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    category_id: UUID
    name: str
    description: str
    price_minor: int = Field(description="tax included, without options")
    option_groups: tuple[OptionGroupView, ...]
    sold_out: bool = Field(description="if `sold_out_until` is set, only until then")
    sold_out_until: AwareDatetime | None
    sort_order: int
    images: tuple[PictureView, ...] = Field(description="in the order they are shown, the main one first")
    version: int = Field(description="the ETag for If-Match is this in double quotes")

    @classmethod
    def of(cls, item: MenuItem) -> "MenuItemView":
        """On the wire."""
        return cls.model_validate(item)


class MenuView(BaseModel):
    """A restaurant and its menu, with the position of `menu.{restaurant}` at which this is the state."""

    restaurant: RestaurantView
    categories: list[CategoryView]
    items: list[MenuItemView]
    menu_version: int = Field(description="goes up with every event of the topic")
    position: str = Field(description="follow the topic from here", examples=["9f3c1ak3f9:1018"])

    @classmethod
    def of(cls, menu: Menu, position: str) -> "MenuView":
        """On the wire."""
        return cls(
            restaurant=RestaurantView.of(menu.restaurant),
            categories=[CategoryView.model_validate(category) for category in menu.categories],
            items=[MenuItemView.of(item) for item in menu.items],
            menu_version=menu.restaurant.menu_version,
            position=position,
        )


def _take(known: dict[UUID, T], wanted: UUID | None) -> T | None:
    """The known thing with the wanted id, which may be taken once; None for a new one. Raises UnknownOption."""
    if wanted is None:
        return None
    if wanted not in known:
        raise UnknownOption(id=str(wanted))
    return known.pop(wanted)
