"""The proxy does to bytes what a run believes it does."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chaos.proxy import Proxy, PublishFilter
from tests.waiting import eventually

_MESSAGES = [
    b"CONNECT {}\r\n",
    b"PUB tiffin.events 5\r\nhello\r\n",
    b"PUB tiffin.work.x inbox 2\r\n\r\n\r\n",
    b"HPUB tiffin.events 12 17\r\nNATS/1.0\r\n\r\nhello\r\n",
    b"PING\r\n",
]


@given(pieces=st.lists(st.integers(1, 20), min_size=1))
def test_single_messages_are_left_out_however_the_bytes_come(pieces: list[int]) -> None:
    publishes = PublishFilter(lambda subject: subject == "tiffin.events")
    rest, passed = b"".join(_MESSAGES), b""
    for size in [*pieces, len(rest)]:
        passed += publishes.feed(rest[:size])
        rest = rest[size:]
    assert passed == _MESSAGES[0] + _MESSAGES[2] + _MESSAGES[4]


class _Echo:
    """Answers every line, and keeps what it was sent."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.ends = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.lines.append(line)
            writer.write(line)
        self.ends += 1
        writer.close()


@pytest.fixture
def echo() -> _Echo:
    return _Echo()


@pytest.fixture
async def proxy(echo: _Echo) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo.answer, "127.0.0.1", 0)
    leading = Proxy(server.sockets[0].getsockname()[:2])
    await leading.start()
    yield leading
    await leading.stop()
    server.close()
    await server.wait_closed()


async def _ask(proxy: Proxy, line: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(line)
    return reader, writer


async def _is_lost(reader: asyncio.StreamReader) -> bool:
    """True if the connection was reset or closed without an answer."""
    try:
        async with asyncio.timeout(5):
            return await reader.readline() == b""
    except ConnectionError:
        return True


async def test_it_passes_and_tells_of_the_end(proxy: Proxy, echo: _Echo) -> None:
    reader, writer = await _ask(proxy, b"one\n")
    assert await reader.readline() == b"one\n"
    writer.close()
    await eventually(lambda: echo.ends == 1)


async def test_cut_connections_are_lost_at_once(proxy: Proxy) -> None:
    reader, writer = await _ask(proxy, b"one\n")
    await reader.readline()
    proxy.cut()
    assert await _is_lost(reader)
    writer.close()
    reader, writer = await _ask(proxy, b"two\n")
    assert await _is_lost(reader)
    writer.close()
    proxy.heal()
    reader, writer = await _ask(proxy, b"three\n")
    assert await reader.readline() == b"three\n"
    writer.close()


async def test_what_is_swallowed_nobody_hears_of(proxy: Proxy, echo: _Echo) -> None:
    reader, writer = await _ask(proxy, b"one\n")
    await reader.readline()
    proxy.swallow()
    writer.write(b"two\n")
    writer.close()
    proxy.heal()
    other_reader, other = await _ask(proxy, b"three\n")
    assert await other_reader.readline() == b"three\n"
    assert (echo.lines, echo.ends) == ([b"one\n", b"three\n"], 0)
    other.close()


async def test_a_muted_client_is_heard(proxy: Proxy, echo: _Echo) -> None:
    proxy.mute()
    reader, writer = await _ask(proxy, b"one\n")
    await eventually(lambda: echo.lines == [b"one\n"])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.readline()
    writer.close()
    await eventually(lambda: echo.ends == 1)
