"""Somebody who follows a topic by SSE, on a running node."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from tests.app.town import Town
from tests.waiting import eventually


class Follower:
    """What somebody sees of a topic: how it stands, its events, its newest values."""

    def __init__(self) -> None:
        self.syncs: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.values: list[dict[str, Any]] = []

    async def read(self, lines: AsyncIterator[str]) -> None:
        """To the end of the stream."""
        event = ""
        async for line in lines:
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                self._take(event, orjson.loads(line[6:]))

    def _take(self, event: str, data: dict[str, Any]) -> None:
        if event == "sync":
            self.syncs.append(data)
        elif event == "latest":
            self.values.append(data["data"])
        elif "seq" in data:
            self.events.append(data)

    @property
    def types(self) -> list[str]:
        """Of the events."""
        return [event["type"] for event in self.events]

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The newest value, as soon as it is so."""
        await eventually(lambda: bool(self.values) and holds(self.values[-1]))
        return self.values[-1]


@asynccontextmanager
async def follow(town: Town, name: str, topic: str, since: str = "") -> AsyncIterator[Follower]:
    """Somebody follows a topic, from a position if there is one."""
    follower = Follower()
    url = f"/v1/events?topic={topic}" + (f"&since={since}" if since else "")
    async with town.client.stream("GET", url, headers=town.bearer(name)) as answer:
        reading = asyncio.create_task(follower.read(answer.aiter_lines()))
        try:
            await eventually(lambda: bool(follower.syncs))
            yield follower
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
