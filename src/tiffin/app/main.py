"""The ASGI application of a node: streams and sockets first and bare, then health, documents, pages, and the API."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from tiffin import __version__
from tiffin.app.asyncapi import build_asyncapi
from tiffin.app.error_handlers import install_error_handlers
from tiffin.app.health import Health
from tiffin.app.middleware import RequestMiddleware
from tiffin.app.route_index import RouteIndex
from tiffin.app.site import site_routes
from tiffin.http.authentication import add_cookie_security
from tiffin.http.problems import describe_problems
from tiffin.realtime.sse import Streams
from tiffin.realtime.websocket import SocketEndpoint

if TYPE_CHECKING:
    from tiffin.app.wiring import Node

_DESCRIPTION = """
Everything Tiffin's own screens use. Errors are problem+json (RFC 9457) with a stable `code` and a sentence that says
what to do. Live parts (SSE and WebSocket) are described at [/asyncapi.json](/asyncapi.json).

- Programs: `POST /v1/sessions` with `kind: program`, then `Authorization: Bearer <access_token>`.
- Creating or charging needs an `Idempotency-Key`; changing a versioned resource needs `If-Match`.
"""


class _Api(FastAPI):
    def __init__(self, routes: Sequence[BaseRoute], **options: Any) -> None:
        super().__init__(**options)
        self._api_routes = routes
        self.router.routes.append(RouteIndex(routes))

    @property
    def routes(self) -> list[BaseRoute]:
        """What the document describes."""
        return list(self._api_routes)

    def openapi(self) -> dict[str, Any]:
        """The document, with both ways to say who one is, and with errors as they are."""
        if self.openapi_schema is None:
            document = super().openapi()
            add_cookie_security(document)
            describe_problems(document)
        return super().openapi()


def build_api(node: "Node") -> FastAPI:
    """The request/response API, with what its dependencies find in `app.state`."""
    routers = [router for feature in node.features for router in feature.routers]
    api = _Api(
        [route for router in routers for route in router.routes],
        title="Tiffin",
        version=__version__,
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        redirect_slashes=False,
    )
    api.state.settings = node.settings
    api.state.authenticator = node.built.authenticator
    api.state.stored_answers = node.stored_answers
    install_error_handlers(api)
    return api


def build_asgi(node: "Node") -> ASGIApp:
    """Everything a node serves."""
    settings = node.settings
    streams = Streams(node.hub, node.built.authenticator, settings.origins, max_topics=settings.max_topics)
    socket = SocketEndpoint(
        node.hub,
        node.built.authenticator,
        node.kinds,
        tuple(command for feature in node.features for command in feature.commands),
        node.presence,
        settings.origins,
        max_topics=settings.max_topics,
        heartbeat_seconds=settings.heartbeat_seconds,
    )
    api = RequestMiddleware(
        build_api(node),
        max_body_bytes=settings.max_body_bytes,
        large_bodies=[limit for feature in node.features for limit in feature.large_bodies],
        secure=settings.secure_cookies,
        is_draining=lambda: node.hub.draining,
    )
    routes: list[BaseRoute] = [
        Route("/v1/events", streams),
        WebSocketRoute("/v1/socket", socket),
        *_resources(node, streams),
        *(route for feature in node.features for route in feature.files),
        *Health(node.database, node.nats, node.hub).routes(),
        Route("/asyncapi.json", _asyncapi(node), methods=["GET"]),
    ]
    # not a Mount: its pattern leaves out paths with a line feed
    return Router(routes, redirect_slashes=False, default=_api_or_pages(api, settings.basemap))


def _api_or_pages(api: ASGIApp, basemap: Path | None) -> ASGIApp:
    """The API, without a look at the pages' routes on its way; what is no page either is its 404."""
    pages = Router(site_routes(basemap), redirect_slashes=False, default=api)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        await (api if scope["path"].startswith("/v1/") else pages)(scope, receive, send)

    return dispatch


def _resources(node: "Node", streams: Streams) -> list[BaseRoute]:
    return [
        Route(
            f"/v1{stream.path}",
            streams.resource(stream.topic_of, stream.read, stream.final_types, stream.linger_seconds),
        )
        for feature in node.features
        for stream in feature.streams
    ]


def describe_live(node: "Node") -> dict[str, Any]:
    """The AsyncAPI document."""
    commands = [command for feature in node.features for command in feature.commands]
    return build_asyncapi(node.kinds.all, commands, node.settings.public_origin)


def _asyncapi(node: "Node"):  # type: ignore[no-untyped-def]
    document = describe_live(node)

    async def asyncapi(_: Request) -> Response:
        return JSONResponse(document)

    return asyncapi
