"""A system of several nodes on servers of its own, and what end-to-end tests do with it.

The nodes are processes started by `tiffin serve`; PostgreSQL and NATS have no supervisor here, so that a test decides
how long one is away. Everything is reached by the client.
"""

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import nats as nats_client
from nats.aio.client import Client as NatsClient
from tests.waiting import eventually

from tiffin.client import Event, Live, Tiffin
from tiffin.client.http import Json, open_http
from tiffin.db.migrations import upgrade
from tiffin.demo.city import Customer, Person, Restaurant
from tiffin.demo.ledger import Ledger
from tiffin.demo.people import fill_basket
from tiffin.embedded import EmbeddedNats, EmbeddedPostgres
from tiffin.embedded.nats import _binary as nats_binary
from tiffin.embedded.process import spawn

SECRET_KEY = "of the end-to-end tests, all nodes alike"
_READY_SECONDS = 30


@dataclass
class Node:
    """One `tiffin serve` with every role."""

    origin: str
    process: asyncio.subprocess.Process
    output: list[str]
    reading: "asyncio.Task[None]"

    async def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait for it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(with_signal)
        async with asyncio.timeout(20):
            await self.process.wait()
            await self.reading


@dataclass
class Cluster:
    """Servers, nodes and people."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats
    pool: httpx.AsyncClient
    # the nodes keep pictures here
    folder: Path
    nodes: list[Node] = field(default_factory=list)

    @property
    def origins(self) -> list[str]:
        """Of all nodes."""
        return [node.origin for node in self.nodes]

    async def start_node(self, *, port: int = 0, roles: Sequence[str] = (), **settings: str) -> Node:
        """Start one more, with these roles or all; `settings` by the names of their environment variables."""
        environment = self._environment(settings)
        command = ["-m", "tiffin.cli.main", "serve", "--port", str(port)]
        command += [word for role in roles for word in ("--role", role)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, stdout=-1, stderr=-2, start_new_session=True
        )
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        output: list[str] = []
        reading = asyncio.create_task(_read(process, output, found))
        async with asyncio.timeout(_READY_SECONDS):
            node = Node(await found, process, output, reading)
        self.nodes.append(node)
        return node

    async def start_image_worker(self, **settings: str) -> asyncio.subprocess.Process:
        """Start one; whoever asks for it ends it. `settings` as with nodes."""
        command = (sys.executable, "-m", "tiffin.cli.main", "work", "images")
        return await asyncio.create_subprocess_exec(
            *command, env=self._environment(settings), stdout=asyncio.subprocess.DEVNULL, start_new_session=True
        )

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "TIFFIN_DATABASE_URL": self.postgres.url,
            "TIFFIN_NATS_URL": self.nats.url,
            "TIFFIN_DATA_DIR": str(self.folder),
            "TIFFIN_SECRET_KEY": SECRET_KEY,
            "TIFFIN_DRAIN_SECONDS": "0.5",
            "TIFFIN_LOG_LEVEL": "warning",
            "TIFFIN_REGISTER_ATTEMPTS_PER_HOUR": "10000",
            "TIFFIN_OFFER_SECONDS": "5",
            "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
            **settings,
        }

    async def make_administrator(self, email: str) -> None:
        """Grant the role as operators do: the first one cannot be made by anybody else."""
        environment = {**os.environ, "TIFFIN_DATABASE_URL": self.postgres.url, "TIFFIN_NATS_URL": self.nats.url}
        command = (sys.executable, "-m", "tiffin.cli.main", "grant", email, "admin")
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=-1, stderr=-2)
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()

    async def remove(self, node: Node, with_signal: signal.Signals) -> None:
        """End a node."""
        self.nodes.remove(node)
        await node.stop(with_signal)

    def at(self, person: Person, *nodes: Node) -> Tiffin:
        """The same person on these nodes, the first one first."""
        return Tiffin([node.origin for node in nodes], tokens=person.tiffin.http.tokens, pool=self.pool)

    async def readiness(self, node: Node) -> Json:
        """What `/readyz` says."""
        body: Json = (await self.pool.get(f"{node.origin}/readyz")).json()
        return body


async def _read(process: asyncio.subprocess.Process, output: list[str], found: "asyncio.Future[str]") -> None:
    """Keep what a node prints; `found` gets its origin."""
    assert process.stdout is not None
    async for line in process.stdout:
        output.append(line.decode())
        address = re.search(r"http://[0-9.:]+", output[-1])
        if address is not None and not found.done():
            found.set_result(address[0])
    if not found.done():
        found.set_exception(RuntimeError("the node ended: " + "".join(output)))


@contextlib.asynccontextmanager
async def run_cluster(folder: Path, *, nodes: int) -> AsyncIterator[Cluster]:
    """Servers and nodes for as long as the context lasts."""
    postgres, nats = EmbeddedPostgres(folder, durable=False), EmbeddedNats(folder, durable=False)
    async with open_http(connections=200) as pool:
        cluster = Cluster(postgres, nats, pool, folder)
        try:
            await asyncio.gather(postgres.start(), nats.start())
            await upgrade(postgres.url)
            for _ in range(nodes):
                await cluster.start_node()
            yield cluster
        finally:
            await asyncio.gather(*(node.stop() for node in cluster.nodes), return_exceptions=True)
            await nats.stop()
            await postgres.stop()


class Screen:
    """A staff device: keeps what its application was given, and checks that it came gapless and in order."""

    def __init__(self, name: str, tiffin: Tiffin, restaurant: Restaurant, ledger: Ledger) -> None:
        self.name = name
        self.events: list[Event] = []
        self._tiffin = tiffin
        self._restaurant = restaurant
        self._ledger = ledger
        topic = f"restaurant.{restaurant.restaurant_id}"
        self.live: Live = tiffin.live({topic: None}, device=name, snapshot=self._load)

    async def _load(self, topic: str) -> str:
        board = await self._tiffin.list_tickets(self._restaurant.restaurant_id, state="all")
        for ticket in board["tickets"]:
            self._ledger.shown(ticket["ticket_id"], self.name, as_new=False)
        position: str = board["position"]
        return position

    async def follow(self) -> None:
        """Take events until cancelled."""
        async for event in self.live:
            if self.events and event.epoch == self.events[-1].epoch:
                assert event.seq == self.events[-1].seq + 1
            self.events.append(event)
            if event.type == "ticket.created":
                self._ledger.shown(event.data["ticket"]["ticket_id"], self.name, as_new=True)

    def types(self, ticket_id: str) -> list[str]:
        """The types of what came about one ticket."""
        return [event.type for event in self.events if _ticket_of(event) == ticket_id]


def _ticket_of(event: Event) -> str:
    ticket_id: str = event.data["ticket"]["ticket_id"] if "ticket" in event.data else event.data["ticket_id"]
    return ticket_id


@contextlib.asynccontextmanager
async def on_screens(screens: Sequence[Screen]) -> AsyncIterator[None]:
    """All devices connected and following; what one of them fails with fails the test."""
    async with contextlib.AsyncExitStack() as stack:
        for screen in screens:
            await stack.enter_async_context(screen.live)
        following = [asyncio.create_task(screen.follow()) for screen in screens]
        try:
            for screen in screens:
                await eventually(screen.live.live.is_set)
            yield
            for task in following:
                if task.done():
                    task.result()
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)


async def order_body(tiffin: Tiffin, restaurant: Restaurant, customer: Customer) -> Json:
    """An order with the price the server names."""
    basket = fill_basket(restaurant, customer, random.Random(7))
    bill = await tiffin.price_basket(basket)
    return {**basket, "expected_total_minor": bill["total_minor"], "note": ""}


class NatsCluster:
    """Three NATS servers that know each other; JetStream goes on while two of them live."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = [_free_port() for _ in range(6)]
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    @property
    def url(self) -> str:
        """Of all three servers."""
        return ",".join(f"nats://tiffin:secret@127.0.0.1:{port}" for port in self._ports[:3])

    async def start(self) -> None:
        """Start all three and return when the cluster takes work."""
        for number in range(3):
            name = f"n{number}"
            home = self._folder / name
            home.mkdir()
            (home / "conf").write_text(self._configuration(number, home))
            command = (str(nats_binary()), "--config", str(home / "conf"))
            self._processes[name] = await spawn(command, home / "log", death_signal=signal.SIGTERM)
        await eventually(self._has_leader, seconds=20)

    def _configuration(self, number: int, home: Path) -> str:
        routes = ", ".join(f'"nats-route://127.0.0.1:{port}"' for port in self._ports[3:])
        return (
            f'server_name: n{number}\nlisten: "127.0.0.1:{self._ports[number]}"\n'
            'authorization { user: tiffin, password: "secret" }\n'
            f'jetstream {{ store_dir: "{home}/store", max_file_store: 100MB, max_memory_store: 10MB }}\n'
            f'cluster {{ name: tiffin, listen: "127.0.0.1:{self._ports[3 + number]}", routes: [{routes}] }}\n'
        )

    async def _has_leader(self) -> bool:
        with contextlib.suppress(nats_client.errors.Error, OSError, TimeoutError):
            async with self.client() as client:
                info = await client.jetstream(timeout=1).account_info()
                return info is not None
        return False

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[NatsClient]:
        """A connection to one of the servers."""
        client = await nats_client.connect(
            self.url.split(","), connect_timeout=1, allow_reconnect=False, error_cb=_ignore
        )
        try:
            yield client
        finally:
            await client.close()

    async def leader(self) -> str:
        """Who leads the queue's stream, kept by all three."""
        async with self.client() as client:
            info = await client.jetstream(timeout=1).stream_info("TIFFIN_WORK")
        assert info.config.num_replicas == 3
        assert info.cluster is not None
        assert info.cluster.leader is not None
        return info.cluster.leader

    async def kill(self, name: str) -> None:
        """SIGKILL one."""
        process = self._processes.pop(name)
        process.kill()
        await process.wait()

    async def stop(self) -> None:
        """End those that are left."""
        for process in self._processes.values():
            process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes.values()))


async def _ignore(_: Exception) -> None:
    """A server that is not up yet; the caller asks again."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
