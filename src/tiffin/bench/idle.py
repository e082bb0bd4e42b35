"""`idle`: what a connected client that gets nothing costs in memory, by SSE and by WebSocket.

All are logged in and follow one restaurant's menu, as a customer's open page does. The process's proportional share of
memory (PSS) is taken before and after N connections; some hundreds before that pay for what is made once. What the
kernel keeps for a socket is not in it. The customers are few and have many connections each: what an account
costs on a node (its `user.{id}` topic) hardly shows.

Figures: `kb_per_sse`, `kb_per_ws` (kilobytes a client), `clients` (N of each kind).
"""

import asyncio
import uuid
from collections.abc import Callable

import orjson

from tiffin.bench.driver import UPGRADE, Json, http_request, start_load
from tiffin.bench.frames import masked_frame
from tiffin.bench.machine import memory_bytes, raise_file_limit
from tiffin.bench.result import Figure, Result, describe_environment
from tiffin.bench.scene import Scene, open_scene

_CLIENTS = 10_000
_FIRST = 500
_CUSTOMERS = 40
_HANDLES_BESIDE = 500
_SETTLE_SECONDS = 0.5
_SETTLE_TIMES = 20
_STEADY_BYTES = 64 * 1024
_UPGRADE = (*UPGRADE, "Sec-WebSocket-Protocol: tiffin.v1")

Say = Callable[[str], None]


async def measure(say: Say) -> Result:
    """Run it on a system of its own."""
    environment = describe_environment()
    limit = raise_file_limit(_CLIENTS + _FIRST + _HANDLES_BESIDE)
    clients = min(_CLIENTS, limit - _HANDLES_BESIDE - _FIRST)
    notes = [f"{clients:,} clients of each kind by {_CUSTOMERS} accounts, each kind on a system of its own"]
    if clients < _CLIENTS:
        notes.append(f"not {_CLIENTS:,}: a process may open {limit:,} files here")
    figures: dict[str, Figure] = {"clients": clients}
    for kind, key in (("sse", "kb_per_sse"), ("ws", "kb_per_ws")):
        async with open_scene(customers=_CUSTOMERS) as scene:
            figures[key] = round(await _measure_kind(scene, kind, clients, say) / 1024, 2)
    return Result("idle", figures, environment, tuple(notes))


async def _measure_kind(scene: Scene, kind: str, clients: int, say: Say) -> float:
    """Bytes a client, on a system that has just seen the first few of them."""
    opening = await _sse(scene) if kind == "sse" else _websocket(scene)
    pid = scene.system.process.pid
    async with start_load(scene.cores.load) as load:
        wanted = {"group": kind, "address": scene.address, "ends": "\n", **opening}
        await load.do("open", count=_FIRST, **wanted)
        before = await _settled(pid)
        opened = await load.do("more", count=clients, **wanted)
        after = await _settled(pid)
        say(f"{clients:,} {kind} in {opened['seconds']:.1f} s: {before / 2**20:.1f} to {after / 2**20:.1f} MB")
    return (after - before) / clients


async def _settled(pid: int) -> int:
    """Memory once it has stopped moving."""
    last = memory_bytes(pid)
    for _ in range(_SETTLE_TIMES):
        await asyncio.sleep(_SETTLE_SECONDS)
        now = memory_bytes(pid)
        if abs(now - last) < _STEADY_BYTES:
            return now
        last = now
    return last


async def _sse(scene: Scene) -> Json:
    path = f"/v1/events?topic={scene.topic}&since={await scene.menu_position()}"
    requests = [http_request("GET", path, token=token, headers=["Accept: text/event-stream"]) for token in scene.tokens]
    return {"requests": requests, "until": '"ok":true'}


def _websocket(scene: Scene) -> Json:
    requests = [http_request("GET", "/v1/socket", token=token, headers=_UPGRADE) for token in scene.tokens]
    return {"requests": requests, "until": '"sync"', "then": [_hello(scene.topic) for _ in range(1_000)]}


def _hello(topic: str) -> str:
    """The first frame of a device, masked with zeros, as latin-1."""
    hello = {"type": "hello", "device_id": str(uuid.uuid4()), "device": "page", "topics": {topic: None}}
    return masked_frame(orjson.dumps(hello)).decode("latin-1")
