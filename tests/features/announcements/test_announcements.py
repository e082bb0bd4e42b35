"""Announcements over HTTP, on a faked clock."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from tests.features.announcements.world import NOON, TEXTS, World

from tiffin.base.principal import Role
from tiffin.features.accounts.schemas import AddressUpdate


def _in(**how_long: float) -> str:
    return (NOON + timedelta(**how_long)).isoformat()


async def test_what_is_announced_at_once_is_there_at_once(world: World) -> None:
    made = await world.announce(severity="warning", link="/orders")
    assert (made["state"], made["version"], made["author_name"]) == ("published", 2, "Admin")
    inbox = await world.inbox("customer")
    assert inbox["unread"] == 1
    shown = inbox["announcements"][0]
    assert (shown["texts"], shown["severity"], shown["link"]) == (TEXTS, "warning", "/orders")
    assert shown["read_at"] is None
    assert await world.types_of("announcements.everyone") == ["announcement.published"]
    events = await world.log("announcements.everyone")
    assert inbox["positions"]["announcements.everyone"] == f"{events[0].epoch}:1", "nothing between snapshot and stream"


async def test_each_audience_reaches_those_who_belong_to_it_and_nobody_else(world: World) -> None:
    everybody = ("customer", "stranger", "courier", "agent", "admin", "owner", "staff")
    expected: dict[str, tuple[dict[str, Any], set[str | None]]] = {
        "everyone": ({}, {None, *everybody}),
        "customers": ({}, set(everybody)),
        "couriers": ({}, {"courier"}),
        "agents": ({}, {"agent"}),
        "admins": ({}, {"admin"}),
        "restaurants": ({}, {"owner", "staff"}),
        "restaurant": ({"restaurant_id": world.restaurant_id}, {"owner", "staff"}),
        "city": ({"city": "  hELSINKI "}, {"customer"}),
    }
    await world.live_in("stranger", "Turku")
    rival = await world.restaurant("rival", name="Next door")
    for kind, (which, readers) in expected.items():
        made = await world.announce(kind, **which)
        for name in (None, *everybody):
            has_it = made["announcement_id"] in await world.ids_in(name)
            assert has_it == (name in readers), (kind, name)
            key = made["audience"]["kind"]
            if kind == "restaurant":
                key = f"restaurant-{world.restaurant_id}"
            elif kind == "city":
                key = next(
                    one.removeprefix("announcements.") for one in await _topics(world, "customer") if "city" in one
                )
            assert await world.may_follow(name, key) == (name in readers), (kind, name)
            assert (f"announcements.{key}" in await _topics(world, name)) == (name in readers)
    assert not await world.may_follow("owner", f"restaurant-{rival}")
    assert not await world.may_follow("admin", "nonsense")
    assert not await world.may_follow(None, "customers")


async def _topics(world: World, name: str | None) -> list[str]:
    return list((await world.inbox(name))["positions"])


async def test_the_reach_is_counted_before_anything_is_sent(world: World) -> None:
    async def reach(query: str) -> int:
        return int((await world.do("admin", "GET", f"/announcing/reach?{query}"))["accounts"])

    assert await reach("kind=everyone") == await reach("kind=customers") == 7
    assert await reach("kind=couriers") == await reach("kind=agents") == await reach("kind=admins") == 1
    assert await reach("kind=restaurants") == await reach(f"kind=restaurant&restaurant_id={world.restaurant_id}") == 2
    assert await reach("kind=city&city=helsinki") == 1
    assert await reach("kind=city&city=Oulu") == 0
    await world.live_in("customer", " helsinki")
    await world.live_in("stranger", "Helsinki")
    cities = (await world.do("admin", "GET", "/announcing/cities"))["cities"]
    assert cities == [{"name": "Helsinki", "accounts": 2}]
    for wrong in ("kind=city", "kind=couriers&city=Turku", "kind=restaurant", "kind=nobody", ""):
        assert (await world.ask("admin", "GET", f"/announcing/reach?{wrong}")).status_code == 422, wrong


async def test_a_scheduled_one_comes_and_goes_at_its_times(world: World) -> None:
    made = await world.announce(publishes_at=_in(hours=6), expires_at=_in(hours=8))
    assert made["state"] == "scheduled"
    await world.wait(hours=5, minutes=59)
    assert await world.ids_in("customer") == []
    assert await world.types_of("announcements.everyone") == []
    await world.wait(minutes=1)
    assert await world.ids_in("customer") == [made["announcement_id"]]
    await world.wait(hours=1, minutes=59)
    assert await world.types_of("announcements.everyone") == ["announcement.published"]
    await world.wait(minutes=1)
    assert await world.ids_in("customer") == []
    assert await world.types_of("announcements.everyone") == ["announcement.published", "announcement.expired"]
    assert await world.database.pool.fetchval("SELECT count(*) FROM work") == 0, "no timer is left"


@pytest.mark.parametrize("away", [1.5, 30])
async def test_a_schedule_holds_across_an_outage(world: World, away: float) -> None:
    """Nobody is there for hours, among them the moment of publication: it comes when they are back."""
    await world.announce(publishes_at=_in(hours=1), expires_at=_in(hours=24))
    passed = timedelta(hours=away)
    world.clock.at = NOON + passed
    pool = world.database.pool
    await pool.execute("UPDATE work SET due_at = due_at - $1::interval", passed)
    await pool.execute("UPDATE work_beat SET beat_at = now() - $1::interval", passed)
    await world.runner.run_overdue(100)
    told = await world.types_of("announcements.everyone")
    assert told == (["announcement.published"] if away < 24 else []), "what is over already is never shown"
    left = await pool.fetchval("SELECT extract(epoch FROM min(due_at) - now())::float8 FROM work")
    if away < 24:
        assert abs(left - (24 - away) * 3600) < 60, "the expiry stays where the calendar has it"
    else:
        assert left is None


async def test_times_may_be_told_in_any_time_zone(world: World) -> None:
    made = await world.announce(publishes_at="2026-06-01T21:00:00+03:00", expires_at="2026-06-01T15:00:00-05:00")
    assert (made["publishes_at"], made["expires_at"]) == ("2026-06-01T18:00:00Z", "2026-06-01T20:00:00Z")
    naive = {"audience": {"kind": "everyone"}, "texts": TEXTS, "publishes_at": "2026-06-01T21:00:00"}
    assert (await world.ask("admin", "POST", "/announcing/announcements", naive)).status_code == 422


@pytest.mark.parametrize(
    "times",
    [
        {"expires_at": _in(hours=-1)},
        {"expires_at": _in(days=91)},
        {"publishes_at": _in(days=2), "expires_at": _in(days=1)},
        {"publishes_at": _in(days=2), "expires_at": _in(days=2)},
        {"publishes_at": _in(days=500)},
    ],
)
async def test_impossible_times_are_refused(world: World, times: dict[str, str]) -> None:
    body = {"audience": {"kind": "everyone"}, "texts": TEXTS} | times
    answer = await world.ask("admin", "POST", "/announcing/announcements", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_times")


async def test_without_an_expiry_it_is_kept_for_ninety_days(world: World) -> None:
    made = await world.announce()
    await world.wait(days=89, hours=23)
    assert await world.ids_in("customer") == [made["announcement_id"]]
    await world.wait(hours=1)
    assert await world.ids_in("customer") == []
    await _forget(world)
    assert await _count(world) == 1, "administrators still see what there was"
    await world.wait(days=91)
    await _forget(world)
    assert await _count(world) == 0


async def _forget(world: World) -> None:
    async with world.database.transaction() as transaction:
        await world.service.forget_ended(transaction)


async def _count(world: World) -> int:
    return len((await world.do("admin", "GET", "/announcing/desk"))["announcements"])


async def test_what_is_published_can_be_corrected(world: World) -> None:
    made = await world.announce("couriers")
    texts = {"en": {"title": "Snow", "body": ""}}
    changed = (await world.rewrite(made, texts=texts, severity="critical")).json()
    assert (changed["texts"]["en"]["title"], changed["severity"], changed["version"]) == ("Snow", "critical", 3)
    assert (await world.inbox("courier"))["announcements"][0]["texts"]["fi"] is None
    assert await world.types_of("announcements.couriers") == ["announcement.published", "announcement.changed"]

    stale = await world.rewrite(made, texts=texts)
    assert stale.status_code == 412
    moved = await world.rewrite(changed, publishes_at=_in(hours=3))
    assert (moved.status_code, moved.json()["code"]) == (409, "already_published")
    other = await world.rewrite(changed, audience={"kind": "agents"})
    assert (other.status_code, other.json()["code"]) == (409, "already_published")


async def test_what_is_scheduled_can_be_moved_and_given_to_others(world: World) -> None:
    made = await world.announce("couriers", publishes_at=_in(hours=1), expires_at=_in(hours=10))
    later = (await world.rewrite(made, audience={"kind": "agents"}, publishes_at=_in(hours=2))).json()
    await world.wait(hours=1, minutes=30)
    assert await world.ids_in("courier") == await world.ids_in("agent") == []
    assert (await world.rewrite(later, publishes_at=_in(hours=1))).json()["state"] == "published", "its time has passed"
    assert await world.ids_in("agent") == [made["announcement_id"]]
    assert await world.ids_in("courier") == []
    expiries = await world.database.pool.fetchval("SELECT count(*) FROM work")
    assert expiries == 1, "each change takes the timer before it back"


async def test_what_is_withdrawn_disappears(world: World) -> None:
    shown, waiting = await world.announce(), await world.announce(publishes_at=_in(hours=1))
    for made in (shown, waiting):
        assert (await world.withdraw(made))["state"] == "withdrawn"
    assert await world.ids_in("customer") == []
    await world.wait(hours=2)
    assert await world.types_of("announcements.everyone") == ["announcement.published", "announcement.withdrawn"]
    again = await world.ask("admin", "POST", f"/announcing/announcements/{shown['announcement_id']}/withdraw")
    assert (again.status_code, again.json()["code"]) == (409, "announcement_ended")
    assert (await world.rewrite(shown)).json()["code"] == "announcement_ended"


async def test_read_marks_are_a_persons(world: World) -> None:
    first, second = await world.announce(), await world.announce("couriers")
    ids = [first["announcement_id"], second["announcement_id"]]
    assert (await world.do("customer", "POST", "/announcements/read", {"announcement_ids": ids})) == {
        "announcement_ids": [first["announcement_id"]]
    }, "what is not announced to somebody is not marked by them"
    assert (await world.inbox("customer"))["unread"] == 0
    assert (await world.inbox("courier"))["unread"] == 2
    assert await world.types_of(world.topic_of("customer")) == ["address.changed", "announcements.read"]
    again = await world.do("customer", "POST", "/announcements/read", {"announcement_ids": ids})
    assert again == {"announcement_ids": []}
    assert len(await world.types_of(world.topic_of("customer"))) == 2, "nothing new, nothing told"
    desk = (await world.do("admin", "GET", "/announcing/desk"))["announcements"]
    assert {one["announcement_id"]: one["read_by"] for one in desk} == dict(zip(ids, (1, 0), strict=True))


async def test_unread_stands_first_then_the_newest(world: World) -> None:
    made = []
    for _ in range(4):
        made.append((await world.announce())["announcement_id"])
        await world.wait(minutes=1)
    await world.do("customer", "POST", "/announcements/read", {"announcement_ids": [made[3], made[1]]})
    assert await world.ids_in("customer") == [made[2], made[0], made[3], made[1]]


async def test_whoever_loses_a_role_loses_the_audience(world: World) -> None:
    made = await world.announce("couriers")
    courier = world.people["courier"]
    await world.accounts.set_role(None, courier.account_id, Role.COURIER, granted=False)
    world.people["courier"] = type(courier)(courier.account_id, courier.session_id)  # as its session is read now
    assert await world.ids_in("courier") == []
    assert not await world.may_follow("courier", "couriers")
    read = await world.do("courier", "POST", "/announcements/read", {"announcement_ids": [made["announcement_id"]]})
    assert read == {"announcement_ids": []}


async def test_whoever_moves_away_belongs_to_another_city(world: World) -> None:
    await world.announce("city", city="Turku")
    address_id = await world.live_in("stranger", "Turku")
    assert len(await world.ids_in("stranger")) == 1
    oulu = AddressUpdate(city="Oulu")
    await world.accounts.change_address(world.people["stranger"], UUID(address_id), oulu)
    assert await world.ids_in("stranger") == []
    flagged = [event.rights for event in await world.log(world.topic_of("stranger"))]
    assert flagged == [True, True], "streams ask for their rights anew"


async def test_a_repeated_request_announces_once(world: World) -> None:
    body = {"audience": {"kind": "everyone"}, "texts": TEXTS}
    answers = [
        await world.ask("admin", "POST", "/announcing/announcements", body, idempotency_key="the-same-key-twice")
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(await world.ids_in("customer")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"texts": {}},
        {"texts": {"en": {"title": ""}}},
        {"texts": {"en": {"title": "x" * 121}}},
        {"texts": {"sv": {"title": "Regn"}}},
        {"link": "javascript:alert(1)"},
        {"link": "//elsewhere.example"},
        {"link": "https://user:secret@elsewhere.example/"},
        {"link": "/\\elsewhere.example"},
        {"severity": "apocalyptic"},
    ],
)
async def test_what_cannot_be_shown_is_refused(world: World, wrong: dict[str, Any]) -> None:
    body = {"audience": {"kind": "everyone"}, "texts": TEXTS} | wrong
    assert (await world.ask("admin", "POST", "/announcing/announcements", body)).status_code == 422


async def test_administrators_follow_all_of_it(world: World) -> None:
    desk = await world.do("admin", "GET", "/announcing/desk")
    made = await world.announce(publishes_at=_in(hours=1), expires_at=_in(hours=2))
    await world.wait(hours=1)
    await world.wait(hours=1)
    events = await world.log("announcing.desk", int(desk["position"].partition(":")[2]))
    states = [orjson.loads(event.body)["announcement"]["state"] for event in events]
    assert states == ["scheduled", "published", "expired"]
    page = await world.do("admin", "GET", "/announcing/desk?limit=1")
    assert page["announcements"][0]["announcement_id"] == made["announcement_id"]
    following = await world.do("admin", "GET", f"/announcing/desk?cursor={page['next_cursor']}")
    assert following["announcements"] == []
    audited = await world.database.pool.fetch("SELECT action FROM audit_entry WHERE action LIKE 'announcement%'")
    assert [row["action"] for row in audited] == ["announcement.created"]
