import asyncio

import pytest
from tests.bench.broadcast import run_broadcast
from tests.waiting import eventually

from tiffin.bench.load_returning import Client, Returning

_BEGIN = b"HTTP/1.1 200 OK\r\n\r\n20\r\nretry: 30\nid: e:5\n\n\r\n"
_LIVE = b'event: sync\ndata: {"topic":"menu.1","ok":true,"from":5,"to":6}\n\n'
_EVENT = b"event: restaurant.busy\nid: e:%d\ndata: {}\n\n"


def test_a_client_that_resumes_is_content() -> None:
    client = Client(0, "token", "e", 5)
    assert client.take(_BEGIN + _LIVE + _EVENT % 6 + _EVENT % 7) == []
    assert client.live
    assert (client.seq, client.retry_ms) == (7, 30)


def test_blocks_may_come_in_any_pieces() -> None:
    client = Client(0, "token", "e", 5)
    for byte in _BEGIN + _LIVE + _EVENT % 6:
        assert client.take(bytes((byte,))) == []
    assert (client.live, client.seq) == (True, 6)


@pytest.mark.parametrize("seq", [5, 7], ids=["twice", "gap"])
def test_a_gap_or_an_event_twice_is_an_error(seq: int) -> None:
    client = Client(0, "token", "e", 5)
    assert client.take(_BEGIN + _LIVE) == []
    assert len(client.take(_EVENT % seq)) == 1


@pytest.mark.parametrize(
    "block",
    [b'event: sync\ndata: {"ok":false,"reason":"trimmed"}\n\n', b'event: bye\ndata: {"reason":"overload"}\n\n'],
)
def test_a_lost_position_and_a_goodbye_are_errors(block: bytes) -> None:
    client = Client(0, "token", "e", 5)
    assert len(client.take(_BEGIN + block)) == 1
    assert not client.live


async def test_clients_come_back_to_the_other_node_with_what_they_saw_last() -> None:
    async with run_broadcast() as first, run_broadcast() as second:
        first.greeting = b"retry: 20\nid: e:5\n\n" + _LIVE + _EVENT % 6
        second.greeting = b"retry: 20\nid: e:6\n\n" + _LIVE + _EVENT % 7
        clients = Returning(
            addresses=[first.address, second.address], tokens=["a", "b"], count=8, topic="menu.1", position="e:5"
        )
        assert (await asyncio.to_thread(clients.settle_in))["live"] == 8
        coming = asyncio.create_task(asyncio.to_thread(clients.come_back, seconds=10.0))
        first.lose_everybody()
        back = await coming
        assert (back["live"], back["errors"]) == (8, 0), back["examples"]
        assert (await asyncio.to_thread(clients.catch_up, seq=7, seconds=10.0))["at"] == 8
        await eventually(lambda: len(second.requests) == 8)
        assert all(b"Last-Event-ID: e:6\r\n" in request for request in second.requests)
        assert {request.partition(b"Bearer ")[2][:1] for request in second.requests} == {b"a", b"b"}
        clients.close()
