"""Pictures of menu items over HTTP: uploaded, listed, ordered and removed by managers."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from tiffin.features.catalog.menu_image_service import MenuImageService
from tiffin.features.catalog.menu_schemas import ImageOrder, ItemImagesView, MenuItemView
from tiffin.features.images import ImageView, uploads
from tiffin.http import V1
from tiffin.http.authentication import Authenticated
from tiffin.http.conditional import etag
from tiffin.http.problems import problems

# of the resource below, for the limit of bodies
UPLOAD_PATH = r"/v1/menu-items/[^/]+/images"


def image_routes(service: MenuImageService) -> APIRouter:
    """The endpoints of an item's pictures."""
    router = APIRouter(prefix=V1, tags=["menus"])
    _add_upload(router, service)
    _add_editing(router, service)
    return router


def _add_upload(router: APIRouter, service: MenuImageService) -> None:
    @router.post(
        "/menu-items/{item_id}/images",
        status_code=202,
        response_model=ImageView,
        responses={201: uploads.BEGUN, **problems(401, 403, 404, 409, 412, 413, 422, 429, 503)},
        openapi_extra=uploads.FORM,
    )
    async def upload_image(
        item_id: UUID, principal: Authenticated, request: Request, replaces: UUID | None = None
    ) -> Response:
        """Upload a picture: managers and owners. It is shown on the menu as soon as it has been made.

        `replaces`: the picture whose place it takes, which stays until then. With tus 1.0 headers instead of a form,
        begin a resumable upload.
        """
        target = await service.target(principal, item_id, replaces)
        return await uploads.begin(request, service.images, principal, target)

    @router.options("/menu-items/{item_id}/images", status_code=204, include_in_schema=False)
    async def describe_image_uploads(item_id: UUID) -> Response:
        """What of tus is spoken here."""
        return Response(status_code=204, headers=uploads.OPTIONS)


def _add_editing(router: APIRouter, service: MenuImageService) -> None:
    @router.get("/menu-items/{item_id}/images", responses=problems(401, 403, 404))
    async def list_images(item_id: UUID, principal: Authenticated) -> ItemImagesView:
        """All uploads for an item, whatever became of them: managers and owners."""
        return ItemImagesView(images=[ImageView.of(i) for i in await service.list_images(principal, item_id)])

    @router.put("/menu-items/{item_id}/images", responses=problems(401, 403, 404, 409, 422))
    async def order_images(
        item_id: UUID, body: ImageOrder, principal: Authenticated, response: Response
    ) -> MenuItemView:
        """Show the item's pictures in this order: managers and owners. Each of them is named once."""
        item = await service.order_images(principal, item_id, body.image_ids)
        response.headers["etag"] = etag(item.version)
        return MenuItemView.of(item)

    @router.delete("/menu-items/{item_id}/images/{image_id}", status_code=204, responses=problems(401, 403, 404))
    async def remove_image(item_id: UUID, image_id: UUID, principal: Authenticated) -> None:
        """Take a picture off the menu, or give up an upload for it: managers and owners."""
        await service.remove_image(principal, item_id, image_id)
