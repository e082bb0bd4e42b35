import asyncio

import pytest
from tests.bench.broadcast import run_broadcast

from tiffin.bench.driver import http_request
from tiffin.bench.load_requests import ask, whole_answer


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", None),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n", None),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200),
        (b"HTTP/1.1 304 Not Modified\r\netag: 1\r\n\r\n", 304),
    ],
)
def test_an_answer_is_whole_when_its_body_is(data: bytes, status: int | None) -> None:
    assert whole_answer(data) == status


async def test_as_many_requests_as_asked_for_are_sent_and_answered() -> None:
    async with run_broadcast() as server:
        requests = [http_request("POST", f"/{number}", body={"n": number}) for number in range(3)]
        seen = await asyncio.to_thread(ask, address=server.address, requests=requests, connections=2, count=7)
        assert seen["statuses"] == {"204": 7}
        assert 0 < seen["p50_ms"] <= seen["p99_ms"]
        paths = sorted(request.split()[1] for request in server.requests)
    assert paths == [b"/0", b"/0", b"/0", b"/1", b"/1", b"/2", b"/2"]
