import asyncio
from typing import Any

import pytest
from tests.client.fakes import SocketServer, nobody, quick, sync
from tests.waiting import eventually

from tiffin.client.errors import CommandError, ConnectionLost, Disconnected, PositionLost, TopicRefused
from tiffin.client.live import Live


def _live(*servers: SocketServer, at: str | None = "e:0", **more: Any) -> Live:
    return Live(quick(*(server.origin for server in servers)), more.pop("token", nobody), {"t.1": at}, **more)


async def _numbers(live: Live, count: int) -> list[int]:
    async with asyncio.timeout(5):
        return [(await anext(live)).seq for _ in range(count)]


async def test_says_who_it_is_and_where_it_stands(socket_server: SocketServer) -> None:
    async with _live(socket_server, at="e:4", device_id="d" * 32, device="till") as live:
        peer = await socket_server.accept()
        hello = await peer.receive("hello")
        assert hello == {"type": "hello", "device_id": "d" * 32, "device": "till", "topics": {"t.1": "e:4"}}
        assert peer.connection.subprotocol == "tiffin.v1"
        assert not live.live.is_set()


async def test_takes_events_from_objects_and_arrays(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet(sync())
        await peer.events(1)
        await peer.connection.send('[{"type":"heartbeat","at":""},{"type":"latest","topic":"l.1","data":{"x":1}}]')
        assert await _numbers(live, 2) == [1, 0]
        assert live.positions.texts() == {"t.1": "e:1"}
        assert live.live.is_set()


async def test_goes_on_where_it_stood_and_drops_what_it_has_seen(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet(sync())
        await peer.events(1, 2, 3)
        assert await _numbers(live, 2) == [1, 2]
        peer.cut()
        peer = await socket_server.accept()
        assert await peer.greet(sync(begin=1, to=4)) == {"t.1": "e:1"}  # 2 is not finished
        await peer.events(2, 3, 4)
        assert await _numbers(live, 2) == [3, 4]


async def test_a_missing_event_is_asked_for(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet(sync())
        await peer.events(1, 3)
        taking = asyncio.create_task(_numbers(live, 3))
        peer = await socket_server.accept()
        assert await peer.greet(sync(begin=1)) == {"t.1": "e:1"}
        await peer.events(2, 3)
        assert await taking == [1, 2, 3]


async def test_a_snapshot_repairs_a_lost_position(socket_server: SocketServer) -> None:
    async def snapshot(topic: str) -> str:
        return "e:8"

    async with _live(socket_server, at=None, snapshot=snapshot) as live:
        peer = await socket_server.accept()
        assert await peer.greet(sync(ok=False, reason="position", to=6)) == {"t.1": None}
        await peer.events(7, 8, 9)
        assert await _numbers(live, 1) == [9]


async def test_a_gap_without_snapshot_is_not_silent(socket_server: SocketServer) -> None:
    async with _live(socket_server, at="old:4") as live:
        await (await socket_server.accept()).greet(sync(ok=False, reason="epoch", to=6))
        with pytest.raises(PositionLost):
            await _numbers(live, 1)


async def test_nothing_to_read_at_all_is_an_error(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        await (await socket_server.accept()).greet({"topic": "t.1", "ok": False, "reason": "forbidden"})
        with pytest.raises(TopicRefused):
            await _numbers(live, 1)


async def test_commands_are_answered_by_id(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet()
        first = asyncio.create_task(live.command("a.b", {"x": 1}))
        second = asyncio.create_task(live.command("c.d"))
        messages = [await peer.receive("command"), await peer.receive("command")]
        assert [message["data"] for message in messages] == [{"x": 1}, {}]
        await peer.send({"type": "error", "id": messages[1]["id"], "code": "no", "message": "No.", "details": {"y": 2}})
        await peer.send({"type": "ok", "id": messages[0]["id"], "data": {"z": 3}})
        assert await first == {"z": 3}
        with pytest.raises(CommandError) as caught:
            await second
        assert (caught.value.code, caught.value.details) == ("no", {"y": 2})


async def test_an_answer_arrives_while_an_event_is_handled(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet(sync())
        await peer.events(*range(1, 1201))
        assert (await _numbers(live, 1)) == [1]
        asking = asyncio.create_task(live.command("a.b"))
        message = await peer.receive("command")
        await peer.send({"type": "ok", "id": message["id"]})
        assert await asking == {}
        assert await _numbers(live, 1199) == list(range(2, 1201))


async def test_only_idempotent_commands_are_sent_again(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet()
        once = asyncio.create_task(live.command("once"))
        sent = await peer.receive("command")
        often = asyncio.create_task(live.command("often", idempotent=True))
        again = await peer.receive("command")
        assert sent["name"] == "once"
        peer.cut()
        with pytest.raises(ConnectionLost):
            await once
        peer = await socket_server.accept()
        await peer.greet()
        assert await peer.receive("command") == again
        await peer.send({"type": "ok", "id": again["id"], "data": {}})
        assert await often == {}


@pytest.mark.parametrize("idempotent", [True, False])
async def test_a_part_that_is_down_is_waited_for(socket_server: SocketServer, idempotent: bool) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet()
        asking = asyncio.create_task(live.command("a.b", idempotent=idempotent))
        message = await peer.receive("command")
        await peer.send({"type": "error", "id": message["id"], "code": "unavailable", "message": "Down."})
        if not idempotent:
            with pytest.raises(CommandError, match="unavailable"):
                await asking
            return
        message = await peer.receive("command")
        await peer.send({"type": "ok", "id": message["id"]})
        assert await asking == {}


async def test_a_command_waits_for_the_socket(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        asking = asyncio.create_task(live.command("a.b"))
        peer = await socket_server.accept()
        await peer.greet()
        message = await peer.receive("command")
        await peer.send({"type": "ok", "id": message["id"]})
        assert await asking == {}


async def test_a_command_without_an_answer_times_out(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        await (await socket_server.accept()).greet()
        with pytest.raises(TimeoutError):
            await live.command("a.b", timeout=0.02)


async def test_acknowledgements_are_repeated(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet(sync())
        await peer.events(1)
        await live.ack(await anext(live))
        ack = await peer.receive("ack")
        assert ack == {"type": "ack", "topic": "t.1", "seq": 1}
        peer.cut()
        peer = await socket_server.accept()
        await peer.greet()
        assert await peer.receive("ack") == ack


async def test_subscriptions_last(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet(sync())
        subscribing = asyncio.create_task(live.subscribe({"t.2": "e:7"}))
        message = await peer.receive("subscribe")
        assert message["topics"] == {"t.2": "e:7"}
        await peer.send({"type": "ok", "id": message["id"]}, {"type": "sync", **sync("t.2", begin=7)})
        await subscribing
        leaving = asyncio.create_task(live.unsubscribe(["t.1"]))
        message = await peer.receive("unsubscribe")
        await peer.send({"type": "ok", "id": message["id"]})
        await leaving
        peer.cut()
        assert await (await socket_server.accept()).greet() == {"t.2": "e:7"}


async def test_silence_is_a_lost_connection(socket_server: SocketServer) -> None:
    async with _live(socket_server, watchdog_seconds=0.05):
        await (await socket_server.accept()).greet()
        await (await socket_server.accept()).greet()


async def test_moves_to_another_node(socket_server: SocketServer) -> None:
    async with SocketServer.run() as other, _live(socket_server, other) as live:
        peer = await socket_server.accept()
        await peer.greet(sync())
        await peer.connection.close(4200, "drain")
        peer = await other.accept()
        await peer.greet(sync())
        await peer.events(1)
        assert await _numbers(live, 1) == [1]
        await eventually(live.live.is_set)
        assert live.connections == 2


@pytest.mark.parametrize(("code", "reason"), [(4005, "revoked"), (4003, "forbidden_origin"), (4001, "unauthenticated")])
async def test_some_closes_are_final(socket_server: SocketServer, code: int, reason: str) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet()
        asking = asyncio.create_task(live.command("a.b", idempotent=True))
        await peer.receive("command")
        await peer.connection.close(code, reason)
        with pytest.raises(Disconnected, match=reason):
            await _numbers(live, 1)
        with pytest.raises(Disconnected):
            await asking
        with pytest.raises(ConnectionLost):
            await live.command("a.b")


async def test_done_ends_the_iteration(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        peer = await socket_server.accept()
        await peer.greet()
        await peer.connection.close(4006, "done")
        assert [event async for event in live] == []


@pytest.mark.parametrize("code", [4100, 4103, 4201, 1012])
async def test_other_closes_are_not(socket_server: SocketServer, code: int) -> None:
    async with _live(socket_server):
        peer = await socket_server.accept()
        await peer.greet()
        await peer.connection.close(code)
        await (await socket_server.accept()).greet()


async def test_an_expired_token_is_renewed_once(socket_server: SocketServer) -> None:
    refused: list[str | None] = []

    async def token(old: str | None) -> str | None:
        refused.append(old)
        return f"token{len(refused)}"

    async with _live(socket_server, token=token) as live:
        peer = await socket_server.accept()
        await peer.connection.close(4001, "unauthenticated")
        peer = await socket_server.accept()
        assert peer.authorization == "Bearer token2"
        assert refused == [None, "token1"]
        await peer.connection.close(4001, "unauthenticated")
        with pytest.raises(Disconnected):
            await _numbers(live, 1)


async def test_leaving_fails_who_waits(socket_server: SocketServer) -> None:
    async with _live(socket_server) as live:
        await (await socket_server.accept()).greet()
        asking = asyncio.create_task(live.command("a.b", idempotent=True))
        await asyncio.sleep(0)
    with pytest.raises(ConnectionLost):
        await asking
    assert [event async for event in live] == []
