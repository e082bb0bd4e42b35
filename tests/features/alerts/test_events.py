"""The live page of operations: old snapshot + its events == fresh snapshot."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.features.alerts.world import ADMIN, PEOPLE, World

from tiffin.base.ids import new_id
from tiffin.features.alerts import OPERATIONS_TOPIC
from tiffin.realtime import Grant, ReadRequest

_raising = st.tuples(st.just("raise"), st.sampled_from(["a", "b"]), st.sampled_from(["1", "2", None]))
_acknowledging = st.tuples(st.just("acknowledge"), st.integers(min_value=0, max_value=5), st.none())


def apply(alerts: dict[str, Any], type_: str, data: dict[str, Any]) -> None:
    """What a screen does with one event."""
    if type_ == "alert.raised":
        alerts[data["alert"]["id"]] = data["alert"]
    elif type_ == "alert.acknowledged":
        alerts.pop(data["alert_id"], None)
    else:
        raise AssertionError(type_)


@given(st.lists(st.one_of(_raising, _acknowledging), max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_old_snapshot_and_its_events_are_the_fresh_snapshot(world: World, steps: list[Any]) -> None:
    state, seq = await world.snapshot()
    for step, what, key in steps:
        open_alerts, _ = await world.service.list_open()
        if step == "raise":
            await world.raise_alert(what, key)
        elif open_alerts:
            await world.service.acknowledge(ADMIN, open_alerts[what % len(open_alerts)].id)
    for type_, data in await world.events_after(seq):
        apply(state, type_, data)
    assert state == (await world.snapshot())[0]


async def test_administrators_read_the_topic_and_nobody_else(world: World) -> None:
    (kind,) = world.feature.topics
    assert kind.key_of(OPERATIONS_TOPIC) == ""
    requests = [ReadRequest(who, OPERATIONS_TOPIC, "") for who in (*PEOPLE.values(), None)]
    async with world.database.connection() as connection:
        assert await kind.readers(connection, requests) == [Grant(), None, None, None]


async def test_an_acknowledgement_says_who(world: World) -> None:
    await world.raise_alert(subject=str(new_id()))
    (alert,), _ = await world.service.list_open()
    await world.service.acknowledge(ADMIN, alert.id)
    (_, raised), (_, acknowledged) = await world.events_after(0)
    assert raised["alert"]["id"] == acknowledged["alert_id"] == str(alert.id)
    assert acknowledged["acknowledged_by"] == str(ADMIN.account_id)
