"""Accounts, sessions and addresses in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tiffin.base.geo import Point
from tiffin.base.ids import new_id
from tiffin.base.principal import Role
from tiffin.db import Connection, load_queries
from tiffin.features.accounts.domain import Account, Address, RefreshState, Session, SessionKind, email_key
from tiffin.features.accounts.errors import AccountNotFound, EmailTaken
from tiffin.realtime import Position

QUERIES = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that has not ended, with the account's roles and name."""

    id: UUID
    account_id: UUID
    secret_hash: bytes | None
    # last seen over a minute ago
    stale: bool
    roles: frozenset[Role]
    name: str


async def insert_account(
    connection: Connection, account_id: UUID, email: str, name: str, language: str, password_hash: str
) -> Account:
    """Store a new account. Raises EmailTaken."""
    key = email_key(email)
    created_at = await connection.fetchval(
        QUERIES["insert_account"], account_id, email, key, name, language, password_hash
    )
    if created_at is None:
        raise EmailTaken()
    return Account(account_id, email, name, "", language, 1, created_at, frozenset())


async def get_account(connection: Connection, account_id: UUID) -> Account | None:
    """An account, or None."""
    row = await connection.fetchrow(QUERIES["get_account"], account_id)
    return _account(row) if row is not None else None


async def require_account(connection: Connection, account_id: UUID) -> Account:
    """An account. Raises AccountNotFound."""
    account = await get_account(connection, account_id)
    if account is None:
        raise AccountNotFound("There is no account with this id.")
    return account


async def require_profile(connection: Connection, account_id: UUID, topic: str) -> tuple[Account, Position]:
    """An account and the position of its topic, of one moment. Raises AccountNotFound."""
    row = await connection.fetchrow(QUERIES["get_profile"], account_id, topic)
    if row is None:
        raise AccountNotFound("There is no account with this id.")
    return _account(row), Position.read(row["position"])


async def get_account_by_email(connection: Connection, email: str) -> Account | None:
    """The account of an e-mail address, however it is capitalised."""
    row = await connection.fetchrow(QUERIES["get_account_by_email"], email_key(email))
    return _account(row) if row is not None else None


