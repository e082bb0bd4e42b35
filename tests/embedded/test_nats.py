import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nats
import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from tiffin.embedded import EmbeddedNats


@asynccontextmanager
async def _client(server: EmbeddedNats) -> AsyncIterator[Client]:
    client = await nats.connect(server.url, allow_reconnect=False)
    yield client
    await client.close()


async def test_jetstream_syncs_always_and_survives_a_kill(folder: Path) -> None:
    server = EmbeddedNats(folder)
    await server.start()
    assert "sync_interval: always" in (folder / "nats" / "nats.conf").read_text()
    async with _client(server) as client:
        stream = client.jetstream()
        await stream.add_stream(name="work", subjects=["work.>"])
        await stream.publish("work.one", b"1")
    url = server.url
    server.kill()
    assert await server.wait() == -signal.SIGKILL

    await server.start()
    assert server.url == url, "clients reconnect to where they were"
    async with _client(server) as client:
        assert (await client.jetstream().stream_info("work")).state.messages == 1
    await server.stop()


async def test_a_later_run_has_the_same_address(folder: Path) -> None:
    first = EmbeddedNats(folder)
    await first.start()
    await first.stop()
    second = EmbeddedNats(folder)
    await second.start()
    assert second.url == first.url
    await second.stop()


async def test_a_port_taken_meanwhile_is_replaced(folder: Path) -> None:
    first = EmbeddedNats(folder)
    await first.start()
    await first.stop()
    with socket.create_server(("127.0.0.1", urlsplit(first.url).port or 0)):
        second = EmbeddedNats(folder)
        await second.start()
        assert second.url != first.url
        await second.stop()


async def test_nobody_enters_without_the_password(folder: Path) -> None:
    server = EmbeddedNats(folder)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.url).port)
    writer.write(b"CONNECT {}\r\nPING\r\n")
    async with asyncio.timeout(5):
        answer = await reader.read()  # the server closes
    assert b"Authorization Violation" in answer
    assert b"PONG" not in answer
    writer.close()
    await writer.wait_closed()
    for file in ("nats.conf", "access.json"):
        assert (folder / "nats" / file).stat().st_mode & 0o077 == 0
    await server.stop()


async def test_a_server_left_by_a_killed_run_is_stopped(folder: Path) -> None:
    left = EmbeddedNats(folder)
    await left.start()
    server = EmbeddedNats(folder)
    await server.start()
    async with asyncio.timeout(5):
        await left.wait()
    assert server.url == left.url
    await server.stop()


async def test_a_wipe_loses_all_of_jetstream(folder: Path) -> None:
    server = EmbeddedNats(folder)
    await server.start()
    async with _client(server) as client:
        await client.jetstream().add_stream(name="work", subjects=["work.>"])
    await server.wipe()
    await server.start()
    async with _client(server) as client:
        with pytest.raises(NotFoundError):
            await client.jetstream().stream_info("work")
    await server.stop()
