"""The spot on a street that is nearest to a point, in some microseconds however large the city is.

Pieces of street lie in the cells of a grid. Rings of cells around the point are searched until none further out can
hold anything nearer. Distances are taken on a plane, which is good for a city and not for a country.
"""

from itertools import pairwise, product
from math import ceil, cos, floor, radians, sqrt
from typing import NamedTuple

from tiffin.base.geo import Point, distance_meters
from tiffin.routing.street_graph import StreetGraph
from tiffin.routing.way import REACH_METERS

_METERS_A_DEGREE = 111_195.0  # of latitude
_CELL_METERS = 30.0
# of a degree; a centimeter
_DECIMALS = 7

# ring k: what to add to a cell's column and row for the cells that are k away from it
_RINGS = [
    [(x, y) for x in range(-k, k + 1) for y in range(-k, k + 1) if max(abs(x), abs(y)) == k]
    for k in range(ceil(REACH_METERS / _CELL_METERS) + 1)
]


class Spot(NamedTuple):
    """A position on a street."""

    # number of the piece it is on
    piece: int
    # how far along the piece, from 0 at its start to 1
    share: float
    position: Point
    # from the point that was asked for
    away_meters: float


class _Line(NamedTuple):
    """A piece on the plane: its start and what leads to its end, in meters."""

    x: float
    y: float
    dx: float
    dy: float
    # 1 by the square of its length; 0 if it has none
    inverse: float
    piece: int


class _Candidate(NamedTuple):
    """The nearest so far."""

    # square of its distance in meters
    square: float
    piece: int
    share: float


class NearestStreet:
    """The grid over all pieces of a graph."""

    def __init__(self, graph: StreetGraph) -> None:
        self._graph = graph
        latitudes = [point.latitude for point in graph.points]
        self._shrink = cos(radians((min(latitudes) + max(latitudes)) / 2))
        self._cells: dict[tuple[int, int], list[_Line]] = {}
        for number in range(len(graph.pieces)):
            line = self._line(number)
            for cell in _cells(line):
                self._cells.setdefault(cell, []).append(line)

    def find(self, point: Point) -> Spot | None:
        """The nearest spot; None if there is none within reach."""
        x, y = self._on_plane(point)
        column, row = floor(x / _CELL_METERS), floor(y / _CELL_METERS)
        left, below = x - column * _CELL_METERS, y - row * _CELL_METERS
        margin = min(left, _CELL_METERS - left, below, _CELL_METERS - below)
        cells, best = self._cells, _Candidate(REACH_METERS**2, -1, 0.0)
        for distance, ring in enumerate(_RINGS):
            for right, up in ring:
                if lines := cells.get((column + right, row + up)):
                    best = _nearer(best, lines, x, y)
            if best.square <= (margin + distance * _CELL_METERS) ** 2:
                break
        return None if best.piece < 0 else self._spot(best, point)

    def _spot(self, found: _Candidate, point: Point) -> Spot:
        piece = self._graph.pieces[found.piece]
        a, b = self._graph.points[piece.start], self._graph.points[piece.end]
        position = Point(
            round(a.latitude + found.share * (b.latitude - a.latitude), _DECIMALS),
            round(a.longitude + found.share * (b.longitude - a.longitude), _DECIMALS),
        )
        return Spot(found.piece, found.share, position, distance_meters(point, position))

    def _on_plane(self, point: Point) -> tuple[float, float]:
        return point.longitude * self._shrink * _METERS_A_DEGREE, point.latitude * _METERS_A_DEGREE

    def _line(self, number: int) -> _Line:
        piece = self._graph.pieces[number]
        x, y = self._on_plane(self._graph.points[piece.start])
        to_x, to_y = self._on_plane(self._graph.points[piece.end])
        square = (to_x - x) ** 2 + (to_y - y) ** 2
        return _Line(x, y, to_x - x, to_y - y, 1 / square if square else 0.0, number)


def _nearer(best: _Candidate, lines: list[_Line], x: float, y: float) -> _Candidate:
    """The best so far, or the one of the lines that comes nearer."""
    nearest, at, along = best
    for line_x, line_y, dx, dy, inverse, piece in lines:
        share = ((x - line_x) * dx + (y - line_y) * dy) * inverse
        if share < 0.0:
            share = 0.0
        elif share > 1.0:
            share = 1.0
        away_x, away_y = line_x + share * dx - x, line_y + share * dy - y
        square = away_x * away_x + away_y * away_y
        if square < nearest:
            nearest, at, along = square, piece, share
    return best if at == best.piece else _Candidate(nearest, at, along)


def _cells(line: _Line) -> set[tuple[int, int]]:
    """All cells the line touches, and a few beside it: those at the corners around each step of a cell's length."""
    steps = ceil(sqrt(line.dx**2 + line.dy**2) / _CELL_METERS) or 1
    columns = [floor((line.x + line.dx * step / steps) / _CELL_METERS) for step in range(steps + 1)]
    rows = [floor((line.y + line.dy * step / steps) / _CELL_METERS) for step in range(steps + 1)]
    corners = zip(pairwise(columns), pairwise(rows), strict=True)
    return {cell for two_columns, two_rows in corners for cell in product(two_columns, two_rows)}
