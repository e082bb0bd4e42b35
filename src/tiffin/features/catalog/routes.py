"""Restaurants over HTTP: lists, details, editing, pause and busy."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from tiffin.base.clock import Clock
from tiffin.base.errors import Invalid
from tiffin.base.geo import Point
from tiffin.base.ids import new_id
from tiffin.features.catalog.domain import Restaurant
from tiffin.features.catalog.repository import After, ListedRestaurant
from tiffin.features.catalog.schemas import (
    BusyUpdate,
    MyRestaurantView,
    PauseUpdate,
    RestaurantCreate,
    RestaurantNowView,
    RestaurantUpdate,
    RestaurantView,
)
from tiffin.features.catalog.service import CatalogService
from tiffin.http import V1
from tiffin.http.authentication import Authenticated, MaybeAuthenticated
from tiffin.http.conditional import IfMatch, etag, require_match
from tiffin.http.pagination import InvalidCursor, Page, PageCursor, PageLimit, decode_cursor, encode_cursor
from tiffin.http.problems import problems
from tiffin.idempotency import Idempotent

# above half of the earth's circumference
_FARTHEST_METERS = 21_000_000


class PointIncomplete(Invalid):
    code = "point_incomplete"
    message = "Send both latitude and longitude, or neither."


def version_header(model: BaseModel) -> dict[str, str]:
    """The ETag of a view with a version."""
    return {"etag": etag(model.version)}  # type: ignore[attr-defined]


def version_check(if_match: str | None) -> Callable[[int], None]:
    """Refuses every version but the one in If-Match."""
    return lambda version: require_match(if_match, etag(version))


def restaurant_routes(service: CatalogService, clock: Clock) -> APIRouter:
    """The endpoints of restaurants."""
    router = APIRouter(prefix=V1, tags=["restaurants"])
    _add_reading(router, service, clock)
    _add_changing(router, service)
    _add_switches(router, service)
    return router


def _add_reading(router: APIRouter, service: CatalogService, clock: Clock) -> None:
    @router.get("/restaurants", responses=problems(422))
    async def list_restaurants(
        latitude: Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False)] = None,
        longitude: Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False)] = None,
        open: Annotated[bool, Query(description="only those that take orders now")] = False,  # noqa: A002
        limit: PageLimit = 20,
        cursor: PageCursor = None,
    ) -> Page[RestaurantNowView]:
        """Published restaurants that deliver to a point, nearest first; without a point all of them, by name."""
        point = _point(latitude, longitude)
        after = _after(cursor, str if point is None else int)
        listed = await service.list_restaurants(point, open, after, limit)
        now = clock.now()
        items = [RestaurantNowView.at(now, row.restaurant, row.distance_meters) for row in listed]
        return Page(items=items, next_cursor=_next_cursor(listed, limit))

    @router.get("/restaurants/{restaurant_id}", responses=problems(404))
    async def get_restaurant(
        restaurant_id: UUID, principal: MaybeAuthenticated, response: Response
    ) -> RestaurantNowView:
        """One restaurant, as it is now. Its ETag is for If-Match."""
        restaurant = await service.read_restaurant(principal, restaurant_id)
        response.headers["etag"] = etag(restaurant.version)
        response.headers["cache-control"] = "no-cache"
        return RestaurantNowView.at(clock.now(), restaurant)

    @router.get("/my/restaurants", responses=problems(401, 422))
    async def list_own_restaurants(
        principal: Authenticated, limit: PageLimit = 20, cursor: PageCursor = None
    ) -> Page[MyRestaurantView]:
        """The restaurants of which the caller is a member, by name."""
        found = await service.list_own_restaurants(principal, _after(cursor, str), limit)
        items = [MyRestaurantView.of_member(row.restaurant, role) for row, role in found]
        return Page(items=items, next_cursor=_next_cursor([row for row, _ in found], limit))


def _add_changing(router: APIRouter, service: CatalogService) -> None:
    @router.post("/restaurants", status_code=201, response_model=RestaurantView, responses=problems(401, 409, 422))
    async def create_restaurant(body: RestaurantCreate, principal: Authenticated, idempotent: Idempotent) -> Response:
        """Open a restaurant; the caller becomes its owner. It is unpublished unless said otherwise."""

        async def create() -> RestaurantView:
            return RestaurantView.of(await service.create_restaurant(principal, body.to_restaurant(new_id())))

        return await idempotent.run(create, status=201, headers=version_header)

    @router.patch("/restaurants/{restaurant_id}", responses=problems(401, 403, 404, 412, 422, 428))
    async def update_restaurant(
        restaurant_id: UUID,
        body: RestaurantUpdate,
        principal: Authenticated,
        response: Response,
        if_match: IfMatch = None,
    ) -> RestaurantView:
        """Edit a restaurant: managers and owners."""
        restaurant = await service.update_restaurant(principal, restaurant_id, body.apply_to, version_check(if_match))
        return _tagged(response, restaurant)


def _add_switches(router: APIRouter, service: CatalogService) -> None:
    @router.put("/restaurants/{restaurant_id}/pause", responses=problems(401, 403, 404, 422))
    async def pause(
        restaurant_id: UUID, body: PauseUpdate, principal: Authenticated, response: Response
    ) -> RestaurantView:
        """Take no new orders for some minutes, or until lifted: all members."""
        return _tagged(response, await service.pause(principal, restaurant_id, body.minutes))

    @router.delete("/restaurants/{restaurant_id}/pause", responses=problems(401, 403, 404))
    async def resume(restaurant_id: UUID, principal: Authenticated, response: Response) -> RestaurantView:
        """Take orders again: all members."""
        return _tagged(response, await service.resume(principal, restaurant_id))

    @router.put("/restaurants/{restaurant_id}/busy", responses=problems(401, 403, 404, 422))
    async def set_busy(
        restaurant_id: UUID, body: BusyUpdate, principal: Authenticated, response: Response
    ) -> RestaurantView:
        """Say how many minutes longer everything takes: all members."""
        return _tagged(response, await service.set_busy(principal, restaurant_id, body.extra_minutes))


def _tagged(response: Response, restaurant: Restaurant) -> RestaurantView:
    response.headers["etag"] = etag(restaurant.version)
    return RestaurantView.of(restaurant)


def _point(latitude: float | None, longitude: float | None) -> Point | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        raise PointIncomplete()
    return Point(latitude, longitude)


def _after(cursor: str | None, kind: type[str] | type[int]) -> After:
    """The key in a cursor, with values that PostgreSQL takes. Raises InvalidCursor."""
    if cursor is None:
        return None
    key, text = decode_cursor(cursor, kind, str)
    if isinstance(key, str) and "\x00" in key:
        raise InvalidCursor()
    if isinstance(key, int) and not 0 <= key <= _FARTHEST_METERS:
        raise InvalidCursor()
    try:
        return key, UUID(str(text))
    except ValueError as error:
        raise InvalidCursor() from error


def _next_cursor(listed: list[ListedRestaurant], limit: int) -> str | None:
    return encode_cursor(*listed[-1].key) if len(listed) == limit else None
