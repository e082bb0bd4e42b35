"""npm's eventsource: comes back by itself with what it has seen last, and stays away when it is over."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from tests.strangers.conftest import HERE, STEPS, Child, Scene, run_child, seq_of

from tiffin.demo.city import Person

_TYPES = ("snapshot", "sync", "bye", "order.placed", "order.confirmed", *(f"order.{step}" for step in STEPS))
_EVENTS = _TYPES[3:]


async def follow(scene: Scene, node: str, path: str, person: Person) -> AbstractAsyncContextManager[Child]:
    url, token = f"{scene.origin}{path}", await scene.token(person)
    return run_child(node, str(HERE / "eventsource.mjs"), url, token, ",".join(_TYPES))


async def test_follows_an_order_over_a_killed_node_to_its_end(scene: Scene, node_modules: str) -> None:
    order_id = await scene.order()
    async with await follow(scene, node_modules, f"/v1/orders/{order_id}/events", scene.customer) as source:
        snapshot = await source.next("snapshot")
        assert snapshot["data"]["state"] == "placed"
        await scene.accept(order_id)
        seen = [await source.next(*_EVENTS)]
        await scene.kill()
        await source.next("lost")
        await scene.advance(order_id, "preparing", "ready")
        await scene.start()
        assert (await source.next("request"))["last"] == seen[-1]["id"]
        seen += [await source.next("snapshot", *_EVENTS) for _ in range(2)]
        await scene.advance(order_id, "picked_up", "delivered")
        seen += [await source.next("snapshot", *_EVENTS) for _ in range(2)]
        assert [one["type"] for one in seen] == ["order.confirmed", *(f"order.{step}" for step in STEPS)]
        first = seq_of(snapshot)
        assert [seq_of(one) for one in seen] == list(range(first + 1, first + 6)), "each once, in order"
        assert (await source.next("bye"))["data"]["reason"] == "done"
        assert (await source.next("request"))["last"] == seen[-1]["id"]
        assert await source.next("closed", *_EVENTS) == {"type": "closed", "code": 204}, "ended for good"


async def test_comes_back_by_itself_after_a_restart(scene: Scene, node_modules: str) -> None:
    """In several topics without a position: its parser forgets an id without data, and all it can be told is that."""
    order_id = await scene.order()
    path = f"/v1/events?topic=order.{order_id}&topic=menu.{scene.city.restaurants[0].restaurant_id}"
    async with (
        await follow(scene, node_modules, f"/v1/orders/{order_id}/events", scene.customer) as single,
        await follow(scene, node_modules, path, scene.customer) as several,
    ):
        await single.next("snapshot")
        await _hears_that_positions_are_missing(several)
        await scene.accept(order_id)
        confirmed, same = await single.next(*_EVENTS), await several.next(*_EVENTS)
        assert confirmed["type"] == same["type"] == "order.confirmed"
        await scene.stop()
        for source in (single, several):
            bye = (await source.next("bye"))["data"]
            assert (bye["reason"], bye["come_back"]) == ("drain", True)
        await scene.advance(order_id, "preparing")
        await scene.start()
        assert (await single.next("request"))["last"] == confirmed["id"]
        preparing = await single.next("snapshot", *_EVENTS)
        assert (preparing["type"], seq_of(preparing)) == ("order.preparing", seq_of(confirmed) + 1)
        await _hears_that_positions_are_missing(several)
        await scene.advance(order_id, "ready")
        assert (await several.next(*_EVENTS))["type"] == "order.ready"


async def _hears_that_positions_are_missing(source: Child) -> None:
    syncs = [(await source.next("sync", *_EVENTS))["data"] for _ in range(2)]
    assert {sync["topic"].split(".")[0] for sync in syncs} == {"order", "menu"}
    assert {sync["reason"] for sync in syncs} == {"position"}


async def test_is_refused(scene: Scene, node_modules: str) -> None:
    order_id = await scene.order()
    path = f"/v1/orders/{order_id}/events"
    async with await follow(scene, node_modules, path, scene.stranger) as source:
        assert await source.next("closed", "open") == {"type": "closed", "code": 404}, "not even that it exists"
    async with await follow(scene, node_modules, f"/v1/events?topic=order.{order_id}", scene.stranger) as source:
        sync: dict[str, Any] = (await source.next("sync"))["data"]
        assert (sync["ok"], sync["reason"]) == (False, "forbidden")
    async with run_child(node_modules, str(HERE / "eventsource.mjs"), f"{scene.origin}{path}", "x", "bye") as source:
        bye = (await source.next("bye"))["data"]
        assert (bye["reason"], bye["come_back"]) == ("unauthenticated", False)
