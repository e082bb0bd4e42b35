"""What a node asks for ways and travel times: the router if there is one, then the street graph, then a line."""

import time
from collections.abc import Callable
from pathlib import Path

from tiffin.base.geo import Point
from tiffin.routing.router import Router
from tiffin.routing.street_graph import load_street_graph
from tiffin.routing.streets import Streets
from tiffin.routing.way import Way, straight_way


class Routes:
    """Every question has an answer: a source that is down or knows nothing of the points is passed over."""

    def __init__(
        self, *, street_graph: Path | None, router_url: str | None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises BrokenStreetGraph, and httpx.InvalidURL for an address that is none."""
        self._router = Router(router_url, now) if router_url else None
        self._streets = Streets(load_street_graph(street_graph)) if street_graph else None
        # the best first
        self._sources = [source for source in (self._router, self._streets) if source is not None]

    async def find_way(self, start: Point, end: Point) -> Way:
        """The way from start to end, for a bicycle."""
        for source in self._sources:
            if way := await source.find_way(start, end):
                return way
        return straight_way(start, end)

    async def travel_seconds(self, start: Point, end: Point) -> float:
        """The same estimate, cheap when asked again and again with the same end."""
        for source in self._sources:
            if (seconds := await source.travel_seconds(start, end)) is not None:
                return seconds
        return straight_way(start, end).seconds

    async def close(self) -> None:
        """Close the router's connections."""
        if self._router is not None:
            await self._router.close()
