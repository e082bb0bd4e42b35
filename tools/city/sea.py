"""The sea: OpenStreetMap draws only coastlines, with land on the left, so the water between them has to be closed."""

from shapely.geometry import LineString, Point, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, unary_union

# degrees; about a metre
_STEP = 0.00001


def polygon(coastlines: list[LineString], bounds: tuple[float, float, float, float]) -> BaseGeometry:
    """All water that lies to the right of a coastline, within the bounds."""
    edge = box(*_reached(coastlines, bounds))
    pieces = list(polygonize(unary_union([edge.boundary, *(line.intersection(edge) for line in coastlines)])))
    wet = [piece for piece in pieces if any(piece.contains(point) for line in coastlines for point in _right_of(line))]
    return unary_union(wet)


def _reached(
    coastlines: list[LineString], bounds: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """The bounds, drawn in to where every coastline crosses them: the extract cuts each a little differently."""
    west, south, east, north = bounds
    ends = [line.coords[at][0] for line in coastlines for at in (0, -1)]
    return west, south, min(east, *ends), north


def _right_of(line: LineString) -> list[Point]:
    """Points just to the right of the middle of each segment."""
    points = []
    for (x, y), (to_x, to_y) in zip(line.coords, line.coords[1:], strict=False):
        length = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
        if length > 0:
            right = (to_y - y) / length * _STEP, -(to_x - x) / length * _STEP
            points.append(Point((x + to_x) / 2 + right[0], (y + to_y) / 2 + right[1]))
    return points
