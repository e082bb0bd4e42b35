"""Orders over HTTP on a running node: placed once, refused with reasons, followed, cancelled."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
from tests.app.town import DESTINATION, Town


async def follow(town: Town, name: str, order_id: str, *, last_id: str | None = None) -> list[tuple[str, Any]]:
    """Every block of the order's stream up to `bye`: (event, data)."""
    headers = town.bearer(name) | ({"last-event-id": last_id} if last_id else {})
    blocks = []
    async with town.client.stream("GET", f"/v1/orders/{order_id}/events", headers=headers) as answer:
        event = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                blocks.append((event, orjson.loads(line[6:])))
    return blocks


async def test_placing_again_with_the_key_is_the_same_order(town: Town) -> None:
    body = town.basket(2) | {"expected_total_minor": 2900, "note": "Ring twice"}
    key = {"idempotency-key": uuid4().hex}
    answers = await asyncio.gather(*(town.send("customer", "POST", "/v1/orders", body, key) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["order_id"] for answer in answers}) == 1
    listed = (await town.send("customer", "GET", "/v1/orders")).json()["items"]
    assert len(listed) == 2, "the town's first order and this one"
    assert listed[0]["total_minor"] == 2900


async def test_refusals_say_why_and_leave_nothing(town: Town) -> None:
    total = {"expected_total_minor": 1450}
    far = {**DESTINATION, "latitude": 61.5}
    unknown = {"menu_item_id": str(uuid4()), "quantity": 1}
    cases = [
        (town.basket() | {"expected_total_minor": 1}, 409, "price_changed"),
        (town.basket() | total | {"destination": far}, 409, "out_of_reach"),
        (town.basket() | total | {"lines": [unknown]}, 409, "items_unavailable"),
        (town.basket() | total | {"restaurant_id": str(uuid4())}, 404, "restaurant_not_found"),
        (town.basket() | total | {"lines": []}, 422, "invalid_fields"),
    ]
    for body, status, code in cases:
        answer = await town.send("customer", "POST", "/v1/orders", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    changed = await town.send("customer", "POST", "/v1/orders", town.basket() | {"expected_total_minor": 1})
    assert changed.json()["bill"]["total_minor"] == 1450, "the new bill comes with the refusal"
    restaurant = f"/v1/restaurants/{town.ids['restaurant_id']}"
    await town.send("staff", "PUT", f"{restaurant}/pause", {"minutes": 30})
    paused = await town.send("customer", "POST", "/v1/orders", town.basket() | total)
    assert paused.json()["code"] == "restaurant_paused"
    await town.send("staff", "DELETE", f"{restaurant}/pause")
    await town.send("staff", "PUT", f"/v1/menu-items/{town.ids['item_id']}/sold-out", {"sold_out": True})
    sold_out = (await town.send("customer", "POST", "/v1/orders", town.basket() | total)).json()
    assert (sold_out["code"], sold_out["items"][0]["reason"]) == ("items_unavailable", "sold_out")
    assert await town.node.database.pool.fetchval("SELECT count(*) FROM customer_order") == 1
    assert (
        await town.node.database.pool.fetchval("SELECT count(*) FROM idempotency_key WHERE route LIKE '%/orders'") == 1
    )


async def test_the_stream_is_a_snapshot_and_every_change_to_the_end(town: Town) -> None:
    """Zulip's equation: the snapshot with the stream's events applied is the order as it is read fresh."""
    order_id = town.ids["order_id"]
    following = asyncio.create_task(follow(town, "customer", order_id))
    await town.post("staff", f"/v1/tickets/{order_id}/accept", {"minutes": 15})
    for to in ("preparing", "ready", "picked_up", "delivered"):
        await town.post("staff", f"/v1/tickets/{order_id}/advance", {"to": to})
    async with asyncio.timeout(10):
        blocks = await following
    assert blocks[0][0] == "snapshot"
    assert (blocks[-1][0], blocks[-1][1]["reason"]) == ("bye", "done")
    order = blocks[0][1]
    seqs = [int(order["position"].split(":")[1])]
    for event, block in blocks[1:-1]:
        if event.startswith("order."):
            seqs.append(block["seq"])
            data = block["data"]
            order |= {key: data[key] for key in ("state", "ready_at", "eta_at", "ended_at")}
            order["history"].append({key: data[key] for key in ("state", "at", "by", "reason")})
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "gapless"
    fresh = (await town.send("customer", "GET", f"/v1/orders/{order_id}")).json()
    assert fresh.pop("position").endswith(f":{seqs[-1]}")
    order.pop("position")
    assert order == fresh
    assert [step["state"] for step in fresh["history"]] == [
        "placed",
        "confirmed",
        "preparing",
        "ready",
        "picked_up",
        "delivered",
    ]


async def test_a_stream_resumes_and_is_204_after_the_end(town: Town) -> None:
    order_id = town.ids["order_id"]
    fresh = (await town.send("customer", "GET", f"/v1/orders/{order_id}")).json()
    await town.send("customer", "POST", f"/v1/orders/{order_id}/cancel", {"reason": "Changed my mind"})
    blocks = await follow(town, "customer", order_id, last_id=fresh["position"])
    assert [event for event, _ in blocks] == ["sync", "order.cancelled", "bye"], "no snapshot: it resumed"
    assert blocks[1][1]["data"]["reason"] == "Changed my mind"
    last = f"{blocks[1][1]['epoch']}:{blocks[1][1]['seq']}"
    headers = town.bearer("customer") | {"last-event-id": last}
    over = await town.client.get(f"/v1/orders/{order_id}/events", headers=headers)
    assert (over.status_code, over.content) == (204, b"")


async def test_who_comes_back_long_after_the_end_still_gets_what_is_missing(town: Town) -> None:
    order_id = town.ids["order_id"]
    fresh = (await town.send("customer", "GET", f"/v1/orders/{order_id}")).json()
    await town.send("customer", "POST", f"/v1/orders/{order_id}/cancel", {"reason": "Changed my mind"})
    epoch, _, seq = fresh["position"].partition(":")
    ends = {"last-event-id": f"{epoch}:{int(seq) + 1}"}
    while True:  # whoever has seen the end is told when the stream is over
        over = await town.client.get(f"/v1/orders/{order_id}/events", headers=town.bearer("customer") | ends)
        if over.status_code == 204:
            break
    blocks = await follow(town, "customer", order_id, last_id=fresh["position"])
    assert [event for event, _ in blocks] == ["sync", "order.cancelled", "bye"]
    assert blocks[-1][1]["reason"] == "done"


async def test_cancelling(town: Town) -> None:
    order_id = town.ids["order_id"]
    cancel = f"/v1/orders/{order_id}/cancel"
    await town.post("staff", f"/v1/tickets/{order_id}/accept", {"minutes": 15})
    late = await town.send("customer", "POST", cancel, {"reason": "Too slow"})
    assert (late.status_code, late.json()["code"]) == (403, "may_not_cancel")
    supported = await town.send("agent", "POST", cancel, {"reason": "Customer called"})
    assert supported.json()["state"] == "cancelled"
    again = await town.send("agent", "POST", cancel, {"reason": "Twice"})
    assert (again.status_code, again.json()["code"]) == (409, "order_cannot_change")


async def test_history_pages_receipt_and_reorder(town: Town) -> None:
    for _ in range(4):
        await town.order(with_ticket=False)
    first = (await town.send("customer", "GET", "/v1/orders?limit=3")).json()
    second = (await town.send("customer", "GET", f"/v1/orders?limit=3&cursor={first['next_cursor']}")).json()
    ids = [order["order_id"] for order in first["items"] + second["items"]]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)
    assert second["next_cursor"] is None
    early = await town.send("customer", "GET", f"/v1/orders/{ids[0]}/receipt")
    assert early.json()["code"] == "order_cannot_change"
    again = (await town.send("customer", "POST", f"/v1/orders/{ids[0]}/reorder")).json()
    assert again["lines"][0]["menu_item_id"] == town.ids["item_id"]
    await town.send("owner", "DELETE", f"/v1/menu-items/{town.ids['item_id']}")
    gone = (await town.send("customer", "POST", f"/v1/orders/{ids[0]}/reorder")).json()
    assert gone["lines"] == []
    assert gone["unavailable"][0]["reason"] == "gone"


async def test_other_screens_of_the_customer_are_told(town: Town) -> None:
    profile = (await town.send("customer", "GET", "/v1/profile")).json()
    topic = f"user.{profile['account_id']}"
    url = f"/v1/events?topic={topic}&since={profile['position']}"
    async with town.client.stream("GET", url, headers=town.bearer("customer")) as answer:
        lines = answer.aiter_lines()
        order_id = await town.order(with_ticket=False)
        async with asyncio.timeout(5):
            async for line in lines:
                if line.startswith("data: ") and order_id in line:
                    assert orjson.loads(line[6:])["data"]["order"]["state"] == "placed"
                    return
