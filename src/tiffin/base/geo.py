"""Points on the earth (WGS 84, degrees) and the distance between them."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

_EARTH_RADIUS_METERS = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True, slots=True)
class Point:
    """A position: latitude and longitude in degrees."""

    latitude: float
    longitude: float


def distance_meters(a: Point, b: Point) -> float:
    """The great-circle distance (haversine), exact to about 0.5 %."""
    latitude_a, latitude_b = radians(a.latitude), radians(b.latitude)
    half = (
        sin((latitude_b - latitude_a) / 2) ** 2
        + cos(latitude_a) * cos(latitude_b) * sin(radians(b.longitude - a.longitude) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_METERS * asin(min(1.0, sqrt(half)))
