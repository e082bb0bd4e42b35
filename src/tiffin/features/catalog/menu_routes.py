"""Menus over HTTP: the whole for everybody, categories and items for managers, sold out for staff."""

from uuid import UUID

from fastapi import APIRouter, Response

from tiffin.base.ids import new_id
from tiffin.features.catalog.domain import Category, MenuItem
from tiffin.features.catalog.menu_schemas import (
    CategoryCreate,
    CategoryUpdate,
    CategoryView,
    MenuItemCreate,
    MenuItemUpdate,
    MenuItemView,
    MenuView,
    SoldOutUpdate,
)
from tiffin.features.catalog.menu_service import MenuService, menu_tag
from tiffin.features.catalog.routes import version_check, version_header
from tiffin.http import V1
from tiffin.http.authentication import Authenticated, MaybeAuthenticated
from tiffin.http.conditional import IfMatch, IfNoneMatch, etag, is_current
from tiffin.http.problems import problems
from tiffin.idempotency import Idempotent


def menu_routes(service: MenuService) -> APIRouter:
    """The endpoints of menus."""
    router = APIRouter(prefix=V1, tags=["menus"])
    _add_reading(router, service)
    _add_categories(router, service)
    _add_items(router, service)
    return router


def _add_reading(router: APIRouter, service: MenuService) -> None:
    @router.get(
        "/restaurants/{restaurant_id}/menu",
        response_model=MenuView,
        responses={304: {"description": "The caller has the current menu."}, **problems(404)},
    )
    async def get_menu(
        restaurant_id: UUID, principal: MaybeAuthenticated, if_none_match: IfNoneMatch = None
    ) -> Response:
        """The menu and the position of `menu.{restaurant_id}` from which to follow it."""
        if if_none_match is not None:
            current = etag(await service.read_menu_tag(principal, restaurant_id))
            if is_current(if_none_match, current):
                return Response(status_code=304, headers={"etag": current, "cache-control": "no-cache"})
        menu, position = await service.read_menu(principal, restaurant_id)
        headers = {"etag": etag(menu_tag(menu.restaurant, position)), "cache-control": "no-cache"}
        body = MenuView.of(menu, str(position)).model_dump_json()
        return Response(body, headers=headers, media_type="application/json")


def _add_categories(router: APIRouter, service: MenuService) -> None:
    @router.post(
        "/restaurants/{restaurant_id}/categories",
        status_code=201,
        response_model=CategoryView,
        responses=problems(401, 403, 404, 409, 422),
    )
    async def create_category(
        restaurant_id: UUID, body: CategoryCreate, principal: Authenticated, idempotent: Idempotent
    ) -> Response:
        """Add a category: managers and owners."""

        async def create() -> CategoryView:
            category = Category(new_id(), restaurant_id, body.name, body.sort_order)
            return CategoryView.model_validate(await service.create_category(principal, category))

        return await idempotent.run(create, status=201)

    @router.patch("/categories/{category_id}", responses=problems(401, 403, 404, 422))
    async def update_category(category_id: UUID, body: CategoryUpdate, principal: Authenticated) -> CategoryView:
        """Edit a category: managers and owners."""
        return CategoryView.model_validate(await service.update_category(principal, category_id, body.apply_to))

    @router.delete("/categories/{category_id}", status_code=204, responses=problems(401, 403, 404, 409))
    async def delete_category(category_id: UUID, principal: Authenticated) -> None:
        """Remove an empty category: managers and owners."""
        await service.delete_category(principal, category_id)


def _add_items(router: APIRouter, service: MenuService) -> None:
    @router.post(
        "/restaurants/{restaurant_id}/menu-items",
        status_code=201,
        response_model=MenuItemView,
        responses=problems(401, 403, 404, 409, 422),
    )
    async def create_item(
        restaurant_id: UUID, body: MenuItemCreate, principal: Authenticated, idempotent: Idempotent
    ) -> Response:
        """Add an item: managers and owners."""

        async def create() -> MenuItemView:
            return MenuItemView.of(await service.create_item(principal, body.to_item(new_id(), restaurant_id)))

        return await idempotent.run(create, status=201, headers=version_header)

    @router.patch("/menu-items/{item_id}", responses=problems(401, 403, 404, 412, 422, 428))
    async def update_item(
        item_id: UUID, body: MenuItemUpdate, principal: Authenticated, response: Response, if_match: IfMatch = None
    ) -> MenuItemView:
        """Edit an item: managers and owners. The ETag is the item's `version`, as in the menu."""
        item = await service.update_item(principal, item_id, body.apply_to, version_check(if_match))
        return _tagged(response, item)

    @router.delete("/menu-items/{item_id}", status_code=204, responses=problems(401, 403, 404))
    async def delete_item(item_id: UUID, principal: Authenticated) -> None:
        """Take an item off the menu: managers and owners."""
        await service.delete_item(principal, item_id)

    @router.put("/menu-items/{item_id}/sold-out", responses=problems(401, 403, 404, 422))
    async def set_sold_out(
        item_id: UUID, body: SoldOutUpdate, principal: Authenticated, response: Response
    ) -> MenuItemView:
        """Mark an item sold out or available: all members."""
        return _tagged(response, await service.set_sold_out(principal, item_id, body.sold_out, body.until))


def _tagged(response: Response, item: MenuItem) -> MenuItemView:
    response.headers["etag"] = etag(item.version)
    return MenuItemView.of(item)
