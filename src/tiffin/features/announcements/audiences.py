"""Who belongs to which audience, now: roles of the session, memberships of the catalog, addresses of accounts."""

from collections.abc import Sequence
from uuid import UUID

from tiffin.base.principal import Principal
from tiffin.db import Connection
from tiffin.features.accounts import AccountService
from tiffin.features.announcements.domain import (
    Audience,
    AudienceKind,
    city_audience_key,
    keys_of,
    restaurant_key,
)
from tiffin.features.announcements.schemas import AudienceBody
from tiffin.features.catalog import CatalogService
from tiffin.realtime import Grant, ReadRequest

_ROLES = {AudienceKind.COURIERS: "courier", AudienceKind.AGENTS: "agent", AudienceKind.ADMINS: "admin"}


class Audiences:
    """Reads them."""

    def __init__(self, accounts: AccountService, catalog: CatalogService) -> None:
        self._accounts = accounts
        self._catalog = catalog

    async def read_grants(self, connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
        """`announcements.everyone` is public; the others are for who belongs to them."""
        known = [one.principal for one in requests if one.principal is not None and one.key != AudienceKind.EVERYONE]
        keys = await self._keys(connection, known)
        return [self._grant(request, keys) for request in requests]

    def _grant(self, request: ReadRequest, keys: dict[UUID, list[str]]) -> Grant | None:
        if request.key == AudienceKind.EVERYONE:
            return Grant(public=True)
        if request.principal is None or request.key not in keys[request.principal.account_id]:
            return None
        return Grant()

    async def list_keys(self, connection: Connection, principal: Principal | None) -> list[str]:
        """The keys of all audiences the caller belongs to."""
        if principal is None:
            return keys_of(None, (), ())
        return (await self._keys(connection, [principal]))[principal.account_id]

    async def _keys(self, connection: Connection, principals: Sequence[Principal]) -> dict[UUID, list[str]]:
        # a principal's roles are of its session's newest reading, the same for all sessions of an account
        people = {principal.account_id: principal for principal in principals}
        if not people:
            return {}
        restaurants = await self._catalog.list_restaurants_of(connection, list(people))
        cities = await self._accounts.list_city_keys(connection, list(people))
        return {
            account_id: keys_of(principal, restaurants.get(account_id, ()), cities.get(account_id, ()))
            for account_id, principal in people.items()
        }

    async def resolve(self, connection: Connection, body: AudienceBody) -> Audience:
        """The audience that is meant. Raises RestaurantNotFound."""
        if body.restaurant_id is not None:
            restaurant = await self._catalog.require_restaurant(connection, body.restaurant_id)
            return Audience(body.kind, restaurant_key(restaurant.id), restaurant.name, restaurant.id)
        if body.city is not None:
            key = await self._accounts.get_city_key(connection, body.city)
            return Audience(body.kind, city_audience_key(key), body.city)
        return Audience(body.kind, str(body.kind))

    async def count(self, connection: Connection, body: AudienceBody) -> int:
        """How many accounts belong to it. Raises RestaurantNotFound."""
        if body.kind is AudienceKind.RESTAURANTS:
            return await self._catalog.count_members(connection, None)
        if body.restaurant_id is not None:
            await self._catalog.require_restaurant(connection, body.restaurant_id)
            return await self._catalog.count_members(connection, body.restaurant_id)
        return await self._accounts.count_accounts(connection, role=_ROLES.get(body.kind), city=body.city)
