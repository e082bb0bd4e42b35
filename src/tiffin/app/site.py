"""The browser apps: pages that are never cached, and hashed files that are cached for ever.

The built files lie in `site/` beside this module (`make site`, or in the wheel). Text is served as it was compressed
when it was built. Every page comes with a content security policy that allows this origin and nothing inline.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

SITE = Path(__file__).parent / "site"
BASEMAP = "/map/basemap.pmtiles"

# the pages of each app; everything else on them is drawn in the browser
PAGES: dict[str, tuple[str, ...]] = {
    "customer": (
        "/",
        "/restaurants/{id}",
        "/checkout",
        "/orders",
        "/orders/{id}",
        "/help",
        "/help/{id}",
        "/account",
        "/log-in",
    ),
    "kitchen": ("/kitchen", "/kitchen/{id}", "/kitchen/{id}/pictures"),
    "courier": ("/courier",),
    "support": ("/support",),
    "admin": ("/admin", "/admin/{page}"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_EVERYWHERE = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}
_PAGE = {
    **_EVERYWHERE,
    "cache-control": "no-cache",
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), payment=(), geolocation=(self)",
    "x-frame-options": "DENY",
}
_FOR_EVER = {**_EVERYWHERE, "cache-control": "public, max-age=31536000, immutable"}
_FOR_AN_HOUR = {**_EVERYWHERE, "cache-control": "public, max-age=3600"}
_NOT_BUILT = "The browser apps have not been built. Run `make site` (or `make demo`, which does), then load this again."
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_SUFFIXES = frozenset(suffix for _, suffix in _ENCODINGS)


def site_routes(basemap: Path | None, folder: Path = SITE) -> Sequence[BaseRoute]:
    """Pages, their files, and the map's tiles, where there are any. What is not there now is not served later."""
    assets = folder / "assets"
    names = [path.name for path in assets.iterdir() if path.suffix not in _SUFFIXES] if assets.is_dir() else []
    return [
        *(
            Route(path, _page(folder / app / "index.html"), methods=["GET"])
            for app, paths in PAGES.items()
            for path in paths
        ),
        *(Route(f"/assets/{name}", _Text(assets / name, _FOR_EVER), methods=["GET"]) for name in names),
        *_files({"/icon.svg": folder / "icon.svg", BASEMAP: basemap}),
    ]


def _page(path: Path) -> ASGIApp:
    return _Text(path, _PAGE) if path.is_file() else PlainTextResponse(_NOT_BUILT, 503, _EVERYWHERE)


def _files(served: Mapping[str, Path | None]) -> Sequence[BaseRoute]:
    return [
        Route(path, _File(file), methods=["GET"])
        for path, file in served.items()
        if file is not None and file.is_file()
    ]


class _Text:
    """A file in the smallest form that was built and the client takes."""

    def __init__(self, path: Path, headers: Mapping[str, str]) -> None:
        self._path = path
        self._headers = {**headers, "vary": "accept-encoding"}
        self._media_type = FileResponse(path).media_type
        # what is smallest comes first
        self._forms = {name: form for name, suffix in _ENCODINGS if (form := Path(f"{path}{suffix}")).is_file()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = Headers(scope=scope).get("accept-encoding", "")
        taken = {part.partition(";")[0].strip() for part in accepted.split(",")}
        encoding = next((name for name in self._forms if name in taken), None)
        if encoding is None:
            response = FileResponse(self._path, headers=self._headers)
        else:
            headers = {**self._headers, "content-encoding": encoding}
            response = FileResponse(self._forms[encoding], headers=headers, media_type=self._media_type)
        await response(scope, receive, send)


class _File:
    """A file that is asked for in ranges, or seldom."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await FileResponse(self._path, headers=_FOR_AN_HOUR)(scope, receive, send)
