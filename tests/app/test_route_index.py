from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from tests.app.town import Town

from tiffin.app.route_index import RouteIndex


def _app() -> FastAPI:
    router = APIRouter(prefix="/v1")

    @router.get("/things/mine")
    async def mine() -> str:
        return "mine"

    @router.get("/things/{thing}")
    async def one(thing: str) -> str:
        return thing

    @router.post("/things")
    async def make() -> str:
        return "made"

    app = FastAPI(redirect_slashes=False)
    app.router.routes.append(RouteIndex(router.routes))
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/v1/things/mine", 200, "mine"),  # the first that matches
        ("GET", "/v1/things/7", 200, "7"),
        ("POST", "/v1/things", 200, "made"),
        ("GET", "/v1/things", 405, None),
        ("GET", "/v1/others", 404, None),
        ("GET", "/v1/", 404, None),
        ("GET", "/", 404, None),
        ("GET", "/v1/things/7/", 404, None),
    ],
)
async def test_a_route_is_found_as_if_all_were_tried(method: str, path: str, status: int, body: str | None) -> None:
    transport = httpx.ASGITransport(_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    if body is not None:
        assert answer.json() == body


def test_a_route_without_a_literal_is_refused() -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/{anything}")
    async def anything(anything: str) -> Any:
        return anything

    with pytest.raises(ValueError, match="has no literal"):
        RouteIndex(router.routes)


async def test_another_method_of_a_known_path_is_told_which_are_allowed(town: Town) -> None:
    answer = await town.client.put("/v1/profile")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
