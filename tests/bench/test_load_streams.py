import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.bench.broadcast import Broadcast, run_broadcast

from tiffin.bench.driver import http_request
from tiffin.bench.load_streams import Streams

_STREAM = http_request("GET", "/stream")
_CHANGE = http_request("POST", "/pub", body='{"seq":7}')
_COUNT = 30


@pytest.fixture
async def broadcast() -> AsyncIterator[Broadcast]:
    async with run_broadcast() as server:
        yield server


@pytest.fixture
def streams(broadcast: Broadcast) -> Iterator[Streams]:
    streams = Streams(broadcast.address, b"\n")
    yield streams
    streams.close()


async def _open(streams: Streams, count: int = _COUNT, **more: Any) -> dict[str, Any]:
    return await asyncio.to_thread(streams.open, requests=[_STREAM], count=count, until="\r\n\r\n", **more)


async def _publish(streams: Streams, broadcast: Broadcast, *, events: int = 1, burst: int = 1) -> dict[str, Any]:
    return await asyncio.to_thread(
        streams.publish,
        address=broadcast.address,
        requests=[_CHANGE],
        events=events,
        burst=burst,
        marker='"seq":',
    )


async def test_every_delivery_of_every_event_is_timed(broadcast: Broadcast, streams: Streams) -> None:
    assert (await _open(streams))["open"] == _COUNT
    seen = await _publish(streams, broadcast, events=2, burst=3)
    assert seen["deliveries"] == _COUNT * 2 * 3
    assert seen["bytes_each"] == len('{"seq":7}\n')
    assert 0 < seen["p50_ms"] <= seen["p99_ms"]


async def test_a_marker_cut_in_two_is_counted_once(broadcast: Broadcast, streams: Streams) -> None:
    broadcast.pieces = lambda body: [b'{"se', b'q":1}', b"\n"]
    await _open(streams)
    assert (await _publish(streams, broadcast, events=2))["deliveries"] == _COUNT * 2


async def test_what_came_before_does_not_count(broadcast: Broadcast, streams: Streams) -> None:
    await _open(streams)
    for stream in broadcast.streams:
        stream.write(b'{"seq":1}\n')
        await stream.drain()
    broadcast.pieces = lambda body: [body + b"\n"]
    assert (await _publish(streams, broadcast))["deliveries"] == _COUNT


async def test_a_refused_change_is_told(broadcast: Broadcast, streams: Streams) -> None:
    broadcast.answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    await _open(streams)
    with pytest.raises(ValueError, match="answered 403"):
        await _publish(streams, broadcast)


async def test_a_lost_stream_is_told(broadcast: Broadcast, streams: Streams) -> None:
    await _open(streams)
    broadcast.lose_everybody()
    with pytest.raises(ConnectionError, match="closed a stream"):
        await _publish(streams, broadcast)


async def test_the_first_frame_follows_the_head_and_opens_the_stream(broadcast: Broadcast, streams: Streams) -> None:
    greeted = asyncio.to_thread(
        streams.open, requests=[_STREAM], count=2, until="welcome", then=["POST /hello HTTP/1.1\r\n\r\n"]
    )
    broadcast.pieces = lambda body: [b"welcome\n"]
    assert (await greeted)["open"] == 2
    assert sum(request.startswith(b"POST /hello") for request in broadcast.requests) == 2
