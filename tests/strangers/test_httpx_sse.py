"""PyPI's httpx-sse: reads what it is sent, and resumes where it stood."""

from typing import Any

import httpx
import orjson
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse
from tests.strangers.conftest import Scene

from tiffin.demo.city import Person


async def _headers(scene: Scene, person: Person, last: str = "") -> dict[str, str]:
    headers = {"authorization": f"Bearer {await scene.token(person)}"}
    return headers | ({"last-event-id": last} if last else {})


def _body(event: ServerSentEvent) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(event.data)
    return body


async def _take(source: EventSource, count: int, of: str = "order.") -> list[ServerSentEvent]:
    """The next events of an order, without what the protocol adds."""
    seen: list[ServerSentEvent] = []
    async for event in source.aiter_sse():
        if event.event.startswith(of):
            seen.append(event)
        if len(seen) == count:
            break
    return seen


async def _take_with_cursor(source: EventSource) -> tuple[ServerSentEvent, str]:
    """The next event of an order, and the id that follows it alone, which is a message without data here."""
    taken: ServerSentEvent | None = None
    async for event in source.aiter_sse():
        if event.event.startswith("order."):
            taken = event
        elif taken is not None and not event.data:
            return taken, event.id
    raise AssertionError("the stream ended")


async def test_follows_and_resumes(scene: Scene) -> None:
    order_id = await scene.order()
    url = f"{scene.origin}/v1/orders/{order_id}/events"
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        async with aconnect_sse(client, "GET", url, headers=await _headers(scene, scene.customer)) as source:
            [snapshot] = await _take(source, 1, of="snapshot")
            assert orjson.loads(snapshot.data)["order_id"] == order_id
        await scene.accept(order_id)
        headers = await _headers(scene, scene.customer, snapshot.id)
        async with aconnect_sse(client, "GET", url, headers=headers) as source:
            [confirmed] = await _take(source, 1)
        await scene.kill()
        await scene.advance(order_id, "preparing")
        await scene.start()
        headers = await _headers(scene, scene.customer, confirmed.id)
        async with aconnect_sse(client, "GET", url, headers=headers) as source:
            [preparing] = await _take(source, 1)
    assert [confirmed.event, preparing.event] == ["order.confirmed", "order.preparing"]
    numbers = [int(event.id.rpartition(":")[2]) for event in (snapshot, confirmed, preparing)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


async def test_resumes_two_topics_by_one_cursor(scene: Scene) -> None:
    orders = [await scene.order(), await scene.order()]
    positions = [(await scene.customer.tiffin.get_order(order_id))["position"] for order_id in orders]
    url = f"{scene.origin}/v1/events?topic=order.{orders[0]}&topic=order.{orders[1]}"
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        headers = await _headers(scene, scene.customer, ";".join(positions))
        async with aconnect_sse(client, "GET", url, headers=headers) as source:
            await scene.accept(orders[1])
            first, cursor = await _take_with_cursor(source)
        assert cursor.split(";")[0] == positions[0]
        await scene.kill()
        await scene.accept(orders[0])
        await scene.advance(orders[1], "preparing")
        await scene.start()
        headers = await _headers(scene, scene.customer, cursor)
        async with aconnect_sse(client, "GET", url, headers=headers) as source:
            await scene.advance(orders[0], "preparing")
            missed = await _take(source, 3)
    for order_id, position in zip(orders, positions, strict=True):
        seen = [event for event in map(_body, (first, *missed)) if event["topic"] == f"order.{order_id}"]
        assert [event["type"] for event in seen] == ["order.confirmed", "order.preparing"]
        start = int(position.rpartition(":")[2])
        assert [event["seq"] for event in seen] == [start + 1, start + 2], "each once, in order"


async def test_is_refused(scene: Scene) -> None:
    order_id = await scene.order()
    url = f"{scene.origin}/v1/orders/{order_id}/events"
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        answer = await client.get(url, headers=await _headers(scene, scene.stranger))
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
        async with aconnect_sse(client, "GET", url) as source:
            [bye] = await _take(source, 1, of="bye")
            assert orjson.loads(bye.data)["reason"] == "unauthenticated"
