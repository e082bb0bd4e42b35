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
        seen += [await source.next("snapshot", *_EVENTS) for _ in range(2)]
        await scene.advance(order_id, "picked_up", "delivered")
        seen += [await source.next("snapshot", *_EVENTS) for _ in range(2)]
        assert [one["type"] for one in seen] == ["order.confirmed", *(f"order.{step}" for step in STEPS)]
        first = seq_of(snapshot)
        assert [seq_of(one) for one in seen] == list(range(first + 1, first + 6)), "each once, in order"
        assert (await source.next("bye"))["data"]["reason"] == "done"
        assert (await source.next("closed", *_EVENTS))["type"] == "closed", "a 204 ends it for good"


async def test_follows_several_topics_in_one_stream(scene: Scene, node_modules: str) -> None:
    order_id = await scene.order()
    path = f"/v1/events?topic=order.{order_id}&topic=menu.{scene.city.restaurants[0].restaurant_id}"
    async with await follow(scene, node_modules, path, scene.customer) as source:
        syncs = [await source.next("sync"), await source.next("sync")]
        assert {one["data"]["topic"].split(".")[0] for one in syncs} == {"order", "menu"}
        assert {one["data"]["reason"] for one in syncs} == {"position"}, "told that it has no snapshot"
        await scene.accept(order_id)
        assert (await source.next(*_EVENTS))["type"] == "order.confirmed"


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
