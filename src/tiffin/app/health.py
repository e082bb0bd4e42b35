"""Is the node alive, is it ready, and how is it: `/healthz`, `/readyz`, `/metrics`.

`/readyz` tells the age of the oldest work nobody has done: a consumer that died silently is loud here.
"""

import time

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tiffin.base.errors import Unavailable
from tiffin.db import Database
from tiffin.nats import NatsConnection
from tiffin.realtime.hub import Hub
from tiffin.work.relay import read_backlog

# older than this, the relay itself is not working
_OLDEST_WORK_SECONDS = 30.0


class Health:
    """The state of one node's parts."""

    def __init__(self, database: Database, nats: NatsConnection, hub: Hub) -> None:
        self._database = database
        self._nats = nats
        self._hub = hub

    def routes(self) -> list[Route]:
        """The three endpoints."""
        return [
            Route("/healthz", self.alive, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def alive(self, _: Request) -> Response:
        """200 while the event loop turns."""
        return _json({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        """200 if this node can serve; 503 with what is wrong. NATS down is told and does not make it unready."""
        problems = []
        rows, age_seconds, answered_ms = 0, 0.0, None
        try:
            started = time.perf_counter()
            async with self._database.connection() as connection:
                rows, age_seconds = await read_backlog(connection)
            answered_ms = round((time.perf_counter() - started) * 1000, 1)
        except Unavailable:
            problems.append("the database does not answer: check TIFFIN_DATABASE_URL and the server")
        if age_seconds > _OLDEST_WORK_SECONDS:
            problems.append("work is not being done: is a relay running?")
        if answered_ms is not None and not self._hub.is_fresh:
            problems.append("the head check is late: live streams of guarded topics are held back")
        if self._hub.draining:
            problems.append("draining")
        body = {
            "status": "ready" if not problems else "not ready",
            "problems": problems,
            "database_ms": answered_ms,
            "nats": "connected" if self._nats.is_connected else "away: slower, nothing is lost",
            "overdue_work": {"rows": rows, "oldest_seconds": round(age_seconds, 1)},
            "live": {"topics": len(self._hub.topics), "connections": len(self._hub.subscribers)},
        }
        return _json(body, 503 if problems else 200)

    async def metrics(self, _: Request) -> Response:
        """Prometheus's text format."""
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


def _json(body: object, status: int = 200) -> Response:
    content = orjson.dumps(body, option=orjson.OPT_INDENT_2)
    return Response(content, status, {"cache-control": "no-store"}, "application/json")
