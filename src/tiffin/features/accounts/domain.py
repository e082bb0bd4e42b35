"""Accounts, sessions and addresses, and the rules that need no database."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from tiffin.base.geo import Point
from tiffin.base.principal import Role

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 256
# a refresh token's predecessor, seen again this soon, was a lost answer; later it is a stolen token
REFRESH_GRACE_SECONDS = 30.0


class SessionKind(StrEnum):
    """How a device proves its session."""

    BROWSER = "browser"  # a cookie
    PROGRAM = "program"  # access and refresh tokens


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `version` changes with every change of the profile."""

    id: UUID
    email: str
    name: str
    phone: str
    language: str
    version: int
    created_at: datetime
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Session:
    """One device of an account, logged in."""

    id: UUID
    account_id: UUID
    kind: SessionKind
    device_name: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshState:
    """Where a program's refresh tokens stand."""

    session: Session
    generation: int
    seconds_since_rotation: float
    is_over: bool


class Refresh(StrEnum):
    """What a presented refresh token means."""

    ROTATE = "rotate"  # the newest: give its successor
    REPEAT = "repeat"  # its answer was lost: give the same successor again
    REUSED = "reused"  # used long ago: stolen; end the session


def judge_refresh(state: RefreshState, presented_generation: int) -> Refresh:
    """Decide on a token whose signature is good."""
    if presented_generation == state.generation:
        return Refresh.ROTATE
    if presented_generation == state.generation - 1 and state.seconds_since_rotation <= REFRESH_GRACE_SECONDS:
        return Refresh.REPEAT
    return Refresh.REUSED


@dataclass(frozen=True, slots=True)
class Address:
    """A place an account has food delivered to."""

    id: UUID
    account_id: UUID
    label: str
    street: str
    city: str
    postal_code: str
    note: str
    location: Point


def email_key(email: str) -> str:
    """What makes an e-mail address the same as another: case does not count, nor how its characters are encoded."""
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return email.strip().casefold()


def words_of(email: str, name: str) -> list[str]:
    """What anybody who knows the person would try first: no part of it makes a password stronger."""
    whole = [email, *email.split("@"), name]
    return list(dict.fromkeys([*whole, *(word for word in re.split(r"\W+|_", f"{email} {name}") if word)]))
