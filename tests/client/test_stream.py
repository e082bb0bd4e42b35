import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.client.fakes import Exchange, StreamServer, event, nobody, quick, sync

from tiffin.client.errors import Disconnected, PositionLost, ProblemError, TopicRefused
from tiffin.client.positions import Event
from tiffin.client.stream import EventStream


def _stream(
    *servers: StreamServer, topics: tuple[str, ...] = ("t.1",), at: str | None = "e:0", **more: Any
) -> EventStream:
    origins = [server.origin for server in servers]
    more.setdefault("positions", dict.fromkeys(topics, at))
    return EventStream(quick(*origins), more.pop("token", nobody), "/v1/events", topics, **more)


@asynccontextmanager
async def _taking(stream: EventStream) -> AsyncIterator[asyncio.Queue[Event]]:
    """Iterates in a task; what was taken goes into the queue."""
    taken: asyncio.Queue[Event] = asyncio.Queue()

    async def iterate() -> None:
        async with stream:
            async for item in stream:
                taken.put_nowait(item)

    task = asyncio.create_task(iterate())
    try:
        yield taken
        stream.close()
        await task
    finally:
        task.cancel()


async def _numbers(taken: "asyncio.Queue[Event]", count: int) -> list[int]:
    async with asyncio.timeout(5):
        return [(await taken.get()).seq for _ in range(count)]


async def test_names_its_topics_and_positions(stream_server: StreamServer) -> None:
    async with _taking(_stream(stream_server, topics=("t.1", "t.2"), positions={"t.1": "e:4"})):
        exchange = await stream_server.accept()
        assert exchange.target == "/v1/events?topic=t.1&topic=t.2"
        assert exchange.headers["last-event-id"] == "e:4;-"
        assert exchange.headers["accept"] == "text/event-stream"


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
async def test_reads_chunks_cut_anywhere(stream_server: StreamServer, size: int) -> None:
    async with _taking(_stream(stream_server)) as taken:
        exchange = await stream_server.accept()
        recorder = Exchange.__new__(Exchange)
        written = bytearray()

        async def record(data: bytes) -> None:
            written.extend(data)

        recorder.raw = record  # type: ignore[method-assign]
        await recorder.send("sync", sync())
        await recorder.events(1, 2, 3)
        for at in range(0, len(written), size):
            await exchange.raw(bytes(written[at : at + size]))
        assert await _numbers(taken, 3) == [1, 2, 3]


async def test_goes_on_where_it_stood_and_drops_what_it_has_seen(stream_server: StreamServer) -> None:
    async with _taking(_stream(stream_server)) as taken:
        exchange = await stream_server.accept()
        await exchange.send("sync", sync())
        await exchange.events(1, 2)
        assert await _numbers(taken, 2) == [1, 2]
        exchange.cut()
        exchange = await stream_server.accept()
        assert exchange.headers["last-event-id"] == "e:2"
        await exchange.send("sync", sync(begin=1, to=3))
        await exchange.events(2, 3)
        assert await _numbers(taken, 1) == [3]


async def test_an_event_whose_handling_failed_comes_again(stream_server: StreamServer) -> None:
    stream = _stream(stream_server)
    serving = asyncio.create_task(stream_server.accept())

    async def take_one() -> Event:
        async with stream:
            return await anext(stream)

    task = asyncio.create_task(take_one())
    exchange = await serving
    await exchange.events(1)
    assert (await task).seq == 1
    assert stream.positions.text("t.1") == "e:0"


async def test_a_missing_event_is_asked_for(stream_server: StreamServer) -> None:
    async with _taking(_stream(stream_server)) as taken:
        exchange = await stream_server.accept()
        await exchange.send("sync", sync())
        await exchange.events(1, 3)
        exchange = await stream_server.accept()
        assert exchange.headers["last-event-id"] == "e:1"
        await exchange.events(2, 3)
        assert await _numbers(taken, 3) == [1, 2, 3]


async def test_a_snapshot_repairs_a_lost_position(stream_server: StreamServer) -> None:
    loaded: list[str] = []

    async def snapshot(topic: str) -> str:
        loaded.append(topic)
        return "e:8"

    async with _taking(_stream(stream_server, at="old:3", snapshot=snapshot)) as taken:
        exchange = await stream_server.accept()
        await exchange.send("sync", sync(ok=False, reason="epoch", to=6))
        await exchange.events(7, 8, 9)
        assert await _numbers(taken, 1) == [9]
        assert loaded == ["t.1"]


async def test_a_snapshot_that_fails_for_a_moment_is_loaded_again(stream_server: StreamServer) -> None:
    failures = [ConnectionError(), ProblemError(503, "unavailable", "down")]

    async def snapshot(topic: str) -> str:
        if failures:
            raise failures.pop()
        return "e:6"

    async with _taking(_stream(stream_server, at=None, snapshot=snapshot)) as taken:
        for _ in range(2):
            await (await stream_server.accept()).send("sync", sync(ok=False, reason="position", to=6))
        exchange = await stream_server.accept()
        await exchange.send("sync", sync(ok=False, reason="position", to=6))
        await exchange.events(7)
        assert await _numbers(taken, 1) == [7]


async def test_a_gap_without_snapshot_is_not_silent(stream_server: StreamServer) -> None:
    stream = _stream(stream_server, at="old:3")
    with pytest.raises(PositionLost):
        async with _taking(stream):
            exchange = await stream_server.accept()
            await exchange.send("sync", sync(ok=False, reason="trimmed", to=6))
            await exchange.wait_closed()


