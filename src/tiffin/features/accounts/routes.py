"""Endpoints of accounts: registering, the profile, addresses, roles."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from tiffin.base.principal import Role
from tiffin.features.accounts.errors import AccountNotFound
from tiffin.features.accounts.schemas import (
    AccountCreate,
    AccountView,
    AddressFields,
    AddressUpdate,
    AddressView,
    EmailAsked,
    ProfileUpdate,
    ProfileView,
)
from tiffin.features.accounts.service import AccountService
from tiffin.http import V1
from tiffin.http.authentication import Administrator, Authenticated
from tiffin.http.conditional import IfMatch, IfNoneMatch, etag, is_current
from tiffin.http.limits import address_prefix


def prefix_of(request: Request) -> str:
    """The address prefix a request comes from, for limits."""
    return address_prefix(request.client.host if request.client else None)


def account_routes(service: AccountService) -> APIRouter:
    """Registering, and the own profile."""
    router = APIRouter(prefix=V1, tags=["accounts"])

    @router.post("/accounts", status_code=201)
    async def register(body: AccountCreate, request: Request) -> AccountView:
        """Register. Then log in with `POST /v1/sessions`."""
        return AccountView.of(await service.register(body, prefix_of(request)))

    @router.get("/profile", response_model=ProfileView, responses={304: {"description": "Not changed"}})
    async def read_profile(principal: Authenticated, if_none_match: IfNoneMatch = None) -> Response:
        """The own profile; follow `user.{account_id}` from its position."""
        account, position = await service.read_profile(principal)
        tag = etag(account.version)
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if is_current(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        view = ProfileView.of(account, position=str(position))
        return Response(view.model_dump_json(), headers=headers, media_type="application/json")

    @router.patch("/profile")
    async def change_profile(
        body: ProfileUpdate, principal: Authenticated, response: Response, if_match: IfMatch = None
    ) -> AccountView:
        """Change the own profile; send the ETag you read as If-Match."""
        account = await service.change_profile(principal, body, if_match)
        response.headers["etag"] = etag(account.version)
        return AccountView.of(account)

    return router


def address_routes(service: AccountService) -> APIRouter:
    """The own addresses."""
    router = APIRouter(prefix=V1, tags=["accounts"])

    @router.get("/addresses")
    async def list_addresses(principal: Authenticated) -> list[AddressView]:
        """The own addresses."""
        return [AddressView.of(address) for address in await service.list_addresses(principal)]

    @router.post("/addresses", status_code=201)
    async def add_address(body: AddressFields, principal: Authenticated) -> AddressView:
        """A new address."""
        return AddressView.of(await service.add_address(principal, body))

    @router.patch("/addresses/{address_id}")
    async def change_address(address_id: UUID, body: AddressUpdate, principal: Authenticated) -> AddressView:
        """Change an address."""
        return AddressView.of(await service.change_address(principal, address_id, body))

    @router.delete("/addresses/{address_id}", status_code=204)
    async def remove_address(address_id: UUID, principal: Authenticated) -> None:
        """Remove an address."""
        await service.remove_address(principal, address_id)

    return router


def role_routes(service: AccountService) -> APIRouter:
    """What administrators do with accounts."""
    router = APIRouter(prefix=V1, tags=["accounts"])

    @router.get("/accounts")
    async def find_account(email: Annotated[EmailAsked, Query()], _: Administrator) -> AccountView:
        """Administrators: the account of an exact e-mail address."""
        async with service.database.connection() as connection:
            account = await service.find_by_email(connection, email)
        if account is None:
            raise AccountNotFound()
        return AccountView.of(account)

    @router.put("/accounts/{account_id}/roles/{role}")
    async def grant_role(account_id: UUID, role: Role, principal: Administrator) -> AccountView:
        """Administrators: give a platform role."""
        return AccountView.of(await service.set_role(principal, account_id, role, granted=True))

    @router.delete("/accounts/{account_id}/roles/{role}")
    async def revoke_role(account_id: UUID, role: Role, principal: Administrator) -> AccountView:
        """Administrators: take a platform role; its holder's streams stop within a second."""
        return AccountView.of(await service.set_role(principal, account_id, role, granted=False))

    return router
