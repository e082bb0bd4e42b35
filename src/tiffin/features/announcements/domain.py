"""Announcements, their audiences and their times. Pure: no I/O, and callers pass the moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tiffin.base.principal import Principal, Role

LONGEST_DAYS = 90
LONGEST_TITLE = 120
LONGEST_TEXT = 2000


class AudienceKind(StrEnum):
    """Whom an announcement is for. Everybody with an account is a customer."""

    EVERYONE = "everyone"  # also who is not logged in
    CUSTOMERS = "customers"
    COURIERS = "couriers"
    AGENTS = "agents"
    ADMINS = "admins"
    RESTAURANTS = "restaurants"  # whoever works in any
    RESTAURANT = "restaurant"  # whoever works in this one
    CITY = "city"  # whoever has an address there


_KIND_OF_ROLE = {Role.COURIER: AudienceKind.COURIERS, Role.AGENT: AudienceKind.AGENTS, Role.ADMIN: AudienceKind.ADMINS}


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an announcement is for. `key` names it in its topic; `name` is the city's or the restaurant's."""

    kind: AudienceKind
    key: str
    name: str = ""
    restaurant_id: UUID | None = None


def restaurant_key(restaurant_id: UUID) -> str:
    """The key of a restaurant's audience."""
    return f"restaurant-{restaurant_id}"


def city_audience_key(city_key: str) -> str:
    """The key of a city's audience, from what accounts call it."""
    return f"city-{city_key}"


def keys_of(principal: Principal | None, restaurants: Iterable[UUID], city_keys: Iterable[str]) -> list[str]:
    """The keys of all audiences somebody belongs to: with these roles, restaurants and cities, now."""
    keys = [str(AudienceKind.EVERYONE)]
    if principal is None:
        return keys
    keys.append(AudienceKind.CUSTOMERS)
    keys += [kind for role, kind in _KIND_OF_ROLE.items() if principal.has(role)]
    works_in = [restaurant_key(restaurant_id) for restaurant_id in restaurants]
    return [*keys, *([AudienceKind.RESTAURANTS] if works_in else []), *works_in, *map(city_audience_key, city_keys)]


class Severity(StrEnum):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class State(StrEnum):
    """Where an announcement stands."""

    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


ENDED = frozenset({State.WITHDRAWN, State.EXPIRED})


@dataclass(frozen=True, slots=True)
class Text:
    """What it says in one language: plain text."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """An announcement. `texts` by language (ISO 639-1), at least one."""

    id: UUID
    audience: Audience
    severity: Severity
    texts: dict[str, Text]
    link: str | None
    publishes_at: datetime
    expires_at: datetime
    state: State
    version: int
    created_by: UUID
    author_name: str
    created_at: datetime
    ended_at: datetime | None


def latest_expiry(publishes_at: datetime) -> datetime:
    """An announcement is kept for 90 days (PRODUCT, feature 6); it expires then at the latest."""
    return publishes_at + timedelta(days=LONGEST_DAYS)


def state_at(announcement: Announcement, now: datetime) -> State:
    """What time has made of it. One whose time passed while nobody was there to publish it was never published."""
    if announcement.state in ENDED:
        return announcement.state
    if now >= announcement.expires_at:
        return State.EXPIRED
    return State.PUBLISHED if now >= announcement.publishes_at else announcement.state


def next_moment(announcement: Announcement) -> datetime | None:
    """When time changes it next; None if it never will again."""
    if announcement.state in ENDED:
        return None
    is_scheduled = announcement.state is State.SCHEDULED
    return announcement.publishes_at if is_scheduled else announcement.expires_at
