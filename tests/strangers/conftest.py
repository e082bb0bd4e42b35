"""Strangers look at one node, which a test may kill; the order is moved on by the other."""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.e2e.cluster import Cluster, Node, order_body, run_cluster
from tests.folders import server_folder
from tests.programs import require

from tiffin.client import Tiffin
from tiffin.demo.city import DEMO_PASSWORD, City, Person, populate

HERE = Path(__file__).parent
# orders that a test leaves unanswered raise no alarm on the board that all tests share
SETTINGS: Any = {
    "TIFFIN_ORDER_STREAM_LINGER_SECONDS": "1",
    "TIFFIN_TICKET_RECEIVE_SECONDS": "600",
    "TIFFIN_TICKET_SEE_SECONDS": "600",
}
STEPS = ("preparing", "ready", "picked_up", "delivered")


@dataclass
class Child:
    """A stranger in a process of its own that prints JSON lines."""

    process: asyncio.subprocess.Process

    async def next(self, *types: str, seconds: float = 20) -> dict[str, Any]:
        """The next line of one of these types (any, if none is named)."""
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            while True:
                line = await self.process.stdout.readline()
                assert line, f"the stranger ended without {types}"
                seen: dict[str, Any] = orjson.loads(line)
                if not types or seen["type"] in types:
                    return seen

    async def say(self, **frame: Any) -> None:
        """Give it a line."""
        assert self.process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(orjson.dumps(frame) + b"\n")
            await self.process.stdin.drain()


@dataclass
class Scene:
    """A node to look at, another one that works on, and who lives there."""

    cluster: Cluster
    city: City
    front: Node | None
    origin: str

    @property
    def customer(self) -> Person:
        return self.city.customers[0].person

    @property
    def stranger(self) -> Person:
        """Somebody whose order it is not."""
        return self.city.customers[1].person

    @property
    def staff(self) -> Tiffin:
        return self.city.restaurants[0].staff[0].tiffin

    async def order(self) -> str:
        """The customer orders; returns once the kitchen has the ticket."""
        tiffin = self.customer.tiffin
        body = await order_body(tiffin, self.city.restaurants[0], self.city.customers[0])
        order_id: str = (await tiffin.place_order(body))["order_id"]
        restaurant_id = self.city.restaurants[0].restaurant_id
        async with asyncio.timeout(10):
            while all(
                one["ticket_id"] != order_id for one in (await self.staff.list_tickets(restaurant_id))["tickets"]
            ):
                await asyncio.sleep(0.01)
        return order_id

    async def accept(self, order_id: str) -> None:
        await self.staff.answer_ticket(order_id, "accept", {"minutes": 20})

    async def advance(self, order_id: str, *steps: str) -> None:
        for step in steps:
            await self.staff.answer_ticket(order_id, "advance", {"to": step})

    async def kill(self) -> None:
        """The node that strangers look at, without a word."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """The same node, which sends everybody away first."""
        await self._end(signal.SIGTERM)

    async def _end(self, with_signal: signal.Signals) -> None:
        assert self.front is not None
        front, self.front = self.front, None
        await self.cluster.remove(front, with_signal)

    async def start(self) -> None:
        """It again, where it was; nothing if it runs."""
        if self.front is None:
            self.front = await self.cluster.start_node(port=int(self.origin.rpartition(":")[2]), **SETTINGS)

    async def token(self, person: Person) -> str:
        """An access token."""
        await person.tiffin.get_profile()  # renewed if it has to be
        tokens = person.tiffin.http.tokens
        assert tokens is not None
        return tokens.access_token

    async def cookie(self, person: Person) -> str:
        """The Cookie header of a browser in which somebody has just logged in."""
        body = {"email": person.email, "password": DEMO_PASSWORD, "kind": "browser"}
        async with httpx.AsyncClient(timeout=10, trust_env=False) as browser:
            headers = {"origin": self.origin}
            (await browser.post(f"{self.origin}/v1/sessions", json=body, headers=headers)).raise_for_status()
            return f"tiffin_session={browser.cookies['tiffin_session']}"


@pytest.fixture(scope="package")
def _folder() -> Iterator[Path]:
    with server_folder("strangers") as folder:
        yield folder


@pytest.fixture(scope="package")
async def _scene(_folder: Path) -> AsyncIterator[Scene]:
    async with run_cluster(_folder, nodes=0) as cluster:
        back = await cluster.start_node(**SETTINGS)
        front = await cluster.start_node(**SETTINGS)
        city = await populate(cluster.pool, [back.origin], restaurants=1, staff=1, customers=2)
        yield Scene(cluster, city, front, front.origin)


@pytest.fixture
async def scene(_scene: Scene) -> Scene:
    """With the node running, whatever the last test did."""
    await _scene.start()
    return _scene


@pytest.fixture(scope="package")
def node_modules() -> str:
    """Node, with what package-lock.json names installed; only installed again when that has changed."""
    node, npm = require("node", "apt install nodejs npm"), require("npm", "apt install npm")
    lock, stamp = HERE / "package-lock.json", HERE / "node_modules" / ".lock"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True, timeout=120)
        stamp.write_bytes(lock.read_bytes())
    return node


@contextlib.asynccontextmanager
async def run_child(*command: str) -> AsyncIterator[Child]:
    """A stranger for as long as the context lasts."""
    process = await asyncio.create_subprocess_exec(*command, stdin=-1, stdout=-1, start_new_session=True)
    try:
        yield Child(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def seq_of(seen: dict[str, Any]) -> int:
    """The number in an event's position."""
    return int(str(seen["id"]).rpartition(":")[2])
