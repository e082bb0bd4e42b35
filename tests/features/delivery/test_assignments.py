"""From taking an order to the door: each step once, in order, with the customer's code."""

import json
from typing import Any
from uuid import UUID

import pytest
from tests.features.delivery.world import World

from tiffin.features.delivery.events import COURIER_EVENTS, CUSTOMER_EVENTS


async def test_the_whole_way(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.assigned("mikko")
    assert (await world.status_of(order_id))["courier"] == {"name": "Mikko", "state": "assigned"}
    early = await world.ask("mikko", "POST", f"/assignments/{order_id}/advance", {"to": "picked_up"})
    assert (early.status_code, early.json()["code"], early.json()["state"]) == (409, "order_cannot_change", "confirmed")
    assert (await world.advance("mikko", order_id, "arrived"))["state"] == "arrived"
    assert (await world.status_of(order_id))["courier"]["state"] == "arrived"
    await world.must("staff", order_id, "advance", to="ready")
    assert (await world.standing("mikko"))["assignments"][0]["order_state"] == "ready"
    on_board = await world.advance("mikko", order_id, "picked_up")
    assert (on_board["state"], on_board["order_state"]) == ("on_board", "picked_up")
    assert (await world.status_of(order_id))["state"] == "picked_up"
    delivered = await world.advance("mikko", order_id, "delivered", code=await world.code_of(order_id))
    assert (delivered["state"], delivered["order_state"]) == ("ended", "delivered")
    assert (await world.status_of(order_id))["state"] == "delivered"
    history = (await world.order_of(order_id))["history"]
    assert [(step["state"], step["by"]) for step in history][-2:] == [
        ("picked_up", "courier"),
        ("delivered", "courier"),
    ]
    assert (await world.standing("mikko"))["assignments"] == []


async def test_every_step_may_be_sent_again(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.confirmed()
    await world.search()
    offered = await world.offered(order_id)
    assert offered is not None
    for _ in range(2):
        await world.do("mikko", "POST", f"/offers/{offered[1]}/accept", {})
        await world.do("mikko", "POST", f"/offers/{offered[1]}/decline", {})
    for _ in range(2):
        await world.advance("mikko", order_id, "arrived")
    await world.must("staff", order_id, "advance", to="ready")
    code = await world.code_of(order_id)
    for to, body in (("picked_up", {}), ("arrived", {}), ("delivered", {"code": code}), ("picked_up", {})):
        for _ in range(2):
            await world.advance("mikko", order_id, to, **body)
    types = await world.types_of(f"order.{order_id}")
    assert len(types) == len(set(types)), "and is told once"


async def test_guessing_the_code_is_slow(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.on_board()
    code = await world.code_of(order_id)
    wrong = f"{(int(code) + 1) % 10_000:04}"
    path = f"/assignments/{order_id}/advance"
    for left in (4, 3, 2, 1, 0):
        answer = await world.ask("mikko", "POST", path, {"to": "delivered", "code": wrong})
        assert (answer.status_code, answer.json()["code"], answer.json()["attempts_left"]) == (422, "code_wrong", left)
    answer = await world.ask("mikko", "POST", path, {"to": "delivered", "code": code})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) <= 60
    assert (await world.order_of(order_id))["state"] == "picked_up"


async def test_a_courier_who_gives_it_back_does_not_get_it_again_first(world: World) -> None:
    await world.courier("near", 1)
    await world.courier("far", 9)
    order_id = await world.assigned("near")
    await world.advance("near", order_id, "arrived")
    await world.do("near", "POST", f"/assignments/{order_id}/unassign", {"reason": "Flat tyre"})
    assert (await world.status_of(order_id))["courier"] is None
    assert (await world.tracking(order_id))["courier"] is None
    await world.search()
    await world.accept("far", order_id)
    assert (await world.tracking(order_id))["courier"] == {"name": "Far"}
    gone = await world.ask("near", "POST", f"/assignments/{order_id}/advance", {"to": "arrived"})
    assert (gone.status_code, gone.json()["code"]) == (404, "assignment_not_found")
    assert ("assignment.unassigned", "Flat tyre") in [(what, about["reason"]) for what, about in world.audited]


async def test_what_is_on_board_is_not_given_back_but_may_fail(world: World) -> None:
    mikko = await world.courier("mikko")
    order_id = await world.on_board()
    for who in ("mikko", "agent"):
        answer = await world.ask(who, "POST", f"/assignments/{order_id}/unassign", {"reason": "No"})
        assert (answer.status_code, answer.json()["code"]) == (409, "order_cannot_change")
    for _ in range(2):
        await world.do("mikko", "POST", f"/assignments/{order_id}/fail", {"reason": "Nobody opens"})
    order = await world.order_of(order_id)
    assert (order["state"], order["history"][-1]["reason"]) == ("failed", "Nobody opens")
    assert (await world.status_of(order_id))["state"] == "failed"
    assert (await world.types_of(f"courier.{mikko.account_id}"))[-1] == "assignment.ended"


async def test_support_may_take_it_from_a_courier(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.assigned("mikko")
    answer = await world.ask("stranger", "POST", f"/assignments/{order_id}/unassign", {"reason": "Me"})
    assert answer.status_code == 403
    await world.do("agent", "POST", f"/assignments/{order_id}/unassign", {"reason": "Phone is dead"})
    assert (await world.standing("mikko"))["assignments"] == []


async def test_the_kitchen_hands_it_to_the_courier(world: World) -> None:
    mikko = await world.courier("mikko")
    order_id = await world.assigned("mikko")
    for to in ("ready", "picked_up"):
        await world.must("staff", order_id, "advance", to=to)
    assert (await world.standing("mikko"))["assignments"][0]["state"] == "on_board"
    answer = await world.act("staff", order_id, "advance", to="delivered")
    assert (answer.status_code, answer.json()["code"]) == (409, "courier_delivers")
    assert (await world.types_of(f"courier.{mikko.account_id}"))[-1] == "assignment.changed"


async def test_nobody_goes_home_with_food(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.assigned("mikko")
    answer = await world.ask("mikko", "PUT", "/courier/duty", {"on_duty": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "still_delivering")
    await world.do("mikko", "POST", f"/assignments/{order_id}/unassign", {"reason": "Tired"})
    home = await world.do("mikko", "PUT", "/courier/duty", {"on_duty": False})
    assert (home["on_duty"], home["location"]) == (False, None)
    assert await world.database.pool.fetchval("SELECT count(*) FROM courier_location") == 0


async def test_going_off_duty_leaves_open_offers_to_others(world: World) -> None:
    await world.courier("near", 1)
    await world.courier("far", 5)
    order_id = await world.confirmed()
    await world.search()
    await world.do("near", "PUT", "/courier/duty", {"on_duty": False})
    await world.search()
    offered = await world.offered(order_id)
    assert offered is not None
    assert offered[0] == "far"


async def test_going_on_duty_twice_is_one_shift(world: World) -> None:
    mikko = await world.courier("mikko")
    await world.do("mikko", "PUT", "/courier/duty", {"on_duty": True})
    assert await world.types_of(f"courier.{mikko.account_id}") == ["duty.changed"]
    assert (await world.standing("mikko"))["location"] is not None


async def test_who_sees_what_of_a_delivery(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.on_board()
    await world.later(12)
    await world.report("mikko", 2)
    customer, agent = await world.tracking(order_id), await world.tracking(order_id, "agent")
    assert (customer["state"], customer["location"]["assignment"], len(customer["way"])) == ("on_board", 1, 2)
    assert len(customer["code"]) == 4
    assert (agent["code"], agent["location"], agent["way"]) == (None, None, None)
    for who in ("neighbour", "staff", "mikko"):
        answer = await world.ask(who, "GET", f"/orders/{order_id}/delivery")
        assert (answer.status_code, answer.json()["code"]) == (404, "delivery_not_found"), who
    await world.advance("mikko", order_id, "delivered", code=customer["code"])
    after = await world.tracking(order_id)
    assert (after["code"], after["location"], after["way"]) == (None, None, None)


async def test_every_look_at_the_couriers_is_in_the_audit_log(world: World) -> None:
    await world.courier("mikko", 2)
    await world.courier("aino", on_duty=False)
    seen = await world.do("admin", "GET", "/couriers")
    assert [(one["name"], one["location"] is not None, one["order_ids"]) for one in seen["couriers"]] == [
        ("Mikko", True, [])
    ]
    assert world.audited == [("couriers.looked_at", {"couriers": 1})]
    assert (await world.ask("agent", "GET", "/couriers")).status_code == 403
    assert len(world.audited) == 1


async def test_the_way_leads_to_the_next_stop(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.assigned("mikko")
    path = f"/assignments/{order_id}/way?latitude=60.1750&longitude=24.9573"
    way = await world.do("mikko", "GET", path)
    assert (way["to"], way["points"][-1]) == ("restaurant", [60.1737, 24.9573])
    await world.must("staff", order_id, "advance", to="ready")
    await world.advance("mikko", order_id, "picked_up")
    way = await world.do("mikko", "GET", path)
    assert (way["to"], way["points"][-1]) == ("destination", [60.172, 24.95])
    await world.courier("aino")
    assert (await world.ask("aino", "GET", path)).status_code == 404


class Screen:
    """A courier's app that loaded its state once and follows."""

    def __init__(self, world: World, name: str, standing: Any) -> None:
        self.world = world
        self.name = name
        self.seq = int(standing["position"].split(":")[1])
        self.duty = (standing["on_duty"], standing["on_duty_since"])
        self.offers = {offer["offer_id"]: offer for offer in standing["offers"]}
        self.assignments = {one["order_id"]: one for one in standing["assignments"]}
        self.types: set[str] = set()

    async def follow(self) -> None:
        """Apply what has happened since."""
        for event in await self.world.log(f"courier.{self.world.people[self.name].account_id}", self.seq):
            self.seq = event.seq
            self.types.add(event.type)
            data = json.loads(event.body)
            match event.type:
                case "duty.changed":
                    self.duty = (data["on_duty"], data["since"])
                case "offer.made":
                    self.offers[data["offer"]["offer_id"]] = data["offer"]
                case "offer.ended":
                    del self.offers[data["offer_id"]]
                case "assignment.made" | "assignment.changed":
                    self.assignments[data["assignment"]["order_id"]] = data["assignment"]
                case "assignment.ended":
                    del self.assignments[data["order_id"]]

    async def agrees(self) -> None:
        """What it shows is what it would load."""
        await self.follow()
        fresh = await self.world.standing(self.name)
        assert fresh["position"].endswith(f":{self.seq}")
        assert self.duty == (fresh["on_duty"], fresh["on_duty_since"])
        assert list(self.offers.values()) == fresh["offers"]
        assert self.assignments == {one["order_id"]: one for one in fresh["assignments"]}


async def test_an_old_screen_with_its_events_is_a_fresh_one(world: World) -> None:
    """For everything a courier can live through."""
    await world.courier("near", on_duty=False)
    screen = Screen(world, "near", await world.standing("near"))
    orders: list[str] = []

    async def order() -> None:
        orders.append(await world.confirmed())
        await world.search()

    async def code(order_id: str) -> dict[str, str]:
        return {"code": await world.code_of(order_id)}

    async def to_end(order_id: str, end: str) -> None:
        await world.accept("near", order_id)
        await screen.agrees()
        if end == "unassigned":
            await world.do("near", "POST", f"/assignments/{order_id}/unassign", {"reason": "No"})
            await world.do("agent", "POST", f"/orders/{order_id}/cancel", {"reason": "Nobody else"})
            return
        for to in ("preparing", "ready"):
            await world.must("staff", order_id, "advance", to=to)
            await screen.agrees()
        await world.advance("near", order_id, "arrived")
        if end == "cancelled":
            await world.do("agent", "POST", f"/orders/{order_id}/cancel", {"reason": "Called"})
            return
        await world.advance("near", order_id, "picked_up")
        await screen.agrees()
        if end == "failed":
            await world.do("near", "POST", f"/assignments/{order_id}/fail", {"reason": "Nobody opens"})
        else:
            await world.advance("near", order_id, "delivered", **await code(order_id))

    await world.courier("near")
    await screen.agrees()
    for end in ("delivered", "unassigned", "cancelled", "failed"):
        await order()
        await screen.agrees()
        await to_end(orders[-1], end)
        await screen.agrees()
    await order()
    await world.work("delivery.offer_due")
    await screen.agrees()
    await world.do("near", "PUT", "/courier/duty", {"on_duty": False})
    await screen.agrees()
    assert screen.types == {event.type for event in COURIER_EVENTS}


async def test_the_customer_is_told_who_comes(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.assigned("mikko")
    await world.advance("mikko", order_id, "arrived")
    await world.do("mikko", "POST", f"/assignments/{order_id}/unassign", {"reason": "Flat tyre"})
    await world.courier("aino", 1)
    await world.search()
    await world.accept("aino", order_id)
    await world.must("staff", order_id, "advance", to="ready")
    await world.advance("aino", order_id, "picked_up")
    await world.later(20)
    await world.report("aino", world.at(-1.7) | {"longitude": 24.95})
    async with world.settled():
        pass
    types = await world.types_of(f"order.{order_id}")
    assert {event.type for event in CUSTOMER_EVENTS} <= set(types)
    flagged = await world.database.pool.fetch(
        "SELECT type FROM event WHERE topic = $1 AND rights", f"order.{UUID(order_id)}"
    )
    assert [row["type"] for row in flagged] == ["order.courier_unassigned"]


@pytest.mark.parametrize("body", [{"to": "home"}, {"to": "delivered", "code": "12"}, {"to": "arrived", "x": 1}, {}])
async def test_nonsense_is_refused(world: World, body: dict[str, Any]) -> None:
    await world.courier("mikko")
    order_id = await world.assigned("mikko")
    answer = await world.ask("mikko", "POST", f"/assignments/{order_id}/advance", body)
    assert answer.status_code == 422
