"""Tabs that hold nothing but the live SDK (`frontend/tests/page`), and what a test asks of them."""

import asyncio
import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page
from tests.browser.road import PAGES, Road
from tests.e2e.cluster import Cluster, Node

from tiffin.demo.city import DEMO_PASSWORD
from tiffin.demo.helsinki import BASEMAP

_FRONTEND = Path(__file__).parents[2] / "frontend"
_BACK_SECONDS = 25


async def build_pages(folder: Path) -> None:
    """Build the SDK's page with the tools that build the apps."""
    command = ("exec", "--", "vite", "build", "tests/page", "--outDir", str(folder), "--emptyOutDir")
    building = await asyncio.create_subprocess_exec(str(_FRONTEND / "npm"), *command, stdout=-1, stderr=-2)
    output, _ = await building.communicate()
    assert building.returncode == 0, output.decode()


@dataclass
class Street:
    """A road and the node at its end, which may be killed."""

    road: Road
    cluster: Cluster
    node: Node | None = None

    async def kill(self) -> None:
        """Without a word to anybody."""
        assert self.node is not None
        node, self.node = self.node, None
        await self.cluster.remove(node, signal.SIGKILL)

    async def start(self) -> None:
        """The node, where it was; nothing if it runs."""
        self.road.is_open = True
        if self.node is None:
            port = int(self.road.target.rpartition(":")[2] or 0)
            settings = {"TIFFIN_ALLOWED_ORIGINS": json.dumps([self.road.origin])}
            settings |= {"TIFFIN_ORDER_STREAM_LINGER_SECONDS": "1", "TIFFIN_BASEMAP": str(BASEMAP)}
            self.node = await self.cluster.start_node(port=port, **settings)
            self.road.target = self.node.origin


async def log_in(context: BrowserContext, road: Road, email: str) -> None:
    """One of the demo's people, on this browser."""
    body = {"email": email, "password": DEMO_PASSWORD, "kind": "browser", "device_name": "Tabs"}
    answer = await context.request.post(f"{road.origin}/v1/sessions", data=body, headers={"origin": road.origin})
    assert answer.ok, await answer.text()


@dataclass(frozen=True, slots=True)
class Tab:
    """One page."""

    page: Page

    @classmethod
    async def open(cls, context: BrowserContext, road: Road, kind: str, account: str | None = None) -> "Tab":
        """A new tab with the SDK open."""
        page = await context.new_page()
        page.set_default_timeout(_BACK_SECONDS * 1000)
        await page.goto(f"{road.origin}{PAGES}index.html")
        tab = cls(page)
        await tab.begin(kind, account)
        return tab

    async def begin(self, kind: str, account: str | None = None) -> None:
        """Open the SDK; again after a reload."""
        await self.page.wait_for_function("() => window.tab")
        await self.page.evaluate("([kind, account]) => tab.open(kind, account)", [kind, account])

    async def follow(self, topic: str, path: str) -> None:
        """Follow a topic and wait until it is live."""
        await self.page.evaluate("([topic, path]) => tab.follow(topic, path)", [topic, path])
        await self.is_live(topic)

    async def is_live(self, topic: str) -> None:
        """Wait for it."""
        await self.page.wait_for_function("(topic) => tab.status(topic) === 'live'", arg=topic)

    async def is_connection(self, state: str, why: str = "", *, seconds: float = _BACK_SECONDS) -> None:
        """Wait until the connection stands so."""
        await self.page.wait_for_function(
            "([state, why]) => tab.connection.state === state && tab.connection.why === why",
            arg=[state, why],
            timeout=seconds * 1000,
        )

    async def has_seen(self, topic: str, count: int) -> None:
        """Wait until so many events have come since the snapshot; each of them once, and in order."""
        await self.page.wait_for_function(
            "([topic, count]) => tab.seen(topic).seqs.length >= count", arg=[topic, count]
        )
        assert len(await self._seqs(topic)) == count

    async def has_come_to(self, topic: str, position: str) -> None:
        """Wait until it stands there; it came there without a gap."""
        last = _seq(position)
        await self.page.wait_for_function("([topic, last]) => tab.seen(topic).seqs.at(-1) === last", arg=[topic, last])
        assert await self._seqs(topic)

    async def _seqs(self, topic: str) -> list[int]:
        """The numbers of the events since the snapshot; every one of them once and in order, or it fails."""
        seen: dict[str, Any] = await self.page.evaluate("(topic) => tab.seen(topic)", topic)
        seqs: list[int] = seen["seqs"]
        first = _seq(seen["from"]) + 1
        assert seqs == list(range(first, first + len(seqs)))
        return seqs


def _seq(position: str) -> int:
    return int(position.rpartition(":")[2])


async def all_have_seen(tabs: Sequence[Tab], topic: str, count: int) -> None:
    """Every one of these tabs."""
    await asyncio.gather(*(tab.has_seen(topic, count) for tab in tabs))
