import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tiffin.bench.driver import UPGRADE, http_request
from tiffin.bench.frames import masked_frame, split_frames
from tiffin.bench.load_reports import Reports

_COUNT = 5


class Relay:
    """Shows what courier n reports to customer n, unless a test has it do otherwise."""

    def __init__(self) -> None:
        self.customers: dict[int, ServerConnection] = {}
        self.address = ("127.0.0.1", 0)
        # to whom a courier's report goes
        self.shown_to: Callable[[int], list[int]] = lambda courier: [courier]
        self.answer: Any = {"accepted": 1}

    async def serve(self, socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):  # the load ends without a word
            await self._serve(socket)

    async def _serve(self, socket: ServerConnection) -> None:
        who, _, number = str(await socket.recv()).partition("-")
        if who == "customer":
            self.customers[int(number)] = socket
        await socket.send('{"hello":1}')
        async for message in socket:
            assert isinstance(message, str)
            await socket.send(json.dumps(self.answer, separators=(",", ":")))
            report = json.loads(message.removeprefix("report ").removesuffix(" end"))
            for customer in self.shown_to(int(number)):
                await self.customers[customer].send(json.dumps({"data": report}, separators=(",", ":")))


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    relay = Relay()
    async with serve(relay.serve, "127.0.0.1", 0, compression=None) as server:
        relay.address = ("127.0.0.1", next(iter(server.sockets)).getsockname()[1])
        yield relay


async def _report(relay: Relay, *, rate: float = 50, seconds: float = 0.4) -> dict[str, Any]:
    reports = Reports(relay.address, "report ", " end", 5.0)
    request = http_request("GET", "/", headers=UPGRADE)
    try:
        for who in ("customers", "couriers"):
            then = f"{who[:-1]}-%d"
            opening = partial(reports.open, who=who, count=_COUNT, request=request, then=then, until="hello")
            assert (await asyncio.to_thread(opening))["open"] == _COUNT
        return await asyncio.to_thread(partial(reports.report, rate=rate, seconds=seconds))
    finally:
        reports.close()


async def test_every_report_is_timed(relay: Relay) -> None:
    seen = await _report(relay)
    assert (seen["sent"], seen["accepted"], seen["refused"]) == (20, 20, 0)
    assert (seen["lost"], seen["misdelivered"], seen["twice"]) == (0, 0, 0)
    assert 0 < seen["p50_ms"] <= seen["p99_ms"] < 1000


async def test_what_another_customer_sees_is_told(relay: Relay) -> None:
    relay.shown_to = lambda courier: [courier, (courier + 1) % _COUNT] if courier == 2 else [courier]
    seen = await _report(relay)
    assert (seen["misdelivered"], seen["lost"], seen["twice"]) == (4, 0, 0)


async def test_what_comes_twice_or_not_at_all_is_told(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiffin.bench.load_reports._PATIENCE_SECONDS", 0.3)
    relay.shown_to = lambda courier: [] if courier == 1 else [courier] * (2 if courier == 3 else 1)
    seen = await _report(relay)
    assert (seen["misdelivered"], seen["lost"], seen["twice"]) == (0, 4, 4)


async def test_refusals_are_counted(relay: Relay) -> None:
    relay.answer = {"accepted": 0, "refused": [{"index": 0}]}
    assert (await _report(relay))["refused"] == 20


@pytest.mark.parametrize("size", [0, 125, 126, 5000])
def test_frames_of_every_length(size: int) -> None:
    payload = b"x" * size
    frame = masked_frame(payload)
    assert frame[-size - 4 :] == b"\0\0\0\0" + payload
    served = bytes((0x81, frame[1] & 0x7F)) + frame[2 : len(frame) - size - 4] + payload
    for cut in {0, 1, len(served) // 2, len(served) - 1}:
        whole, rest = split_frames(served[:cut])
        assert (whole, rest) == ([], served[:cut])
    assert split_frames(served * 2 + b"\x81") == ([payload] * 2, b"\x81")
