"""Ways from an OSRM-compatible router, by HTTP: https://project-osrm.org/docs/v5.24.0/api/#route-service.

A router is another program: it may be down, slow, or answer anything. Its answer is bounded and checked; after a
failure it is left alone for some seconds, then one question tries it again while all others do without. That it knows
no way, or none near the points, is an answer and no failure.

What it said is kept along the way for some minutes, so a courier who rides where it led needs no new question. Such
an estimate is good to about the side of a cell, 40 m.
"""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from math import floor
from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tiffin.base.geo import Point, distance_meters
from tiffin.base.telemetry import get_logger
from tiffin.routing.way import BICYCLE_METERS_PER_SECOND, REACH_METERS, Way, without_repeats

_log = get_logger("routing.router")

_ANSWER_SECONDS = 2.0
_PAUSE_SECONDS = 10.0
_MOST_BYTES = 1_000_000
_MOST_POINTS = 10_000
# further than a courier goes by bicycle
_LONGEST_METERS = 100_000
_MOST_CONNECTIONS = 20
# OSRM closes a connection that is idle for 5 s
_KEEP_ALIVE_SECONDS = 4.0

_CELLS_A_DEGREE = 3000
_STEP_METERS = 15.0
_MOST_KEPT = 100_000
_KEPT_SECONDS = 900.0

_Position = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]
# an end, and the row and column of a cell that ways to it pass
_Cell = tuple[Point, int, int]


class _BadAnswer(Exception):
    """The router answered, and not as OSRM does."""


class _Line(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    type: Literal["LineString"]
    coordinates: list[_Position] = Field(min_length=2, max_length=_MOST_POINTS)


class _Route(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    duration: float = Field(ge=0, le=1_000_000)
    geometry: _Line


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)

    code: str = Field(max_length=40)
    routes: list[_Route] = Field(default_factory=list, max_length=10)


class Router:
    """Asks one router. None is the answer where it knows no way or does not answer."""

    def __init__(self, url: str, now: Callable[[], float] = time.monotonic) -> None:
        """Raises httpx.InvalidURL."""
        self._now = now
        limits = httpx.Limits(
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_CONNECTIONS,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
        )
        # without compression an answer cannot be larger than what comes
        headers = {"Accept-Encoding": "identity"}
        self._client = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=_ANSWER_SECONDS, limits=limits, trust_env=False
        )
        self._is_down = False
        self._silent_until = 0.0
        # seconds from a cell to an end, and until when that is believed; the oldest goes first
        self._kept: dict[_Cell, tuple[float, float]] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def find_way(self, start: Point, end: Point) -> Way | None:
        """The router's best way, from and to the points themselves."""
        if self._now() < self._silent_until:
            return None
        if self._is_down:
            self._silent_until = self._now() + _PAUSE_SECONDS
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = _checked(*await self._get(_path(start, end)))
        except (httpx.HTTPError, TimeoutError, _BadAnswer) as error:
            self._note_failure(error)
            return None
        self._note_success()
        way = None if answer is None else _way(start, answer, end)
        if way is not None:
            self._keep(way)
        return way

    async def travel_seconds(self, start: Point, end: Point) -> float | None:
        """What is kept, or else what `find_way` says."""
        seconds, until = self._kept.get(_cell(start.latitude, start.longitude, end), (0.0, 0.0))
        if self._now() < until:
            return seconds
        way = await self.find_way(start, end)
        return None if way is None else way.seconds

    async def _get(self, path: str) -> tuple[int, bytes]:
        """Status and body. Raises _BadAnswer if it is too large."""
        body = bytearray()
        async with self._client.stream("GET", path) as response:
            async for part in response.aiter_raw():
                body += part
                if len(body) > _MOST_BYTES:
                    raise _BadAnswer(f"larger than {_MOST_BYTES} bytes")
        return response.status_code, bytes(body)

    def _note_failure(self, error: Exception) -> None:
        self._silent_until = self._now() + _PAUSE_SECONDS
        if not self._is_down:
            _log.warning("router_failed", error=repr(error), next_try_seconds=_PAUSE_SECONDS)
        self._is_down = True

    def _note_success(self) -> None:
        self._silent_until = 0.0
        if self._is_down:
            _log.info("router_back")
        self._is_down = False

    def _keep(self, way: Way) -> None:
        """Note for each cell along the way how long it still takes from there."""
        end, until, left = way.points[-1], self._now() + _KEPT_SECONDS, way.meters
        pace = way.seconds / way.meters if way.meters else 0.0
        for a, b in pairwise(way.points):
            meters = distance_meters(a, b)
            steps = int(meters // _STEP_METERS) + 1
            for share in (step / steps for step in range(steps)):
                latitude = a.latitude + share * (b.latitude - a.latitude)
                longitude = a.longitude + share * (b.longitude - a.longitude)
                self._kept[_cell(latitude, longitude, end)] = (left - share * meters) * pace, until
            left -= meters
        while len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]


def _path(start: Point, end: Point) -> str:
    ends = ";".join(f"{point.longitude:.6f},{point.latitude:.6f}" for point in (start, end))
    return f"/route/v1/cycling/{ends}?overview=full&geometries=geojson"


def _checked(status: int, body: bytes) -> _Route | None:
    """The route; None if there is none between these points. Raises _BadAnswer."""
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        raise _BadAnswer(f"status {status}, {fault['loc']}: {fault['msg']}") from None
    if answer.code in ("NoRoute", "NoSegment"):
        return None
    if status != httpx.codes.OK or answer.code != "Ok" or not answer.routes:
        raise _BadAnswer(f"status {status}, code {answer.code}")
    return answer.routes[0]


def _way(start: Point, route: _Route, end: Point) -> Way | None:
    """The route with what is missing at its ends; None if that is much: the router's streets are of another city."""
    line = [Point(latitude, longitude) for longitude, latitude in route.geometry.coordinates]
    missing = distance_meters(start, line[0]), distance_meters(line[-1], end)
    points = without_repeats([start, *line, end])
    meters = sum(distance_meters(a, b) for a, b in pairwise(points))
    if max(missing) > REACH_METERS or meters > _LONGEST_METERS:
        return None
    return Way(points, meters, route.duration + sum(missing) / BICYCLE_METERS_PER_SECOND, "router")


def _cell(latitude: float, longitude: float, end: Point) -> _Cell:
    return end, floor(latitude * _CELLS_A_DEGREE), floor(longitude * _CELLS_A_DEGREE)
