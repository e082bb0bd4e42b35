import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
import structlog
from tests.routing.osrm import Osrm, answer, osrm, route

from tiffin.base.geo import Point, distance_meters
from tiffin.demo.helsinki import DATA
from tiffin.routing import Routes, router

_START, _END = Point(60.1701, 24.9402), Point(60.1722, 24.9455)
_LINE = (Point(60.17, 24.94), Point(60.17, 24.945), Point(60.172, 24.945))
_GOOD = answer(route(*_LINE))


class _Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def server() -> AsyncIterator[Osrm]:
    async with osrm() as running:
        running.say(_GOOD)
        yield running


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
async def routes(server: Osrm, clock: _Clock) -> AsyncIterator[Routes]:
    asked = Routes(street_graph=DATA / "streets.json", router_url=server.url, now=clock)
    yield asked
    await asked.close()


async def _source(routes: Routes) -> str:
    return (await routes.find_way(_START, _END)).source


async def test_the_router_is_asked_first_and_the_ends_are_joined(routes: Routes, server: Osrm) -> None:
    way = await routes.find_way(_START, _END)
    assert way.points == (_START, *_LINE, _END)
    assert way.source == "router"
    assert way.meters == pytest.approx(sum(distance_meters(a, b) for a, b in pairwise(way.points)))
    stubs = distance_meters(_START, _LINE[0]) + distance_meters(_LINE[-1], _END)
    assert way.seconds == pytest.approx(60 + stubs / 4.5)
    assert server.asked == [
        "/route/v1/cycling/24.940200,60.170100;24.945500,60.172200?overview=full&geometries=geojson"
    ]


async def test_an_address_with_a_path_and_a_slash_is_kept(server: Osrm) -> None:
    routes = Routes(street_graph=None, router_url=f"{server.url}/osrm/")
    assert await _source(routes) == "router"
    assert server.asked[0].startswith("/osrm/route/v1/cycling/")
    await routes.close()


def test_an_address_that_is_none_is_an_error_at_the_start() -> None:
    with pytest.raises(httpx.InvalidURL):
        Routes(street_graph=None, router_url="http://127.0.0.1:many")


def _broken(**changes: Any) -> bytes:
    """A good answer with something else in its route."""
    content = route(*_LINE)
    content["routes"][0] |= changes
    return answer(content)


def _line(coordinates: Any, kind: str = "LineString") -> dict[str, Any]:
    return {"type": kind, "coordinates": coordinates}


_NEAR = [24.94, 60.17]
_BROKEN = {
    "no JSON": answer(b"<html>"),
    "half": answer(b'{"code": "Ok", "routes": [{"dura'),
    "a list": answer([]),
    "nested without end": answer(b"[" * 200_000),
    "no text": answer(b"\xff" * 100),
    "another code": answer({"code": "InvalidQuery", "message": "no"}, status=400),
    "another code with 200": answer({"code": "ok", "routes": []}),
    "a long code": answer({"code": "x" * 100_000}),
    "no route": answer({"code": "Ok", "routes": []}),
    "500": answer({"code": "Ok"} | route(*_LINE), status=500),
    "a redirect": answer(b"", status=302, more="Location: http://127.0.0.1:1/\r\n"),
    "huge": answer(_GOOD.partition(b"\r\n\r\n")[2] + b" " * 1_000_000),
    "packed": answer(gzip.compress(_GOOD.partition(b"\r\n\r\n")[2]), more="Content-Encoding: gzip\r\n"),
    "cut off": _GOOD[:-10],
    "no HTTP": b"hello\r\n\r\n",
    "nothing": b"",
    "endless time": answer(b'{"code":"Ok","routes":[{"duration":1e999,"geometry":null}]}'),
    "no number": _broken(duration=float("nan")),
    "before it began": _broken(duration=-1.0),
    "a text": _broken(duration="60"),
    "a polyline": _broken(geometry="_p~iF~ps|U_ulLnnqC"),
    "a point": _broken(geometry=_line(_NEAR, "Point")),
    "one position": _broken(geometry=_line([_NEAR])),
    "three numbers": _broken(geometry=_line([[24.94, 60.17, 0.0]] * 2)),
    "off the earth": _broken(geometry=_line([_NEAR, [24.94, 91.0]])),
    "not a place": _broken(geometry=_line([_NEAR, [24.94, float("nan")]])),
    "too many positions": _broken(geometry=_line([_NEAR] * 10_001)),
}


