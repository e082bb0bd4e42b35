"""Zulip's equation for orders, to every end; and what `order.{id}` never says."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.features.kitchen.world import World

from tiffin.base.principal import Principal
from tiffin.features.orders.domain import FINAL_STATES
from tiffin.features.orders.events import EVENT_OF, read_grants
from tiffin.realtime import ReadRequest

_STATUS = ("state", "ready_at", "eta_at", "ended_at")
_STEP = ("state", "at", "by", "reason")


async def apply(world: World, order: Any) -> Any:
    """An order as it was read, with everything that has happened since."""
    epoch, seq = order["position"].split(":")
    made = json.loads(json.dumps(order))
    for event in await world.log(f"order.{order['order_id']}", int(seq)):
        data = json.loads(event.body)
        made |= {key: data[key] for key in _STATUS}
        made["history"].append({key: data[key] for key in _STEP})
        made["position"] = f"{epoch}:{event.seq}"
    return made


async def _deliver(world: World, order_id: str) -> None:
    await world.deliver(order_id)


async def _reject(world: World, order_id: str) -> None:
    await world.must("staff", order_id, "reject", reason="too_busy", note="Sorry")


async def _expire(world: World, order_id: str) -> None:
    await world.work("ticket.answer_due")


async def _cancel(world: World, order_id: str) -> None:
    await world.do("customer", "POST", f"/orders/{order_id}/cancel", {"reason": "Changed my mind"})


async def _stop(world: World, order_id: str) -> None:
    await world.must("staff", order_id, "accept", minutes=5)
    await world.must("owner", order_id, "cancel", reason="No gas")


_ENDS: dict[str, Callable[[World, str], Awaitable[None]]] = {
    "delivered": _deliver,
    "rejected": _reject,
    "expired": _expire,
    "cancelled": _cancel,
    "cancelled by the restaurant": _stop,
}


@pytest.mark.parametrize("end", _ENDS)
async def test_an_old_snapshot_and_its_events_are_the_fresh_one(world: World, end: str) -> None:
    order_id = await world.place()
    old = await world.order_of(order_id)
    await _ENDS[end](world, order_id)
    fresh = await world.order_of(order_id)
    assert await apply(world, old) == fresh
    assert fresh["state"] == end.split(" ")[0]
    assert fresh["ended_at"] == fresh["history"][-1]["at"]


async def test_every_change_is_on_the_customers_other_screens(world: World) -> None:
    order_id = await world.place()
    await world.deliver(order_id)
    own = await world.log(f"user.{world.people['customer'].account_id}")
    summaries = [json.loads(event.body)["order"] for event in own if event.type == "order.changed"]
    told = [event.type for event in await world.log(f"order.{order_id}")]
    assert [f"order.{summary['state']}" for summary in summaries] == told
    [listed] = (await world.do("customer", "GET", "/orders"))["items"]
    assert listed == summaries[-1]


async def test_the_estimate_moves_with_the_kitchen(world: World) -> None:
    order_id = await world.place()
    await world.must("staff", order_id, "accept", minutes=90)
    for to in ("preparing", "ready", "picked_up", "delivered"):
        await world.must("staff", order_id, "advance", to=to)
    told = {event.type: json.loads(event.body) for event in await world.log(f"order.{order_id}")}
    assert told["order.confirmed"]["eta_at"] > told["order.placed"]["eta_at"], "90 minutes are longer than usual"
    assert told["order.ready"]["eta_at"] < told["order.confirmed"]["eta_at"], "it was ready early"
    assert told["order.delivered"]["eta_at"] == told["order.delivered"]["at"]


async def test_who_exactly_did_it_is_not_told(world: World) -> None:
    """An order's topic says customer, restaurant or support, and nobody's id or name."""
    ids = [await world.place() for _ in range(3)]
    await world.deliver(ids[0])
    await _reject(world, ids[1])
    await world.do("agent", "POST", f"/orders/{ids[2]}/cancel", {"reason": "Called"})
    told = [event for event in world.announced if event.topic.startswith("order.")]
    assert len(told) == 3 + 5 + 1 + 1
    for event in told:
        for name, person in world.people.items():
            assert str(person.account_id) not in event.body
            assert f'"{name.capitalize()}"' not in event.body
        assert json.loads(event.body)["by"] in ("customer", "restaurant", "support")


def test_there_is_an_event_for_every_state_an_order_comes_to() -> None:
    assert {f"order.{state}" for state in EVENT_OF} == {event.type for event in EVENT_OF.values()}
    assert set(EVENT_OF) >= FINAL_STATES


async def test_who_may_follow(world: World) -> None:
    order_id = await world.place()
    upper = order_id.upper()

    async def may(principal: Principal | None, key: str) -> bool:
        async with world.database.connection() as connection:
            [grant] = await read_grants(connection, [ReadRequest(principal, f"order.{key}", key)])
        assert grant is None or not grant.public
        return grant is not None

    allowed = {name for name, principal in world.people.items() if await may(principal, order_id)}
    assert allowed == {"customer", "agent", "admin"}
    assert not await may(None, order_id)
    assert not await may(world.people["admin"], str(uuid4()))
    assert not await may(world.people["customer"], "nonsense")
    assert UUID(upper) == UUID(order_id)
    assert not await may(world.people["customer"], upper), "one order has one topic"
