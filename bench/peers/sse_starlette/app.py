"""sse-starlette as its documentation uses it: a queue and a task for each client."""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

queues: set["asyncio.Queue[str]"] = set()
_NEVER_SECONDS = 3600


async def subscribe(_: Request) -> Response:
    """An event stream."""
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def events() -> AsyncIterator[dict[str, str]]:
        queues.add(queue)
        try:
            while True:
                yield {"event": "bench", "data": await queue.get()}
        finally:
            queues.discard(queue)

    return EventSourceResponse(events(), ping=_NEVER_SECONDS)


async def publish(request: Request) -> Response:
    """Send the body to everybody."""
    text = (await request.body()).decode()
    for queue in queues:
        queue.put_nowait(text)
    return Response(status_code=204)


app = Starlette(routes=[Route("/sub", subscribe), Route("/pub", publish, methods=["POST"])])
