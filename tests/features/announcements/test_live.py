"""Announcements on a running node: who is told, who is told no more, and who was away for a week."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.app.follower import follow
from tests.app.town import Town
from tests.waiting import eventually

from tiffin.base.principal import Role
from tiffin.realtime.event_log import trim_events


async def _announce(town: Town, kind: str, title: str, **fields: Any) -> Any:
    body = {"audience": {"kind": kind}, "texts": {"en": {"title": title}}} | fields
    return await town.post("admin", "/v1/announcing/announcements", body)


async def _inbox(town: Town, name: str) -> Any:
    return (await town.send(name, "GET", "/v1/announcements")).json()


async def test_the_next_one_never_reaches_who_lost_the_role(town: Town) -> None:
    position = (await _inbox(town, "courier"))["positions"]["announcements.couriers"]
    async with follow(town, "courier", "announcements.couriers", position) as courier:
        await _announce(town, "couriers", "New bags")
        await eventually(lambda: courier.types == ["announcement.published"])
        accounts = town.node.built.accounts
        await accounts.set_role(None, town.accounts["courier"], Role.COURIER, granted=False)
        await _announce(town, "couriers", "Newer bags")
        await eventually(lambda: courier.syncs[-1].get("reason") == "forbidden")
        assert courier.types == ["announcement.published"]
    assert "announcements.couriers" not in (await _inbox(town, "courier"))["positions"]


async def test_it_comes_and_goes_by_itself(town: Town) -> None:
    now = datetime.now(UTC)
    position = (await _inbox(town, "customer"))["positions"]["announcements.customers"]
    async with follow(town, "customer", "announcements.customers", position) as customer:
        times = {"publishes_at": now + timedelta(seconds=1), "expires_at": now + timedelta(seconds=2)}
        await _announce(town, "customers", "Soon", **{name: at.isoformat() for name, at in times.items()})
        assert customer.types == []
        await eventually(lambda: customer.types == ["announcement.published", "announcement.expired"])
        for event, at in zip(customer.events, times.values(), strict=True):
            late = datetime.fromisoformat(event["at"]) - at
            assert timedelta(0) <= late < timedelta(seconds=1.5)


async def test_what_one_device_has_read_the_other_knows(town: Town) -> None:
    made = await _announce(town, "everyone", "Rain")
    own = f"user.{town.accounts['customer']}"
    position = (await _inbox(town, "customer"))["positions"][own]
    async with follow(town, "customer", own, position) as other:
        await town.post("customer", "/v1/announcements/read", {"announcement_ids": [made["announcement_id"]]})
        await eventually(lambda: other.types == ["announcements.read"])
        assert other.events[0]["data"]["announcement_ids"] == [made["announcement_id"]]


async def test_whoever_was_away_for_longer_than_events_are_kept_loads_the_inbox(town: Town) -> None:
    first = await _announce(town, "everyone", "First")
    before = (await _inbox(town, "customer"))["positions"]["announcements.everyone"]
    gone, kept = [await _announce(town, "everyone", title) for title in ("Gone", "Kept")]
    await town.send("admin", "POST", f"/v1/announcing/announcements/{gone['announcement_id']}/withdraw", {})
    pool = town.node.database.pool
    await pool.execute("UPDATE event SET at = at - interval '8 days' WHERE topic = 'announcements.everyone'")
    async with town.node.database.transaction() as transaction:
        await trim_events(transaction, datetime.now(UTC) - timedelta(days=7))
    async with follow(town, "customer", "announcements.everyone", before) as customer:
        assert (customer.syncs[0]["ok"], customer.syncs[0]["reason"]) == (False, "trimmed")
    inbox = await _inbox(town, "customer")
    shown = [one["announcement_id"] for one in inbox["announcements"]]
    assert shown == [kept["announcement_id"], first["announcement_id"]]
    position = inbox["positions"]["announcements.everyone"]
    async with follow(town, "customer", "announcements.everyone", position) as customer:
        assert customer.syncs[0]["ok"]
        await _announce(town, "everyone", "New")
        await eventually(lambda: customer.types == ["announcement.published"])
