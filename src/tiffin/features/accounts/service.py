"""Use cases of a person's account: registering, the profile, addresses, roles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.accounts import repository
from tiffin.features.accounts.domain import Account, Address, words_of
from tiffin.features.accounts.errors import AccountNotFound, AddressNotFound, LastAdministrator, TooManyAddresses
from tiffin.features.accounts.events import (
    AccountChanged,
    AccountRegistered,
    AddressChanged,
    AddressRemoved,
    RoleGranted,
    RoleRevoked,
    user_topic,
)
from tiffin.features.accounts.passwords import PasswordHasher
from tiffin.features.accounts.schemas import (
    AccountCreate,
    AccountView,
    AddressFields,
    AddressUpdate,
    AddressView,
    ProfileUpdate,
)
from tiffin.http.conditional import etag, require_match
from tiffin.http.limits import RateLimiter
from tiffin.realtime import EventLog, Position

_MOST_ADDRESSES = 50


class AccountService:
    """Accounts of people."""

    def __init__(
        self, database: Database, events: EventLog, hasher: PasswordHasher, *, registrations_per_hour: int
    ) -> None:
        self.database = database
        self._events = events
        self._hasher = hasher
        self._registrations = RateLimiter(registrations_per_hour, 3600.0)

    async def register(self, body: AccountCreate, address_prefix: str) -> Account:
        """Make an account. Raises EmailTaken (until mail exists it cannot be hidden), WeakPassword, RateLimited."""
        self._registrations.take(address_prefix)
        await self._hasher.require_strong(body.password, words_of(body.email, body.name))
        return await self._insert(body, await self._hasher.hash(body.password))

    @use_case
    async def _insert(self, transaction: Transaction, body: AccountCreate, password_hash: str) -> Account:
        account = await repository.insert_account(
            transaction.connection, new_id(), body.email, body.name, body.language, password_hash
        )
        event = AccountRegistered(account=AccountView.of(account))
        self._events.append(transaction, user_topic(account.id), event)
        return account

    async def read_profile(self, principal: Principal) -> tuple[Account, Position]:
        """The own profile and the position of the own topic, of one moment."""
        topic = user_topic(principal.account_id)
        async with self.database.connection() as connection:
            return await repository.require_profile(connection, principal.account_id, topic)

    async def find_by_email(self, connection: Connection, email: str) -> Account | None:
        """The account of an e-mail address, for features above."""
        return await repository.get_account_by_email(connection, email)

    async def list_by_ids(self, connection: Connection, account_ids: list[UUID]) -> dict[UUID, Account]:
        """Accounts by id, for features above."""
        return await repository.list_accounts(connection, account_ids)

    async def list_city_keys(self, connection: Connection, account_ids: list[UUID]) -> dict[UUID, list[str]]:
        """Of each account that has addresses: the keys of the cities they are in, for features above."""
        return await repository.list_city_keys(connection, account_ids)

    async def get_city_key(self, connection: Connection, city: str) -> str:
        """The key of a city: the same however it is capitalised and spaced."""
        return await repository.get_city_key(connection, city)

    async def list_cities(self, connection: Connection) -> list[tuple[str, int]]:
        """Cities that addresses are in, with how many accounts have one there, the most first; at most 200."""
        return await repository.list_cities(connection)

    async def count_accounts(self, connection: Connection, *, role: str | None = None, city: str | None = None) -> int:
        """How many accounts there are: all, with a role, or with an address in a city."""
        return await repository.count_accounts(connection, role, city)

    @use_case
    async def change_profile(
        self, transaction: Transaction, principal: Principal, body: ProfileUpdate, if_match: str | None
    ) -> Account:
        """Change the own profile. Raises PreconditionRequired, PreconditionFailed."""
        connection = transaction.connection
        await repository.lock_account(connection, principal.account_id)
        account = await repository.require_account(connection, principal.account_id)
        require_match(if_match, etag(account.version))
        changes = body.model_dump(exclude_none=True)
        if all(getattr(account, field) == value for field, value in changes.items()):
            return account
        account = await repository.update_profile(connection, account.id, body.name, body.phone, body.language)
        event = AccountChanged(account=AccountView.of(account))
        self._events.append(transaction, user_topic(account.id), event)
        return account

    async def list_addresses(self, principal: Principal) -> list[Address]:
        """The own addresses."""
        async with self.database.connection() as connection:
            return await repository.list_addresses(connection, principal.account_id)

    @use_case
    async def add_address(self, transaction: Transaction, principal: Principal, body: AddressFields) -> Address:
        """A new address. Raises TooManyAddresses."""
        await repository.lock_account(transaction.connection, principal.account_id)
        if len(await repository.list_addresses(transaction.connection, principal.account_id)) >= _MOST_ADDRESSES:
            raise TooManyAddresses()
        return await self._store_address(transaction, body.to_address(new_id(), principal.account_id))

    @use_case
    async def change_address(
        self, transaction: Transaction, principal: Principal, address_id: UUID, body: AddressUpdate
    ) -> Address:
        """Change an own address. Raises AddressNotFound."""
        await repository.lock_account(transaction.connection, principal.account_id)
        own = await repository.list_addresses(transaction.connection, principal.account_id)
        before = next((address for address in own if address.id == address_id), None)
        if before is None:
            raise AddressNotFound()
        after = body.apply_to(before)
        return before if after == before else await self._store_address(transaction, after)

    async def _store_address(self, transaction: Transaction, address: Address) -> Address:
        await repository.upsert_address(transaction.connection, address)
        event = AddressChanged(address=AddressView.of(address))
        self._events.append(transaction, user_topic(address.account_id), event)
        return address

    @use_case
    async def remove_address(self, transaction: Transaction, principal: Principal, address_id: UUID) -> None:
        """Remove an own address. Raises AddressNotFound."""
        await repository.lock_account(transaction.connection, principal.account_id)
        if not await repository.delete_address(transaction.connection, address_id, principal.account_id):
            raise AddressNotFound()
        topic = user_topic(principal.account_id)
        self._events.append(transaction, topic, AddressRemoved(address_id=address_id))

    @use_case
    async def set_role(
        self, transaction: Transaction, actor: Principal | None, account_id: UUID, role: Role, *, granted: bool
    ) -> Account:
        """Grant or revoke a platform role; who did it is written down. `actor` None: the command line.

        Raises AccountNotFound, LastAdministrator.
        """
        connection = transaction.connection
        await repository.lock_account(connection, account_id)
        account = await repository.require_account(connection, account_id)
        if granted:
            changed = await repository.insert_role(connection, account_id, role)
        else:
            await self._keep_an_administrator(connection, account_id, role)
            changed = await repository.delete_role(connection, account_id, role)
        if not changed:
            return account
        account = await repository.update_version(connection, account_id)
        action = "role.granted" if granted else "role.revoked"
        actor_id = actor.account_id if actor is not None else None
        await repository.insert_audit_entry(connection, actor_id, action, account_id, {"role": role})
        happened = RoleGranted if granted else RoleRevoked
        self._events.append(transaction, user_topic(account_id), happened(role=role, version=account.version))
        return account

    async def audit(self, transaction: Transaction, principal: Principal, action: str, details: dict[str, Any]) -> None:
        """Note in the audit log that somebody did or looked at something."""
        who = principal.account_id
        await repository.insert_audit_entry(transaction.connection, who, action, who, details)

    async def list_who_did(
        self, connection: Connection, account_ids: list[UUID], action: str, since: datetime
    ) -> set[UUID]:
        """Of these accounts, those who noted this action of theirs since then, for features above."""
        return await repository.list_who_did(connection, account_ids, action, since)

    async def _keep_an_administrator(self, connection: Connection, account_id: UUID, role: Role) -> None:
        if role is Role.ADMIN and await repository.lock_role(connection, role) == [account_id]:
            raise LastAdministrator()

    @use_case
    async def set_role_by_email(self, transaction: Transaction, email: str, role: Role, *, granted: bool) -> Account:
        """What `tiffin grant` does. Raises AccountNotFound."""
        account = await repository.get_account_by_email(transaction.connection, email)
        if account is None:
            raise AccountNotFound()
        return await self.set_role(None, account.id, role, granted=granted)
