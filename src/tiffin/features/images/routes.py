"""Uploads and what became of them, for whoever uploads."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from tiffin.features.images import uploads
from tiffin.features.images.schemas import ImageView
from tiffin.features.images.service import ImageService
from tiffin.http import V1
from tiffin.http.authentication import Authenticated
from tiffin.http.problems import problems

_TUS = {"description": "tus 1.0: Tus-Resumable, Upload-Offset and, where asked for, Upload-Length in the headers."}


def image_routes(service: ImageService) -> APIRouter:
    """The endpoints of images."""
    router = APIRouter(prefix=V1, tags=["images"])
    _add_images(router, service)
    _add_uploads(router, service)
    return router


def _add_images(router: APIRouter, service: ImageService) -> None:
    @router.get("/images/{image_id}", responses=problems(401, 404))
    async def get_image(image_id: UUID, principal: Authenticated) -> ImageView:
        """An upload and what became of it: whoever uploaded it."""
        image, position = await service.read(principal, image_id)
        return ImageView.of(image, str(position))

    @router.post("/images/{image_id}/retry", status_code=202, responses=problems(401, 404, 409))
    async def retry_image(image_id: UUID, principal: Authenticated) -> ImageView:
        """Try a failed upload again as it is, if `can_retry` says so."""
        return ImageView.of(await service.retry(principal, image_id))


def _add_uploads(router: APIRouter, service: ImageService) -> None:
    @router.options("/uploads/{image_id}", status_code=204, include_in_schema=False)
    async def describe_uploads(image_id: UUID) -> Response:
        """What of tus is spoken here."""
        return Response(status_code=204, headers=uploads.OPTIONS)

    @router.head("/uploads/{image_id}", responses={200: _TUS, **problems(401, 404)})
    async def get_offset(image_id: UUID, principal: Authenticated) -> Response:
        """Where a resumable upload stands."""
        return Response(headers=uploads.describe(await service.read_upload(principal, image_id)))

    @router.patch(
        "/uploads/{image_id}",
        status_code=204,
        responses={204: _TUS, **problems(401, 404, 409, 412, 413, 422)},
        openapi_extra={"requestBody": {"content": {"application/offset+octet-stream": {}}}},
    )
    async def append_to_upload(image_id: UUID, principal: Authenticated, request: Request) -> Response:
        """The next bytes of a resumable upload; when the last have come, the picture is made."""
        uploads.require_version(request)
        return await uploads.append(request, service, principal, image_id, uploads.offset_of(request))

    @router.delete("/uploads/{image_id}", status_code=204, responses={204: _TUS, **problems(401, 404, 409)})
    async def cancel_upload(image_id: UUID, principal: Authenticated) -> Response:
        """Give up a resumable upload."""
        await service.cancel_upload(principal, image_id)
        return Response(status_code=204, headers=uploads.TUS)
