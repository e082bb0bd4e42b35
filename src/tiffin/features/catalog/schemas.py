"""Restaurants and members on the wire.

Views hold what anybody may see and nothing that changes by time alone (open or not), so that the same view stands in
answers and in events; only `RestaurantNowView`, for people who choose, adds what is true at this moment.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, EmailStr, Field
from pydantic.json_schema import SkipJsonSchema

from tiffin.base.geo import Point
from tiffin.features.catalog.domain import MemberRole, NamedMember, Restaurant
from tiffin.features.catalog.field_types import (
    Address,
    AmountMinor,
    Currency,
    DeliveryRadius,
    Description,
    Latitude,
    Longitude,
    Name,
    PreparationMinutes,
    RequestBody,
    TaxBasisPoints,
    TimeZone,
    UpdateBody,
)
from tiffin.features.catalog.opening_hours_schema import OpeningHoursView

_Absent = SkipJsonSchema[None]


class RestaurantCreate(RequestBody):
    """A new restaurant; whoever sends it becomes its owner."""

    name: Name
    description: Description = ""
    address: Address
    latitude: Latitude
    longitude: Longitude
    time_zone: TimeZone
    currency: Currency
    published: bool = Field(False, description="false: only its members know of it")
    opening_hours: OpeningHoursView = OpeningHoursView()
    preparation_minutes: PreparationMinutes = 20
    delivery_radius_meters: DeliveryRadius = 5000
    delivery_fee_minor: AmountMinor = 0
    minimum_order_minor: AmountMinor = 0
    tax_basis_points: TaxBasisPoints = 0

    def to_restaurant(self, restaurant_id: UUID) -> Restaurant:
        """The new restaurant, with this id."""
        return Restaurant(
            id=restaurant_id,
            location=Point(self.latitude, self.longitude),
            opening_hours=self.opening_hours.to_hours(),
            paused_until=None,
            paused_indefinitely=False,
            busy_extra_minutes=0,
            version=1,
            **self.model_dump(exclude={"latitude", "longitude", "opening_hours"}),
        )


class RestaurantUpdate(UpdateBody):
    """Changes; what is left away stays as it is. The currency stays for ever."""

    name: Name | _Absent = None
    description: Description | _Absent = None
    address: Address | _Absent = None
    latitude: Latitude | _Absent = None
    longitude: Longitude | _Absent = None
    time_zone: TimeZone | _Absent = None
    published: bool | _Absent = None
    opening_hours: OpeningHoursView | _Absent = None
    preparation_minutes: PreparationMinutes | _Absent = None
    delivery_radius_meters: DeliveryRadius | _Absent = None
    delivery_fee_minor: AmountMinor | _Absent = None
    minimum_order_minor: AmountMinor | _Absent = None
    tax_basis_points: TaxBasisPoints | _Absent = None

    def apply_to(self, restaurant: Restaurant) -> Restaurant:
        """The restaurant as it shall be."""
        hours = self.opening_hours
        return replace(
            restaurant,
            location=Point(
                restaurant.location.latitude if self.latitude is None else self.latitude,
                restaurant.location.longitude if self.longitude is None else self.longitude,
            ),
            opening_hours=restaurant.opening_hours if hours is None else hours.to_hours(),
            **self.model_dump(exclude={"latitude", "longitude", "opening_hours"}, exclude_unset=True),
        )


class PauseUpdate(RequestBody):
    """No new orders for some minutes, or until somebody lifts it (null)."""

    minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60, strict=True)] | None


class BusyUpdate(RequestBody):
    """Minutes that are added to every preparation; 0: not busy any more."""

    extra_minutes: Annotated[int, Field(ge=0, le=240, strict=True)]


class RestaurantView(BaseModel):
    """A restaurant as anybody may see it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    description: str
    address: str
    latitude: float
    longitude: float
    time_zone: str = Field(description="IANA; opening hours are meant in it")
    currency: str = Field(description="ISO 4217; all its amounts are in minor units of it")
    published: bool
    opening_hours: OpeningHoursView
    paused_until: AwareDatetime | None = Field(description="takes no orders until then, if it is in the future")
    paused_indefinitely: bool = Field(description="takes no orders until somebody lifts it")
    busy_extra_minutes: int
    preparation_minutes: int
    delivery_radius_meters: int
    delivery_fee_minor: int
    minimum_order_minor: int
    tax_basis_points: int = Field(description="included in prices; 1400 is 14 %")
    version: int = Field(description="the ETag for If-Match is this in double quotes")

    @classmethod
    def of(cls, restaurant: Restaurant) -> "RestaurantView":
        """On the wire."""
        return cls(**_view_fields(restaurant))


class RestaurantNowView(RestaurantView):
    """A restaurant and how it is at this moment."""

    is_open: bool = Field(description="within opening hours, paused or not")
    is_taking_orders: bool = Field(description="published, open and not paused")
    next_opening_at: AwareDatetime | None = Field(description="while closed: when it opens, if within a year")
    distance_meters: int | None = Field(None, description="from the point that was asked for")

    @classmethod
    def at(cls, moment: datetime, restaurant: Restaurant, distance_meters: int | None = None) -> "RestaurantNowView":
        """On the wire, as it is at `moment`."""
        is_open = restaurant.is_open_at(moment)
        return cls(
            **_view_fields(restaurant),
            is_open=is_open,
            is_taking_orders=restaurant.is_taking_orders_at(moment),
            next_opening_at=None if is_open else restaurant.next_opening_after(moment),
            distance_meters=distance_meters,
        )


class MyRestaurantView(RestaurantView):
    """A restaurant of which the caller is a member."""

    role: MemberRole

    @classmethod
    def of_member(cls, restaurant: Restaurant, role: MemberRole) -> "MyRestaurantView":
        """On the wire."""
        return cls(**_view_fields(restaurant), role=role)


def _view_fields(restaurant: Restaurant) -> dict[str, object]:
    fields = {name: getattr(restaurant, name, None) for name in RestaurantView.model_fields}
    return fields | {
        "latitude": restaurant.location.latitude,
        "longitude": restaurant.location.longitude,
        "opening_hours": OpeningHoursView.of(restaurant.opening_hours),
    }


class MemberCreate(RequestBody):
    """Makes an existing account a member."""

    email: Annotated[EmailStr, Field(max_length=254)]
    role: MemberRole


class MemberUpdate(RequestBody):
    """Changes what a member is."""

    role: MemberRole


class MemberView(BaseModel):
    """A member of a restaurant."""

    account_id: UUID
    name: str
    email: str
    role: MemberRole
    since: AwareDatetime

    @classmethod
    def of(cls, named: NamedMember) -> "MemberView":
        """On the wire."""
        member = named.member
        return cls(
            account_id=member.account_id, name=named.name, email=named.email, role=member.role, since=member.since
        )


class MemberList(BaseModel):
    """All members of a restaurant."""

    members: list[MemberView]
