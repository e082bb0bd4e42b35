import asyncio

import pytest
from tests.bench.broadcast import run_broadcast

from tiffin.bench.driver import LoadFailed, http_request, start_load


async def test_a_load_process_does_what_it_is_asked_and_says_what_it_cannot() -> None:
    async with run_broadcast() as server, start_load(None) as load:
        request = http_request("POST", "/pub", body={"seq": 1})
        seen = await load.do("ask", address=server.address, requests=[request], connections=1, count=3)
        assert seen["statuses"] == {"204": 3}
        with pytest.raises(LoadFailed, match="dance: KeyError"):
            await load.do("dance")
        stream = http_request("GET", "/stream")
        wanted = {"group": "g", "address": server.address, "ends": "\n", "requests": [stream], "until": "\r\n\r\n"}
        assert (await load.do("open", count=3, **wanted))["open"] == 3
        assert (await load.do("more", count=2, **wanted))["open"] == 5
        job = {"group": "g", "address": server.address, "requests": [request], "marker": '"seq":'}
        assert (await load.do("publish", events=2, burst=1, **job))["deliveries"] == 10


async def test_a_load_process_ends_with_its_context() -> None:
    async with start_load(None) as load:
        process = load._process
    assert await asyncio.wait_for(process.wait(), 5) != 0
    with pytest.raises(LoadFailed, match="ended"):
        await load.do("ask")


def test_a_request_has_the_length_of_its_body_in_bytes() -> None:
    request = http_request("POST", "/v1/x", token="t", headers=["Idempotency-Key: k"], body={"name": "Käse"})
    head, _, body = request.partition("\r\n\r\n")
    assert head.split("\r\n")[0] == "POST /v1/x HTTP/1.1"
    assert "Authorization: Bearer t" in head
    assert f"Content-Length: {len(body.encode())}" in head
