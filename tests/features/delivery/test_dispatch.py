"""Finding a courier: the nearest free one first, one at a time, until somebody takes it."""

import asyncio
from uuid import UUID, uuid4

import pytest
from tests.features.delivery.world import World

from tiffin.base.principal import Role


async def test_the_nearest_free_courier_is_asked_first_then_the_next(world: World) -> None:
    for name, north in (("far", 9), ("near", 1), ("middle", 4)):
        await world.courier(name, north)
    order_id = await world.confirmed()
    asked = []
    for _ in range(3):
        await world.search()
        offered = await world.offered(order_id)
        assert offered is not None
        asked.append(offered[0])
        await world.do(offered[0], "POST", f"/offers/{offered[1]}/decline", {})
    assert asked == ["near", "middle", "far"]
    await world.search()
    assert await world.offered(order_id) is None, "everybody has said no"
    await world.search()
    offered = await world.offered(order_id)
    assert offered is not None
    assert offered[0] == "near", "and is asked again in the next round"


async def test_an_offer_that_nobody_answers_goes_to_the_next(world: World) -> None:
    await world.courier("near", 1)
    await world.courier("far", 3)
    order_id = await world.confirmed()
    await world.search()
    first = await world.offered(order_id)
    assert first is not None
    await world.work("delivery.offer_due")
    await world.search()
    second = await world.offered(order_id)
    assert second is not None
    assert (first[0], second[0]) == ("near", "far")
    late = await world.ask("near", "POST", f"/offers/{first[1]}/accept", {})
    assert (late.status_code, late.json()["code"], late.json()["state"]) == (409, "offer_gone", "expired")
    assert (await world.standing("near"))["offers"] == []
    near = world.people["near"].account_id
    assert await world.types_of(f"courier.{near}") == ["duty.changed", "offer.made", "offer.ended"]


