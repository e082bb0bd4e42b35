"""Members of a restaurant over HTTP: for its owners and managers."""

from uuid import UUID

from fastapi import APIRouter, Response

from tiffin.features.catalog.member_service import MemberService
from tiffin.features.catalog.schemas import MemberCreate, MemberList, MemberUpdate, MemberView
from tiffin.http import V1
from tiffin.http.authentication import Authenticated
from tiffin.http.problems import problems
from tiffin.idempotency import Idempotent


def member_routes(service: MemberService) -> APIRouter:
    """The endpoints of members."""
    router = APIRouter(prefix=V1, tags=["members"])

    @router.get("/restaurants/{restaurant_id}/members", responses=problems(401, 403, 404))
    async def list_members(restaurant_id: UUID, principal: Authenticated) -> MemberList:
        """All members: for managers and owners."""
        members = await service.list_members(principal, restaurant_id)
        return MemberList(members=[MemberView.of(member) for member in members])

    @router.post(
        "/restaurants/{restaurant_id}/members",
        status_code=201,
        response_model=MemberView,
        responses=problems(401, 403, 404, 409, 422),
    )
    async def add_member(
        restaurant_id: UUID, body: MemberCreate, principal: Authenticated, idempotent: Idempotent
    ) -> Response:
        """Make an existing account a member: managers for staff, owners for every role."""

        async def add() -> MemberView:
            return MemberView.of(await service.add_member(principal, restaurant_id, body.email, body.role))

        return await idempotent.run(add, status=201)

    @router.patch("/restaurants/{restaurant_id}/members/{account_id}", responses=problems(401, 403, 404, 409, 422))
    async def change_member(
        restaurant_id: UUID, account_id: UUID, body: MemberUpdate, principal: Authenticated
    ) -> MemberView:
        """Give a member another role: owners."""
        return MemberView.of(await service.change_member(principal, restaurant_id, account_id, body.role))

    @router.delete(
        "/restaurants/{restaurant_id}/members/{account_id}", status_code=204, responses=problems(401, 403, 404, 409)
    )
    async def remove_member(restaurant_id: UUID, account_id: UUID, principal: Authenticated) -> None:
        """End a membership: managers for staff, owners for all, everybody for themselves."""
        await service.remove_member(principal, restaurant_id, account_id)

    return router