async def list_accounts(connection: Connection, account_ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Accounts by id."""
    rows = await connection.fetch(QUERIES["list_accounts"], list(account_ids))
    return {row["id"]: _account(row) for row in rows}


async def lock_account(connection: Connection, account_id: UUID) -> None:
    """Hold an account's row."""
    await connection.fetchval(QUERIES["lock_account"], account_id)


async def update_profile(
    connection: Connection, account_id: UUID, name: str | None, phone: str | None, language: str | None
) -> Account:
    """Change what is not None; the version moves."""
    await connection.execute(QUERIES["update_profile"], account_id, name, phone, language)
    return await require_account(connection, account_id)


async def get_password(connection: Connection, email: str) -> tuple[UUID, str] | None:
    """The account behind an e-mail address and its password's hash."""
    row = await connection.fetchrow(QUERIES["get_password"], email_key(email))
    return (row["id"], row["password_hash"]) if row is not None else None


async def get_password_of(connection: Connection, account_id: UUID) -> str | None:
    """The hash of an account's password."""
    password_hash: str | None = await connection.fetchval(QUERIES["get_password_of"], account_id)
    return password_hash


async def update_password(connection: Connection, account_id: UUID, password_hash: str) -> None:
    """Store another hash."""
    await connection.execute(QUERIES["update_password"], account_id, password_hash)


async def update_version(connection: Connection, account_id: UUID) -> Account:
    """The profile changed by its roles; the version moves."""
    await connection.execute(QUERIES["update_version"], account_id)
    return await require_account(connection, account_id)


async def insert_role(connection: Connection, account_id: UUID, role: Role) -> bool:
    """Give a role; False if the account has it."""
    return bool(await connection.fetchval(QUERIES["insert_role"], account_id, role))


async def delete_role(connection: Connection, account_id: UUID, role: Role) -> bool:
    """Take a role; False if the account does not have it."""
    return bool(await connection.fetchval(QUERIES["delete_role"], account_id, role))


async def lock_role(connection: Connection, role: Role) -> list[UUID]:
    """Who has a role, locked."""
    return [row["account_id"] for row in await connection.fetch(QUERIES["lock_role"], role)]


async def insert_audit_entry(
    connection: Connection, actor_id: UUID | None, action: str, subject_id: UUID, details: dict[str, Any]
) -> None:
    """Write down who did what to whose rights."""
    await connection.execute(QUERIES["insert_audit_entry"], new_id(), actor_id, action, subject_id, details)


async def insert_session(
    connection: Connection,
    account_id: UUID,
    kind: SessionKind,
    device_name: str,
    secret_hash: bytes | None,
    absolute_seconds: int,
) -> Session:
    """Store a new session."""
    row = await connection.fetchrow(
        QUERIES["insert_session"], new_id(), account_id, kind, device_name, secret_hash, float(absolute_seconds)
    )
    return _session(row)


async def list_sessions(connection: Connection, account_id: UUID, idle_seconds: int) -> list[Session]:
    """An account's sessions, the last seen first."""
    return [_session(row) for row in await connection.fetch(QUERIES["list_sessions"], account_id, float(idle_seconds))]


async def update_session_name(connection: Connection, session_id: UUID, account_id: UUID, name: str) -> bool:
    """Name a device; False if the account has no such session."""
    return bool(await connection.fetchval(QUERIES["update_session_name"], session_id, account_id, name))


async def end_sessions(
    connection: Connection, account_id: UUID, session_id: UUID, *, others: bool, reason: str
) -> list[UUID]:
    """End one session, or all others. Returns those that ended now."""
    rows = await connection.fetch(QUERIES["end_sessions"], account_id, session_id, others, reason)
    return [row["id"] for row in rows]


async def lock_refresh(connection: Connection, session_id: UUID, idle_seconds: int) -> RefreshState | None:
    """Where a program's refresh tokens stand, locked."""
    row = await connection.fetchrow(QUERIES["lock_refresh"], session_id, float(idle_seconds))
    if row is None:
        return None
    return RefreshState(_session(row), row["generation"], row["seconds_since_rotation"], row["is_over"])


async def update_generation(connection: Connection, session_id: UUID) -> None:
    """Rotate a program's refresh token."""
    await connection.execute(QUERIES["update_generation"], session_id)


async def list_live_sessions(
    connection: Connection, session_ids: Sequence[UUID], secret_hashes: Sequence[bytes], idle_seconds: int
) -> list[LiveSession]:
    """Sessions that have not ended, found by id or by the hash of a cookie."""
    rows = await connection.fetch(
        QUERIES["list_live_sessions"], list(session_ids), list(secret_hashes), float(idle_seconds)
    )
    return [
        LiveSession(row["id"], row["account_id"], row["secret_hash"], row["stale"], _roles(row["roles"]), row["name"])
        for row in rows
    ]


async def update_last_seen(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """These sessions are in use."""
    await connection.execute(QUERIES["update_last_seen"], list(session_ids))


async def insert_login_code(connection: Connection, secret_hash: bytes, account_id: UUID, seconds: float) -> datetime:
    """Store a login code. Returns when it expires."""
    expires_at: datetime = await connection.fetchval(QUERIES["insert_login_code"], secret_hash, account_id, seconds)
    return expires_at


async def take_login_code(connection: Connection, secret_hash: bytes) -> UUID | None:
    """The account of a code that is valid; nobody can take it a second time."""
    account_id: UUID | None = await connection.fetchval(QUERIES["take_login_code"], secret_hash)
    return account_id


async def delete_old(connection: Connection) -> None:
    """Forget sessions that ended a month ago, tickets and codes nobody used in time."""
    await connection.execute(QUERIES["delete_old_sessions"])
    await connection.execute(QUERIES["delete_old_tickets"])
    await connection.execute(QUERIES["delete_old_login_codes"])


async def list_addresses(connection: Connection, account_id: UUID) -> list[Address]:
    """An account's addresses, the oldest first."""
    return [_address(row) for row in await connection.fetch(QUERIES["list_addresses"], account_id)]


async def upsert_address(connection: Connection, address: Address) -> bool:
    """Store an address; False if its id is somebody else's."""
    status = await connection.execute(
        QUERIES["upsert_address"],
        address.id,
        address.account_id,
        address.label,
        address.street,
        address.city,
        address.postal_code,
        address.note,
        address.location.latitude,
        address.location.longitude,
    )
    return status.endswith(" 1")


async def list_who_did(connection: Connection, account_ids: list[UUID], action: str, since: datetime) -> set[UUID]:
    """Of these accounts, those who did something since then, by the audit log."""
    rows = await connection.fetch(QUERIES["list_who_did"], account_ids, action, since)
    return {row["subject_id"] for row in rows}


async def list_city_keys(connection: Connection, account_ids: list[UUID]) -> dict[UUID, list[str]]:
    """Of each account that has addresses: the keys of their cities."""
    rows = await connection.fetch(QUERIES["list_city_keys"], account_ids)
    return {row["account_id"]: row["city_keys"] for row in rows}


async def get_city_key(connection: Connection, city: str) -> str:
    """The key of a city."""
    key: str = await connection.fetchval(QUERIES["get_city_key"], city)
    return key


async def list_cities(connection: Connection) -> list[tuple[str, int]]:
    """Cities, with how many accounts have an address there."""
    return [(row["name"], row["accounts"]) for row in await connection.fetch(QUERIES["list_cities"])]


async def count_accounts(connection: Connection, role: str | None, city: str | None) -> int:
    """How many accounts there are: all, with a role, or with an address in a city."""
    count: int = await connection.fetchval(QUERIES["count_accounts"], role, city)
    return count


async def delete_address(connection: Connection, address_id: UUID, account_id: UUID) -> bool:
    """Remove an own address; False if there is none."""
    return bool(await connection.fetchval(QUERIES["delete_address"], address_id, account_id))


async def insert_stream_ticket(
    connection: Connection, secret_hash: bytes, account_id: UUID, session_id: UUID, topics: list[str], seconds: float
) -> datetime:
    """Store a ticket. Returns when it expires."""
    expires_at = await connection.fetchval(
        QUERIES["insert_stream_ticket"], secret_hash, account_id, session_id, topics, seconds
    )
    assert isinstance(expires_at, datetime)
    return expires_at


async def take_stream_ticket(connection: Connection, secret_hash: bytes) -> tuple[UUID, frozenset[str]] | None:
    """Use a ticket up: its session and topics, or None if it is unknown, used or too old."""
    row = await connection.fetchrow(QUERIES["take_stream_ticket"], secret_hash)
    return (row["session_id"], frozenset(row["topics"])) if row is not None and row["valid"] else None


def _roles(names: Sequence[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names)


def _account(row: Any) -> Account:
    return Account(
        row["id"],
        row["email"],
        row["name"],
        row["phone"],
        row["language"],
        row["version"],
        row["created_at"],
        _roles(row["roles"]),
    )


def _session(row: Any) -> Session:
    return Session(
        row["id"],
        row["account_id"],
        SessionKind(row["kind"]),
        row["device_name"],
        row["created_at"],
        row["last_seen_at"],
        row["expires_at"],
    )


def _address(row: Any) -> Address:
    return Address(
        row["id"],
        row["account_id"],
        row["label"],
        row["street"],
        row["city"],
        row["postal_code"],
        row["note"],
        Point(row["latitude"], row["longitude"]),
    )
