"""Raising and acknowledging: counted while open, never lost, never twice."""

import asyncio

import pytest
from tests.features.alerts.world import ADMIN, World

from tiffin.features.alerts.errors import AlertNotFound


async def test_the_same_alert_is_counted_while_it_is_open(world: World) -> None:
    for number in range(3):
        await world.raise_alert(key="restaurant-1", number=number)
    (alert,), _ = await world.service.list_open()
    assert (alert.times, alert.details) == (3, {"number": 2})


async def test_another_key_or_kind_is_another_alert_and_no_key_always_is(world: World) -> None:
    for kind, key in (("a", "1"), ("a", "2"), ("b", "1"), ("a", None), ("a", None)):
        await world.raise_alert(kind, key)
    alerts, _ = await world.service.list_open()
    assert [(alert.kind, alert.key, alert.times) for alert in reversed(alerts)] == [
        ("a", "1", 1),
        ("a", "2", 1),
        ("b", "1", 1),
        ("a", None, 1),
        ("a", None, 1),
    ]


async def test_after_it_was_acknowledged_it_is_a_new_one(world: World) -> None:
    await world.raise_alert(key="restaurant-1")
    (first,), _ = await world.service.list_open()
    acknowledged = await world.service.acknowledge(ADMIN, first.id)
    assert acknowledged.acknowledged_by == ADMIN.account_id
    assert acknowledged.acknowledged_at is not None
    await world.raise_alert(key="restaurant-1")
    (second,), _ = await world.service.list_open()
    assert second.id != first.id
    assert second.times == 1


async def test_raised_by_many_at_once_it_is_one(world: World) -> None:
    await asyncio.gather(*[world.raise_alert(key="restaurant-1") for _ in range(6)])
    (alert,), position = await world.service.list_open()
    assert (alert.times, position.seq) == (6, 6)


async def test_of_two_that_acknowledge_one_is_told_it_is_done(world: World) -> None:
    await world.raise_alert()
    (alert,), _ = await world.service.list_open()
    answers = await asyncio.gather(
        *[world.service.acknowledge(ADMIN, alert.id) for _ in range(3)], return_exceptions=True
    )
    assert sum(isinstance(answer, AlertNotFound) for answer in answers) == 2


async def test_an_alert_is_part_of_the_transaction_that_raises_it(world: World) -> None:
    async def fail() -> None:
        async with world.database.transaction() as transaction:
            await world.service.raise_alert(transaction, "a", "Title", {}, key="1")
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        await fail()
    alerts, position = await world.service.list_open()
    assert (alerts, position.seq, world.announced) == ([], 0, [])
