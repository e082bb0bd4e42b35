from collections.abc import AsyncIterator

import pytest
from tests.client.fakes import SocketServer, StreamServer


@pytest.fixture
async def stream_server() -> AsyncIterator[StreamServer]:
    async with StreamServer.run() as server:
        yield server


@pytest.fixture
async def socket_server() -> AsyncIterator[SocketServer]:
    async with SocketServer.run() as server:
        yield server
