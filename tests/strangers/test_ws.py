"""npm's ws and PyPI's websockets say the same to the socket and hear the same."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from uuid import uuid4

import orjson
import pytest
from tests.strangers.conftest import HERE, Scene, run_child
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class Socket(Protocol):
    """A stranger's socket."""

    async def next(self, *types: str) -> dict[str, Any]: ...

    async def say(self, **frame: Any) -> None: ...


Opens = Callable[[str, Mapping[str, str]], AbstractAsyncContextManager[Socket]]


class WebsocketsSocket:
    """PyPI's."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._unread: list[dict[str, Any]] = [{"type": "open", "protocol": connection.subprotocol}]

    async def next(self, *types: str) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                seen = await self._read()
                if not types or seen["type"] in types:
                    return seen
                assert seen["type"] != "closed", f"the socket closed without {types}"

    async def _read(self) -> dict[str, Any]:
        if not self._unread:
            try:
                body = orjson.loads(await self._connection.recv())
            except ConnectionClosed as closed:
                body = {"type": "closed", "code": 1006 if closed.rcvd is None else closed.rcvd.code}
            self._unread += body if isinstance(body, list) else [body]
        return self._unread.pop(0)

    async def say(self, **frame: Any) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._connection.send(orjson.dumps(frame), text=True)


@asynccontextmanager
async def _open_websockets(url: str, headers: Mapping[str, str]) -> AsyncIterator[Socket]:
    async with connect(url, additional_headers=dict(headers), subprotocols=["tiffin.v1"], proxy=None) as connection:  # type: ignore[list-item]
        yield WebsocketsSocket(connection)


@pytest.fixture(params=["ws", "websockets"])
def opens(request: pytest.FixtureRequest) -> Opens:
    if request.param == "websockets":
        return _open_websockets
    node: str = request.getfixturevalue("node_modules")
    return lambda url, headers: run_child(node, str(HERE / "socket.mjs"), url, orjson.dumps(dict(headers)).decode())


async def _staff(scene: Scene) -> dict[str, str]:
    return {"authorization": f"Bearer {await scene.token(scene.city.restaurants[0].staff[0])}"}


async def _hello(socket: Socket, topics: dict[str, str | None]) -> None:
    await socket.say(type="hello", device_id=str(uuid4()), device="stranger", topics=topics)


async def test_follows_a_board_acts_and_resumes(scene: Scene, opens: Opens) -> None:
    url = scene.origin.replace("http", "ws") + "/v1/socket"
    restaurant_id = scene.city.restaurants[0].restaurant_id
    topic = f"restaurant.{restaurant_id}"
    position = (await scene.staff.list_tickets(restaurant_id))["position"]
    seen: list[dict[str, Any]] = []
    async with opens(url, await _staff(scene)) as socket:
        assert (await socket.next("open"))["protocol"] == "tiffin.v1"
        await _hello(socket, {topic: position})
        assert (await socket.next("sync"))["ok"] is True
        order_id = await scene.order()
        created = (await socket.next("event"))["event"]
        assert (created["type"], created["data"]["ticket"]["ticket_id"]) == ("ticket.created", order_id)
        seen.append(created)
        await socket.say(type="command", id="1", name="ticket.accept", data={"ticket_id": order_id, "minutes": 25})
        heard = {one["type"]: one for one in [await socket.next("ok", "error", "event") for _ in range(2)]}
        assert heard["ok"]["data"]["status"]["minutes"] == 25
        seen.append(heard["event"]["event"])
        await scene.kill()
        assert (await socket.next("closed"))["code"] in (1006, 1012)
    await scene.advance(order_id, "preparing", "ready")
    await scene.start()
    async with opens(url, await _staff(scene)) as socket:
        await _hello(socket, {topic: f"{seen[-1]['epoch']}:{seen[-1]['seq']}"})
        assert (await socket.next("sync", "event"))["ok"] is True
        seen += [(await socket.next("event"))["event"] for _ in range(2)]
    assert [one["type"] for one in seen] == ["ticket.created", "ticket.accepted", *["ticket.advanced"] * 2]
    first = int(position.rpartition(":")[2])
    assert [one["seq"] for one in seen] == list(range(first + 1, first + 5)), "each once, in order"


async def test_is_refused(scene: Scene, opens: Opens) -> None:
    url = scene.origin.replace("http", "ws") + "/v1/socket"
    cookie = {"cookie": await scene.cookie(scene.customer)}
    elsewhere = cookie | {"origin": "https://evil.example"}
    bearer = {"authorization": "Bearer x"}
    for headers, code in (({}, 4001), (bearer, 4001), (cookie, 4003), (elsewhere, 4003)):
        async with opens(url, headers) as socket:
            assert (await socket.next("closed"))["code"] == code


async def test_follows_an_order_with_a_cookie_from_our_own_origin(scene: Scene, opens: Opens) -> None:
    url = scene.origin.replace("http", "ws") + "/v1/socket"
    order_id = await scene.order()
    position: str = (await scene.customer.tiffin.get_order(order_id))["position"]
    async with opens(url, {"cookie": await scene.cookie(scene.customer), "origin": scene.origin}) as socket:
        await _hello(socket, {f"order.{order_id}": position})
        assert (await socket.next("sync"))["ok"] is True
        await scene.accept(order_id)
        event = (await socket.next("event"))["event"]
    assert event["type"] == "order.confirmed"
    assert f"{event['epoch']}:{event['seq'] - 1}" == position


async def test_is_told_what_it_may_not_read_and_what_is_malformed(scene: Scene, opens: Opens) -> None:
    url = scene.origin.replace("http", "ws") + "/v1/socket"
    order_id = await scene.order()
    bearer = {"authorization": f"Bearer {await scene.token(scene.stranger)}"}
    async with opens(url, bearer) as socket:
        await _hello(socket, {f"order.{order_id}": None, "nothing.such": None})
        reasons = {one["topic"]: one["reason"] for one in [await socket.next("sync"), await socket.next("sync")]}
        assert reasons == {f"order.{order_id}": "forbidden", "nothing.such": "unknown"}
        await socket.say(type="command", id="1", name="ticket.accept", data={"ticket_id": order_id, "minutes": 25})
        assert (await socket.next("ok", "error"))["code"] == "ticket_not_found"
        for number in range(30):
            await socket.say(type="nonsense", id=str(number))
        assert (await socket.next("error"))["code"] == "malformed"
        assert (await socket.next("closed"))["code"] == 4004
