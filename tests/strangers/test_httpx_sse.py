"""PyPI's httpx-sse: reads what it is sent, and resumes where it stood."""

import httpx
import orjson
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse
from tests.strangers.conftest import Scene

from tiffin.demo.city import Person


async def _headers(scene: Scene, person: Person, last: str = "") -> dict[str, str]:
    headers = {"authorization": f"Bearer {await scene.token(person)}"}
    return headers | ({"last-event-id": last} if last else {})


async def _take(source: EventSource, count: int, of: str = "order.") -> list[ServerSentEvent]:
    """The next events of an order, without what the protocol adds."""
    seen: list[ServerSentEvent] = []
    async for event in source.aiter_sse():
        if event.event.startswith(of):
            seen.append(event)
        if len(seen) == count:
            break
    return seen


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


async def test_is_refused(scene: Scene) -> None:
    order_id = await scene.order()
    url = f"{scene.origin}/v1/orders/{order_id}/events"
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        answer = await client.get(url, headers=await _headers(scene, scene.stranger))
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
        async with aconnect_sse(client, "GET", url) as source:
            [bye] = await _take(source, 1, of="bye")
            assert orjson.loads(bye.data)["reason"] == "unauthenticated"
