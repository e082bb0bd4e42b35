"""What happens to an account reaches all its devices: old snapshot + its events == fresh snapshot."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from tests.features.accounts.test_routes import ADDRESS
from tests.features.accounts.world import PASSWORD, Device, World

from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.features.accounts import user_topic
from tiffin.features.accounts.events import USER_EVENTS
from tiffin.realtime import Grant, ReadRequest, StoredEvent

State = dict[str, Any]


async def snapshot(device: Device) -> tuple[State, int]:
    """What a device of the account shows, and the seq it was read at."""
    profile = await device.get("/profile")
    seq = int(profile.pop("position").partition(":")[2])
    # when a device was last seen is told by no event: it moves with every use
    hidden = ("current", "last_seen_at")
    sessions = {
        item["session_id"]: {key: value for key, value in item.items() if key not in hidden}
        for item in await device.get("/sessions")
    }
    addresses = {item["address_id"]: item for item in await device.get("/addresses")}
    return {"profile": profile, "sessions": sessions, "addresses": addresses}, seq


def apply(state: State, event: StoredEvent) -> None:
    """What a client does with one event."""
    data = orjson.loads(event.encode())["data"]
    match event.type:
        case "account.registered" | "account.changed":
            state["profile"] = data["account"]
        case "role.granted" | "role.revoked":
            changed = {data["role"]}
            roles = {*state["profile"]["roles"]}
            roles = roles | changed if event.type == "role.granted" else roles - changed
            state["profile"] |= {"roles": sorted(roles), "version": data["version"]}
        case "session.started":
            session = {key: value for key, value in data["session"].items() if key != "last_seen_at"}
            state["sessions"][session["session_id"]] = session
        case "session.changed":
            state["sessions"][data["session_id"]]["device_name"] = data["device_name"]
        case "session.ended":
            for session_id in data["session_ids"]:
                state["sessions"].pop(session_id, None)
        case "address.changed":
            state["addresses"][data["address"]["address_id"]] = data["address"]
        case "address.removed":
            state["addresses"].pop(data["address_id"], None)
        case "account.password_changed":
            pass
        case _:
            raise AssertionError(event.type)


async def _change_profile(world: World, here: Device) -> None:
    tag = (await here.send("GET", "/profile")).headers["etag"]
    answer = await here.send("PATCH", "/profile", {"name": "Aino L", "language": "fi"}, headers={"if-match": tag})
    assert answer.status_code == 200


async def _grant(world: World, here: Device) -> None:
    for role, granted in ((Role.COURIER, True), (Role.AGENT, True), (Role.COURIER, False), (Role.AGENT, True)):
        await world.accounts.set_role(None, here.account_id, role, granted=granted)


async def _log_in(world: World, here: Device) -> None:
    await world.log_in(kind="browser", device_name="Tablet")
    assert (await world.refresh(here.refresh_token)).status_code == 200


async def _name(world: World, here: Device) -> None:
    there = await world.log_in(device_name="Phone")
    await here.send("PATCH", f"/sessions/{there.session_id}", {"device_name": "Old phone"})


async def _end_one(world: World, here: Device) -> None:
    there = await world.log_in()
    assert (await there.send("DELETE", "/sessions/current")).status_code == 204


async def _end_others(world: World, here: Device) -> None:
    await world.log_in()
    assert (await here.send("DELETE", "/sessions")).status_code == 204


async def _change_password(world: World, here: Device) -> None:
    body = {"current_password": PASSWORD, "new_password": "an entirely different sentence"}
    assert (await here.send("POST", "/profile/password", body)).status_code == 204


async def _steal(world: World, here: Device) -> None:
    there = await world.log_in()
    successor = (await world.refresh(there.refresh_token)).json()["refresh_token"]
    await world.refresh(successor)
    assert (await world.refresh(there.refresh_token)).status_code == 401


async def _addresses(world: World, here: Device) -> None:
    made = [(await here.send("POST", "/addresses", ADDRESS)).json()["address_id"] for _ in range(3)]
    await here.send("PATCH", f"/addresses/{made[0]}", {"street": "Aleksanterinkatu 1"})
    await here.send("DELETE", f"/addresses/{made[1]}")


async def _refusals(world: World, here: Device) -> None:
    await here.send("PATCH", "/profile", {"name": "Lost"}, headers={"if-match": '"77"'})
    await here.send("DELETE", f"/sessions/{new_id()}")
    await here.send("DELETE", f"/addresses/{new_id()}")
    await here.send("POST", "/profile/password", {"current_password": "wrong", "new_password": PASSWORD})


_CHANGES = [
    _change_profile,
    _grant,
    _log_in,
    _name,
    _end_one,
    _end_others,
    _change_password,
    _steal,
    _addresses,
    _refusals,
]


@pytest.mark.parametrize("change", [*_CHANGES, None])
async def test_old_snapshot_and_its_events_are_the_fresh_snapshot(world: World, change: Any) -> None:
    here = await world.device(name="Laptop")
    await world.log_in(device_name="Till")
    await here.send("POST", "/addresses", ADDRESS)
    state, seq = await snapshot(here)
    for one in _CHANGES if change is None else [change]:
        await one(world, here)
        if change is None and one is _change_password:
            await world.execute("UPDATE account SET password_hash = $1", await world.hasher.hash(PASSWORD))
    for event in await world.events_of(here.account_id, seq):
        apply(state, event)
    fresh, _ = await snapshot(here)
    assert state == fresh


async def test_a_head_exists_from_the_beginning_and_the_first_event_is_all_of_the_account(world: World) -> None:
    account_id = await world.register()
    events = await world.events_of(account_id)
    assert [(event.seq, event.type) for event in events] == [(1, "account.registered")]
    state: State = {}
    apply(state, events[0])
    assert state["profile"]["account_id"] == str(account_id)


async def test_refusals_leave_no_events(world: World) -> None:
    here = await world.device()
    before = len(await world.events_of(here.account_id))
    await _refusals(world, here)
    assert len(await world.events_of(here.account_id)) == before
    assert [event.seq for event in world.announced if event.topic == user_topic(here.account_id)] == [1, 2]


async def test_what_ends_a_right_is_flagged(world: World) -> None:
    flagged = {event.type for event in USER_EVENTS if event.rights}
    of_addresses = {"address.changed", "address.removed"}  # what a city is told depends on them
    assert flagged == {"account.changed", "session.ended", "role.granted", "role.revoked"} | of_addresses


async def test_a_new_device_is_told_by_name(world: World) -> None:
    here = await world.device()
    await world.log_in(kind="browser", device_name="Kitchen tablet")
    data = orjson.loads((await world.events_of(here.account_id))[-1].body)
    assert (data["session"]["device_name"], data["session"]["kind"]) == ("Kitchen tablet", "browser")
    assert "current" not in data["session"]


async def test_an_account_reads_its_own_topic_and_no_other(world: World) -> None:
    (kind,) = world.feature.topics
    own, other = new_id(), new_id()
    everything = Principal(own, new_id(), frozenset(Role))
    asked: list[tuple[Principal | None, UUID | str]] = [
        (everything, own),
        (everything, other),
        (everything, str(own).upper()),
        (everything, own.hex),
        (None, own),
    ]
    requests = [ReadRequest(who, f"user.{key}", str(key)) for who, key in asked]
    async with world.database.connection() as connection:
        assert await kind.readers(connection, requests) == [Grant(), None, None, None, None]
    assert kind.key_of(user_topic(own)) == str(own)
