"""Events on `user.{account}`: what happened to an account, for all its devices, and nobody else.

Whatever may end a right (a session's end, a role) is flagged, so that streams stop until rights were read anew.
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from tiffin.base.principal import Role
from tiffin.db import Connection
from tiffin.features.accounts.schemas import AccountView, AddressView, DeviceView
from tiffin.realtime import Event, Grant, ReadRequest


def user_topic(account_id: UUID) -> str:
    """The topic of an account's own devices."""
    return f"user.{account_id}"


class AccountRegistered(Event):
    """The account was made."""

    type: ClassVar[str] = "account.registered"
    account: AccountView


class AccountChanged(Event):
    """The profile changed; this is all of it. Principals carry its name, so they are read anew."""

    type: ClassVar[str] = "account.changed"
    rights: ClassVar[bool] = True
    account: AccountView


class PasswordChanged(Event):
    """The password changed; the other sessions end with it."""

    type: ClassVar[str] = "account.password_changed"


class SessionStarted(Event):
    """A device logged in."""

    type: ClassVar[str] = "session.started"
    session: DeviceView


class SessionChanged(Event):
    """A device was named."""

    type: ClassVar[str] = "session.changed"
    session_id: UUID
    device_name: str


class SessionsEnded(Event):
    """Devices were logged out."""

    type: ClassVar[str] = "session.ended"
    rights: ClassVar[bool] = True
    session_ids: list[UUID]


class RoleGranted(Event):
    """The account got a platform role; `version` is the profile's, of which roles are part."""

    type: ClassVar[str] = "role.granted"
    rights: ClassVar[bool] = True
    role: Role
    version: int


class RoleRevoked(Event):
    """The account lost a platform role; `version` is the profile's, of which roles are part."""

    type: ClassVar[str] = "role.revoked"
    rights: ClassVar[bool] = True
    role: Role
    version: int


class AddressChanged(Event):
    """An address is new or changed; this is all of it. Its city says what may be read of announcements."""

    type: ClassVar[str] = "address.changed"
    rights: ClassVar[bool] = True
    address: AddressView


class AddressRemoved(Event):
    """An address was removed."""

    type: ClassVar[str] = "address.removed"
    rights: ClassVar[bool] = True
    address_id: UUID


USER_EVENTS: tuple[type[Event], ...] = (
    AccountRegistered,
    AccountChanged,
    PasswordChanged,
    SessionStarted,
    SessionChanged,
    SessionsEnded,
    RoleGranted,
    RoleRevoked,
    AddressChanged,
    AddressRemoved,
)


async def read_grants(_: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """An account reads its own topic."""
    return [
        Grant() if request.principal is not None and str(request.principal.account_id) == request.key else None
        for request in requests
    ]
