"""Endpoints of announcements: the inbox of whoever asks, and the desk of administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from tiffin.features.announcements.schemas import (
    AnnouncementBody,
    AnnouncementDesk,
    AnnouncementDraftView,
    AudienceBody,
    CityList,
    Inbox,
    ReachView,
    ReadBody,
    ReadResult,
)
from tiffin.features.announcements.service import AnnouncementService
from tiffin.http import V1
from tiffin.http.authentication import Administrator, Authenticated, MaybeAuthenticated
from tiffin.http.conditional import IfMatch, etag, require_match
from tiffin.http.pagination import PageCursor, PageLimit, decode_id_cursor
from tiffin.http.problems import problems
from tiffin.idempotency import Idempotent


def announcement_routes(service: AnnouncementService) -> APIRouter:
    """The endpoints on a service."""
    router = APIRouter(prefix=V1, tags=["announcements"])

    @router.get("/announcements")
    async def read_announcements(principal: MaybeAuthenticated) -> Inbox:
        """What is announced to the caller; follow its topics from their positions. Anonymous: what is for everyone.

        Ask again after `role.*`, `membership.*` and `address.*` on the own topic: there may be other audiences.
        """
        return await service.read_inbox(principal)

    @router.post("/announcements/read")
    async def mark_announcements_read(body: ReadBody, principal: Authenticated) -> ReadResult:
        """The caller has seen these; all their devices are told. Safe to repeat."""
        return ReadResult(announcement_ids=await service.mark_read(principal, body.announcement_ids))

    _add_desk(router, service)
    return router


def _add_desk(router: APIRouter, service: AnnouncementService) -> None:
    @router.get("/announcing/desk", responses=problems(403))
    async def read_announcing_desk(
        _: Administrator, limit: PageLimit = 50, cursor: PageCursor = None
    ) -> AnnouncementDesk:
        """All announcements, the newest first; follow `announcing.desk` from the first page's position."""
        return await service.read_desk(decode_id_cursor(cursor), limit)

    @router.get("/announcing/reach", responses=problems(403, 404, 422))
    async def count_reach(audience: Annotated[AudienceBody, Query()], _: Administrator) -> ReachView:
        """How many accounts an audience has now."""
        return ReachView(accounts=await service.count_reach(audience))

    @router.get("/announcing/cities", responses=problems(403))
    async def list_cities(_: Administrator) -> CityList:
        """The cities that people live in, by their addresses."""
        return await service.list_cities()

    @router.post(
        "/announcing/announcements",
        status_code=201,
        response_model=AnnouncementDraftView,
        responses=problems(403, 404, 422),
    )
    async def create_announcement(body: AnnouncementBody, principal: Administrator, idempotent: Idempotent) -> Response:
        """Announce something, once however often it is sent: at once, or at `publishes_at`."""

        async def create() -> BaseModel:
            return await service.create(principal, body)

        return await idempotent.run(create, status=201)

    @router.put("/announcing/announcements/{announcement_id}", responses=problems(403, 404, 409, 412, 422, 428))
    async def change_announcement(
        announcement_id: UUID, body: AnnouncementBody, principal: Administrator, if_match: IfMatch = None
    ) -> AnnouncementDraftView:
        """Write it anew; If-Match is its version. What is published keeps its audience and its time."""

        def require_version(version: int) -> None:
            require_match(if_match, etag(version))

        return await service.change(principal, announcement_id, body, require_version)

    @router.post("/announcing/announcements/{announcement_id}/withdraw", responses=problems(403, 404, 409))
    async def withdraw_announcement(announcement_id: UUID, principal: Administrator) -> AnnouncementDraftView:
        """Take it back: it disappears from all screens."""
        return await service.withdraw(principal, announcement_id)
