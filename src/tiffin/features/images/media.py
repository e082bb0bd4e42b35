"""The files of pictures: named by their content, never changed, cached for ever.

Anybody who knows a name may read it; a name holds 190 bits that nobody guesses, and what is shown on menus is public.
Nothing of what strangers sent is ever served, only what the decoder wrote; and browsers are told not to take it for
anything but a picture.
"""

import re
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tiffin.features.images.schemas import MEDIA_PATH
from tiffin.http.problems import problem_response
from tiffin.storage import MissingObject, Objects, StorageUnavailable

_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{16}-\d{1,4}\.(webp|jpg|avif)")
_TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "avif": "image/avif"}
_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": "inline",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}
_CACHE_BYTES = 32_000_000


class MediaFiles:
    """Serves them, the ones asked for last out of memory."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        # by name, the least recently used first; at most `_CACHE_BYTES` of them
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._cached_bytes = 0

    def routes(self) -> tuple[Route, ...]:
        """The one route."""
        return (Route(f"{MEDIA_PATH}/{{name:path}}", self._get, methods=["GET"]),)

    async def _get(self, request: Request) -> Response:
        name = request.path_params["name"]
        if _NAME.fullmatch(name) is None:
            return _missing()
        headers = {**_HEADERS, "etag": f'"{name.rsplit("/", 1)[-1]}"'}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        try:
            data = await self._read(name)
        except MissingObject:
            return _missing()
        except StorageUnavailable as error:
            return problem_response(503, "Service Unavailable", error.code, str(error), None, {"retry-after": "2"})
        return Response(data, headers=headers, media_type=_TYPES[name.rsplit(".", 1)[-1]])

    async def _read(self, name: str) -> bytes:
        data = self._cache.get(name)
        if data is not None:
            self._cache.move_to_end(name)
            return data
        data = await self._objects.get(f"pictures/{name}")
        if name not in self._cache:
            self._cache[name] = data
            self._cached_bytes += len(data)
        while self._cached_bytes > _CACHE_BYTES:
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= len(oldest)
        return data


def _missing() -> Response:
    return problem_response(404, "Not Found", "picture_not_found", "There is no such picture (any more).")
