"""A way from one point to another, and the simplest of all: the straight line."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tiffin.base.geo import Point, distance_meters

BICYCLE_METERS_PER_SECOND = 4.5
# a point further than this from every street is not reached by them
REACH_METERS = 500.0
# by streets it is about this much longer than the crow flies
_DETOUR = 1.35

Source = Literal["streets", "router", "straight"]


@dataclass(frozen=True, slots=True)
class Way:
    """`points` begin at the start and end at the end; `meters` are those to ride, not those of the points."""

    points: tuple[Point, ...]
    meters: float
    seconds: float
    source: Source


def straight_way(start: Point, end: Point) -> Way:
    """The line between two points, as long and as slow as streets would be."""
    meters = distance_meters(start, end) * _DETOUR
    return Way((start, end), meters, meters / BICYCLE_METERS_PER_SECOND, "straight")


def without_repeats(points: Sequence[Point]) -> tuple[Point, ...]:
    """The line without pieces of no length; its two ends stay, also where they are the same."""
    kept = [point for point, following in pairwise(points) if point != following]
    return (*(kept or points[:1]), points[-1])