async def test_one_refused_topic_of_two_stops_nothing(stream_server: StreamServer) -> None:
    stream = _stream(stream_server, topics=("t.1", "t.2"))
    async with _taking(stream) as taken:
        exchange = await stream_server.accept()
        await exchange.send("sync", {"topic": "t.2", "ok": False, "reason": "forbidden"})
        await exchange.send("sync", sync())
        await exchange.events(1)
        assert await _numbers(taken, 1) == [1]
        assert stream.live.is_set()
        assert stream.positions.refused == {"t.2": "forbidden"}


async def test_nothing_to_read_at_all_is_an_error(stream_server: StreamServer) -> None:
    with pytest.raises(TopicRefused):
        async with _taking(_stream(stream_server)):
            exchange = await stream_server.accept()
            await exchange.send("sync", {"topic": "t.1", "ok": False, "reason": "unknown"})
            await exchange.wait_closed()


async def test_silence_is_a_lost_connection(stream_server: StreamServer) -> None:
    async with _taking(_stream(stream_server, watchdog_seconds=0.05)):
        first = await stream_server.accept()
        await stream_server.accept()
        await first.wait_closed()


async def test_moves_to_another_node(stream_server: StreamServer) -> None:
    async with StreamServer.run() as other, _taking(_stream(stream_server, other)) as taken:
        exchange = await stream_server.accept()
        await exchange.events(1)
        await _numbers(taken, 1)
        await exchange.bye(4200, "drain")
        exchange = await other.accept()
        await exchange.events(2)
        assert await _numbers(taken, 1) == [2]


async def test_a_node_that_is_down_is_passed_over(stream_server: StreamServer) -> None:
    async with StreamServer.run() as dead:
        origin = dead.origin
    stream = EventStream(quick(origin, stream_server.origin), nobody, "/v1/events", ["t.1"])
    async with _taking(stream):
        await stream_server.accept()


async def test_overload_is_waited_for(stream_server: StreamServer) -> None:
    async with _taking(_stream(stream_server)) as taken:
        await (await stream_server.accept(503, **{"retry-after": "0", "content-length": "0"})).wait_closed()
        exchange = await stream_server.accept()
        await exchange.events(1)
        assert await _numbers(taken, 1) == [1]


async def test_ends_when_nothing_more_can_happen(stream_server: StreamServer) -> None:
    stream = _stream(stream_server)
    task = asyncio.create_task(anext(stream, None))
    exchange = await stream_server.accept()
    await exchange.bye(4201, "lifetime")
    await stream_server.accept(204)
    assert await task is None


async def test_done_ends_the_iteration(stream_server: StreamServer) -> None:
    task = asyncio.create_task(anext(_stream(stream_server), None))
    await (await stream_server.accept()).bye(4006, "done", come_back=False)
    assert await task is None


async def test_a_revoked_session_does_not_come_back(stream_server: StreamServer) -> None:
    task = asyncio.create_task(anext(_stream(stream_server), None))
    await (await stream_server.accept()).bye(4005, "revoked", come_back=False)
    with pytest.raises(Disconnected, match="revoked"):
        await task


async def test_an_expired_token_is_renewed_once(stream_server: StreamServer) -> None:
    refused: list[str | None] = []

    async def token(old: str | None) -> str | None:
        refused.append(old)
        return f"token{len(refused)}"

    task = asyncio.create_task(anext(_stream(stream_server, token=token), None))
    exchange = await stream_server.accept()
    assert exchange.headers["authorization"] == "Bearer token1"
    await exchange.bye(4001, "unauthenticated", come_back=False)
    exchange = await stream_server.accept()
    assert exchange.headers["authorization"] == "Bearer token2"
    assert refused == [None, "token1"]
    await exchange.bye(4001, "unauthenticated", come_back=False)
    with pytest.raises(Disconnected):
        await task


async def test_an_error_status_is_told(stream_server: StreamServer) -> None:
    body = b'{"status":404,"code":"not_found","detail":"Nothing here.","type":"","title":"","id":"7"}'
    task = asyncio.create_task(anext(_stream(stream_server), None))
    exchange = await stream_server.accept(404, **{"content-length": str(len(body))})
    await exchange.raw(body)
    with pytest.raises(ProblemError) as caught:
        await task
    assert (caught.value.code, caught.value.details) == ("not_found", {"id": "7"})


async def test_a_resource_begins_with_its_state(stream_server: StreamServer) -> None:
    stream = EventStream(quick(stream_server.origin), nobody, "/v1/orders/7/events", ["order.7"])
    async with _taking(stream) as taken:
        exchange = await stream_server.accept()
        assert exchange.target == "/v1/orders/7/events"
        assert "last-event-id" not in exchange.headers
        await exchange.send("snapshot", {"state": "placed"}, "e:4")
        await exchange.send("sync", sync("order.7", begin=4, to=4))
        await exchange.send("it.happened", event(5, "order.7"), "e:5")
        state = await taken.get()
        assert (state.type, state.seq, state.data) == ("snapshot", 4, {"state": "placed"})
        assert await _numbers(taken, 1) == [5]


async def test_a_slow_reader_stops_the_server(stream_server: StreamServer) -> None:
    stream = _stream(stream_server)
    first = asyncio.create_task(anext(stream))
    exchange = await stream_server.accept()
    await exchange.events(1)
    await first
    filler = b": " + b"x" * 65000 + b"\n\n"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            for _ in range(1000):
                await exchange.raw(b"%x\r\n%b\r\n" % (len(filler), filler))
    stream.close()