@pytest.mark.parametrize("reply", _BROKEN.values(), ids=_BROKEN)
async def test_after_a_bad_answer_the_street_graph_is_asked(routes: Routes, server: Osrm, reply: bytes) -> None:
    server.say(reply)
    with structlog.testing.capture_logs() as logs:
        assert await _source(routes) == "streets"
        assert await _source(routes) == "streets"
    assert len(server.asked) == 1
    assert [entry["event"] for entry in logs] == ["router_failed"]
    assert len(logs[0]["error"]) < 300


@pytest.mark.parametrize("reply", ["silence", "drip", "flood"])
async def test_a_router_that_does_not_finish_is_left(server: Osrm, monkeypatch: pytest.MonkeyPatch, reply: str) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            await asyncio.sleep(0.01)
            yield b" "

    async def flood() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield b" " * 100_000

    monkeypatch.setattr(router, "_ANSWER_SECONDS", 0.1)
    server.reply = {"silence": server.silence, "drip": drip, "flood": flood}[reply]
    routes = Routes(street_graph=None, router_url=server.url)
    async with asyncio.timeout(1.5):
        assert await _source(routes) == "straight"
    await routes.close()


async def test_a_router_that_is_not_there_costs_nothing_but_its_ways() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        routes = Routes(street_graph=None, router_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        way = await routes.find_way(_START, _END)
        assert way.source == "straight"
        assert await routes.travel_seconds(_START, _END) == way.seconds
        await routes.close()


async def test_an_outage_is_told_once_and_tried_every_ten_seconds(routes: Routes, server: Osrm, clock: _Clock) -> None:
    server.say(b"")
    with structlog.testing.capture_logs() as logs:
        for _ in range(4):
            assert await _source(routes) == "streets"
            clock.seconds += 5.1
        assert len(server.asked) == 2
        server.say(_GOOD)
        assert await _source(routes) == "router"
        assert await _source(routes) == "router"
    assert len(server.asked) == 4
    assert [entry["event"] for entry in logs] == ["router_failed", "router_back"]


async def test_after_an_outage_one_question_tries_and_the_others_do_without(
    routes: Routes, server: Osrm, clock: _Clock
) -> None:
    server.say(b"")
    await _source(routes)
    server.say(_GOOD)
    clock.seconds += 10
    assert sorted(await asyncio.gather(*(_source(routes) for _ in range(5)))) == ["router"] + ["streets"] * 4
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "reply",
    [
        answer({"code": "NoRoute", "message": "Impossible route between points"}, status=400),
        answer({"code": "NoSegment", "message": "Could not find a matching segment"}, status=400),
        answer(route(Point(52.5, 13.4), Point(52.6, 13.4))),
        answer(route(_LINE[0], Point(61.0, 25.0), _LINE[-1])),
    ],
    ids=["no way", "no street", "another city", "too long"],
)
async def test_that_it_knows_no_way_is_no_failure(routes: Routes, server: Osrm, reply: bytes) -> None:
    server.say(reply)
    assert await _source(routes) == "streets"
    server.say(_GOOD)
    assert await _source(routes) == "router"


async def test_on_a_way_that_is_known_the_router_is_not_asked_again(
    routes: Routes, server: Osrm, clock: _Clock
) -> None:
    way = await routes.find_way(_START, _END)
    pace = way.seconds / way.meters
    left = way.meters
    for before, point in pairwise(way.points[:-1]):
        middle = Point((before.latitude + point.latitude) / 2, (before.longitude + point.longitude) / 2)
        half = distance_meters(before, point) / 2
        assert await routes.travel_seconds(middle, _END) == pytest.approx((left - half) * pace, abs=40 * pace)
        left -= 2 * half
    assert len(server.asked) == 1
    clock.seconds += 901
    assert await routes.travel_seconds(_START, _END) == way.seconds
    assert len(server.asked) == 2


async def test_off_the_way_and_for_another_end_the_router_is_asked(routes: Routes, server: Osrm) -> None:
    await routes.find_way(_START, _END)
    await routes.travel_seconds(Point(60.1715, 24.941), _END)
    await routes.travel_seconds(_START, Point(60.1723, 24.9455))
    assert len(server.asked) == 3


async def test_what_is_kept_is_used_during_an_outage_and_bounded(
    server: Osrm, clock: _Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "_MOST_KEPT", 10)
    asked = router.Router(server.url, clock)
    assert await asked.travel_seconds(_START, _END) is not None
    server.say(b"")
    assert await asked.find_way(_START, _END) is None
    # the oldest are gone, which are those at the start
    assert await asked.travel_seconds(_START, _END) is None
    assert await asked.travel_seconds(_LINE[-1], _END) is not None
    await asked.close()
