"""A whole node on a free port, and a town of people around one restaurant."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.app.town import Town

from tiffin.app.roles import Role, run_until
from tiffin.app.wiring import Node
from tiffin.base.settings import Settings


@pytest.fixture
def node_settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "login_codes": True,
            "port": 0,
            "drain_seconds": 0.0,
            "register_attempts_per_hour": 10_000,
            "log_level": "warning",
        }
    )


@pytest.fixture
async def origin(node_settings: Settings) -> AsyncIterator[str]:
    """The origin of a node with all roles."""
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run_until(stop, node_settings, frozenset(Role), on_ready=ready.set_result))
    done, _ = await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED, timeout=10)
    if running in done:
        await running
    yield ready.result()
    stop.set()
    await running


@pytest.fixture
async def town(origin: str, node_settings: Settings) -> AsyncIterator[Town]:
    """People of every role, a restaurant with a menu, and an order with a ticket."""
    async with Node.open(node_settings, relay=False, consumers=False) as node:
        made = Town(origin, node)
        await made.found()
        yield made
        await made.close()
