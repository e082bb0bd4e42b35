"""A node that goes away tells clients on kept-alive connections, so that none sends a request into a closing one."""

import asyncio

from tiffin.app.roles import Role, run_until
from tiffin.base.settings import Settings

_REQUEST = b"GET /v1/restaurants HTTP/1.1\r\nHost: a\r\n\r\n"


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """One request on a kept-alive connection; the head of its answer, lower case."""
    writer.write(_REQUEST)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return head


async def test_a_kept_alive_connection_is_told_before_it_is_closed(settings: Settings) -> None:
    stop, origin = asyncio.Event(), asyncio.get_running_loop().create_future()
    settings = settings.model_copy(update={"port": 0})
    running = asyncio.create_task(run_until(stop, settings, frozenset({Role.WEB}), on_ready=origin.set_result))
    async with asyncio.timeout(30):
        host, _, port = (await origin).removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            assert b"connection: close" not in await _ask(reader, writer)
            stop.set()
            while b"connection: close" not in await _ask(reader, writer):
                pass  # an IncompleteReadError here is a request that a client has lost
            assert await reader.read() == b""
        finally:
            writer.close()
            stop.set()
            await running
