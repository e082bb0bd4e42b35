"""Ways between two points and how long they take; straight lines, until there are streets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tiffin.base.geo import Point, distance_meters

Source = Literal["streets", "router", "straight"]


@dataclass(frozen=True, slots=True)
class Way:
    points: tuple[Point, ...]
    meters: float
    seconds: float
    source: Source


class Routes:
    def __init__(self, *, street_graph: Path | None, router_url: str | None) -> None: ...
    async def find_way(self, start: Point, end: Point) -> Way:
        m = distance_meters(start, end) * 1.35
        return Way((start, end), m, m / 4.5, "straight")

    async def travel_seconds(self, start: Point, end: Point) -> float:
        return (await self.find_way(start, end)).seconds

    async def close(self) -> None: ...
