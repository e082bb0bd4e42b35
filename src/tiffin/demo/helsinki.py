"""Central Helsinki from OpenStreetMap: where the demo's restaurants stand and its customers live.

Made by `make city`; © OpenStreetMap contributors, ODbL (see `data/helsinki/NOTICE`). Positions are WGS 84 degrees.
"""

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tiffin.base.geo import Point, distance_meters

DATA = Path(__file__).parent / "data" / "helsinki"
BASEMAP = DATA / "basemap.pmtiles"
STREETS = DATA / "streets.json"

# restaurants stand at least this far apart, so that a map can show them
_APART_METERS = 150
_MOST_SITES = 24


@dataclass(frozen=True, slots=True)
class Site:
    """A real address."""

    street: str
    latitude: float
    longitude: float


@functools.cache
def restaurant_sites() -> tuple[Site, ...]:
    """Real places to eat for invented restaurants, spread over the city."""
    sites = [_site(place) for place in _load("places.json") if "street" in place]
    random.Random(3).shuffle(sites)
    chosen: list[Site] = []
    for site in sites:
        if len(chosen) < _MOST_SITES and all(_meters(site, other) >= _APART_METERS for other in chosen):
            chosen.append(site)
    return tuple(chosen)


@functools.cache
def doorsteps() -> tuple[Site, ...]:
    """Every address, in no order."""
    sites = [_site(address) for address in _load("addresses.json")]
    random.Random(5).shuffle(sites)
    return tuple(sites)


def _load(name: str) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads((DATA / name).read_bytes())
    return found


def _site(entry: dict[str, Any]) -> Site:
    longitude, latitude = entry["position"]
    return Site(f"{entry['street']} {entry['number']}", latitude, longitude)


def _meters(one: Site, other: Site) -> float:
    return distance_meters(Point(one.latitude, one.longitude), Point(other.latitude, other.longitude))
