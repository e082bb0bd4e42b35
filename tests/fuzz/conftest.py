"""A whole node under fire, and a witness: an honest reader who must lose nothing while strangers send nonsense.

`TIFFIN_FUZZ_EXAMPLES=5000 make test ARGS=tests/fuzz` looks longer, and then at random; as part of all tests the same
examples are tried every time. A failing example is printed by hypothesis as Python, to be replayed.
"""

import asyncio
import logging
import os
import traceback
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from structlog.testing import capture_logs
from tests.app.conftest import node_settings, origin, town
from tests.app.town import Town
from tests.realtime.harness import close_all, open_sse
from tests.storms.clients import open_raw_socket
from tests.waiting import eventually

__all__ = ["node_settings", "origin", "town"]

_MORE = int(os.environ.get("TIFFIN_FUZZ_EXAMPLES", "0"))


def examples(usual: int) -> settings:
    """So many examples; more, and other ones each time, if the environment says so."""
    return settings(
        max_examples=_MORE or usual,
        derandomize=not _MORE,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@dataclass
class Witness:
    """Follows a menu by SSE and by WebSocket; `check` has something happen and waits until both have seen it."""

    town: Town
    # seqs, as they came
    streamed: list[int] = field(default_factory=list)
    socketed: list[int] = field(default_factory=list)
    _written: int = 0

    @property
    def port(self) -> int:
        """Of the node."""
        return int(self.town.origin.rpartition(":")[2])

    @property
    def topic(self) -> str:
        """What is followed."""
        return f"menu.{self.town.ids['restaurant_id']}"

    async def check(self) -> None:
        """Something happens, and everything so far has been seen once and in order."""
        self._written += 1
        path = f"/v1/restaurants/{self.town.ids['restaurant_id']}/busy"
        body = {"extra_minutes": self._written % 240}
        answer = await self.town.client.put(path, json=body, headers=self.town.bearer("owner"))
        assert answer.status_code == 200, answer.text
        await eventually(lambda: min(len(self.streamed), len(self.socketed)) >= self._written)
        for seen in (self.streamed, self.socketed):
            assert seen == list(range(seen[0], seen[0] + self._written))

    async def follow_stream(self, position: str) -> None:
        """By SSE, until cancelled."""
        client = await open_sse(self.port, self.topic, since=position)
        while True:
            block = await client.event(seconds=600)
            if "seq" in block.data:
                self.streamed.append(block.data["seq"])

    async def follow_socket(self, position: str) -> None:
        """By WebSocket, until cancelled."""
        socket = await open_raw_socket(self.port, await self.town.new_token("customer"))
        socket.hello({self.topic: position})
        while True:
            self.socketed.append((await socket.next("event", seconds=600))["event"]["seq"])


@pytest.fixture
async def witness(town: Town) -> AsyncIterator[Witness]:
    """Watches for the whole test; at its end the server must not have logged an error."""
    made = Witness(town)
    menu = (await town.send("owner", "GET", f"/v1/restaurants/{town.ids['restaurant_id']}/menu")).json()
    await town.send("owner", "GET", "/v1/profile")  # logs the owner in
    caught = _Errors()
    logging.getLogger().addHandler(caught)
    with capture_logs() as logged:
        following = [
            asyncio.create_task(made.follow_stream(menu["position"])),
            asyncio.create_task(made.follow_socket(menu["position"])),
        ]
        yield made
        for task in following:
            assert not task.done(), task
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await close_all()
    logging.getLogger().removeHandler(caught)
    assert [record.getMessage() for record in caught.records] == [], "uvicorn logs by the standard library"
    faults = [_printable(entry) for entry in logged if entry["log_level"] in ("error", "critical")]
    assert faults == []


class _Errors(logging.Handler):
    """What is logged as an error by the standard library."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def _printable(entry: MutableMapping[str, Any]) -> str:
    error = entry.pop("exc_info", None)
    shown = traceback.format_exception(error) if isinstance(error, BaseException) else traceback.format_exc()
    return f"{dict(entry)} {''.join(shown)}"