async def test_the_food_is_not_waited_for(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.place()
    await world.must("staff", order_id, "accept", minutes=60)
    query = "SELECT due_at - now() FROM work WHERE subject = 'delivery.search_due'"
    wait = (await world.database.pool.fetchval(query)).total_seconds()
    assert 49 * 60 < wait <= 50 * 60, "ten minutes before it is ready"
    await world.must("staff", order_id, "advance", to="ready")
    await world.work()
    assert await world.offered(order_id) is not None, "at once when it is ready earlier"


async def test_couriers_with_orders_come_after_free_ones_and_have_a_limit(world: World) -> None:
    await world.courier("near", 0.5)
    first = await world.assigned("near")
    await world.courier("far", 20)
    assert await world.assigned("far"), "free, and therefore before the nearer one"
    for _ in range(2):
        await world.assigned("near")
    await world.assigned("far")
    await world.assigned("far")
    assert len((await world.standing("near"))["assignments"]) == 3
    seventh = await world.confirmed()
    await world.search()
    assert await world.offered(seventh) is None
    await world.do("near", "POST", f"/assignments/{first}/unassign", {"reason": "Flat tyre"})
    await world.search()
    assert await world.offered(first) is None, "not to the one who gave it back"
    offered = await world.offered(seventh)
    assert offered is not None
    assert offered[0] == "near"


async def test_only_who_is_on_duty_and_was_heard_of_is_asked(world: World) -> None:
    await world.courier("off", 1, on_duty=False)
    await world.courier("silent", 1)
    await world.database.pool.execute("UPDATE courier_location SET received_at = now() - interval '2 minutes'")
    await world.courier("elsewhere", 1000)
    world.person("nobody", Role.COURIER)
    await world.do("nobody", "PUT", "/courier/duty", {"on_duty": True})
    order_id = await world.confirmed()
    await world.search()
    assert await world.offered(order_id) is None


async def test_operations_are_told_once_that_nobody_takes_it(world: World) -> None:
    order_id = await world.confirmed()
    alerts = "SELECT kind, key, times FROM alert"
    await world.search()
    assert await world.database.pool.fetch(alerts) == []
    await world.database.pool.execute("UPDATE delivery SET searching_since = now() - interval '121 seconds'")
    for _ in range(3):
        await world.search()
    assert [tuple(row) for row in await world.database.pool.fetch(alerts)] == [("order_without_courier", order_id, 1)]
    await world.courier("mikko")
    await world.search()
    await world.accept("mikko", order_id)


@pytest.mark.parametrize(("searched", "pause"), [(0, 5), (60, 6), (240, 24), (7200, 30), (6 * 3600 + 1, None)])
async def test_the_longer_nobody_is_there_the_seldomer_somebody_is_looked_for(
    world: World, searched: int, pause: float | None
) -> None:
    await world.confirmed()
    since = "UPDATE delivery SET searching_since = now() - make_interval(secs => $1)"
    await world.database.pool.execute(since, searched)
    await world.search()
    query = "SELECT extract(epoch FROM due_at - now()) FROM work WHERE subject = 'delivery.search_due'"
    due = await world.database.pool.fetchval(query)
    assert due is None if pause is None else due == pytest.approx(pause, abs=1)


async def test_two_couriers_can_never_have_one_order(world: World) -> None:
    """An offer that expires while it is accepted, and two devices of one courier."""
    names = [f"courier{number}" for number in range(4)]
    for north, name in enumerate(names):
        await world.courier(name, north + 1)
    for _ in range(8):
        order_id = await world.confirmed()
        await world.search()
        for _ in names:
            offered = await world.offered(order_id)
            if offered is None:
                break
            name, offer_id = offered
            path = f"/offers/{offer_id}/accept"
            answers = await asyncio.gather(
                world.ask(name, "POST", path, {}), world.ask(name, "POST", path, {}), world.work("delivery.offer_due")
            )
            won = [answer for answer in answers if answer is not None and answer.status_code == 200]
            assert len(won) in (0, 2), "both devices, or neither"
            await world.search()
        courier_id = await world.database.pool.fetchval(
            "SELECT courier_id FROM delivery WHERE order_id = $1", UUID(order_id)
        )
        accepted = await world.database.pool.fetch(
            "SELECT courier_id FROM delivery_offer WHERE order_id = $1 AND state = 'accepted'", UUID(order_id)
        )
        assert [one["courier_id"] for one in accepted] == ([courier_id] if courier_id else [])
        for name in names:
            for assignment in (await world.standing(name))["assignments"]:
                await world.do(name, "POST", f"/assignments/{assignment['order_id']}/unassign", {"reason": "next"})
        await world.do("agent", "POST", f"/orders/{order_id}/cancel", {"reason": "next"})


async def test_one_courier_is_held_out_one_order_at_a_time(world: World) -> None:
    await world.courier("mikko")
    orders = [await world.confirmed() for _ in range(4)]
    await world.search()
    open_offers = [order for order in orders if await world.offered(order) is not None]
    assert len(open_offers) == 1
    await world.accept("mikko", open_offers[0])
    await world.search()
    assert len([order for order in orders if await world.offered(order) is not None]) == 1


async def test_a_cancelled_order_is_taken_back_from_whoever_is_asked_or_has_it(world: World) -> None:
    mikko = await world.courier("mikko")
    asked = await world.confirmed()
    await world.search()
    await world.must("staff", asked, "cancel", reason="No gas")
    assert await world.offered(asked) is None
    taken = await world.assigned("mikko")
    await world.do("agent", "POST", f"/orders/{taken}/cancel", {"reason": "The customer called"})
    standing = await world.standing("mikko")
    assert (standing["offers"], standing["assignments"]) == ([], [])
    events = await world.log(f"courier.{mikko.account_id}", 0)
    assert [event.type for event in events][-1] == "assignment.ended"
    assert '"cancelled"' in events[-1].body
    refused = await world.ask("mikko", "POST", f"/assignments/{taken}/advance", {"to": "picked_up"})
    assert (refused.status_code, refused.json()["state"]) == (409, "cancelled")


async def test_a_restaurant_may_bring_it_itself(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.confirmed()
    await world.search()
    for to in ("ready", "picked_up", "delivered"):
        await world.must("staff", order_id, "advance", to=to)
    assert (await world.standing("mikko"))["offers"] == []
    assert (await world.tracking(order_id))["state"] == "ended"


async def test_a_long_outage_of_the_database_does_not_end_offers(world: World) -> None:
    mikko = await world.courier("mikko")
    order_id = await world.confirmed()
    await world.search()
    before = (await world.standing("mikko"))["offers"][0]["expires_at"]
    await world.database.pool.execute("UPDATE work_beat SET beat_at = now() - interval '30 seconds'")
    await world.relay()
    assert await world.offered(order_id) is not None
    assert (await world.standing("mikko"))["offers"][0]["expires_at"] > before
    assert (await world.types_of(f"courier.{mikko.account_id}"))[-1] == "offer.made"


async def test_offers_of_others_and_of_nobody_are_not_found(world: World) -> None:
    await world.courier("near", 1)
    await world.courier("far", 5)
    order_id = await world.confirmed()
    await world.search()
    offered = await world.offered(order_id)
    assert offered is not None
    for name, offer_id in (("far", offered[1]), ("near", str(uuid4()))):
        for what in ("accept", "decline"):
            answer = await world.ask(name, "POST", f"/offers/{offer_id}/{what}", {})
            assert (answer.status_code, answer.json()["code"]) == (404, "offer_not_found")
    answer = await world.ask("customer", "POST", f"/offers/{offered[1]}/accept", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_courier")
