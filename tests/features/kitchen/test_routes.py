"""Who may what with tickets, and bodies that no board would send."""

from typing import Any
from uuid import uuid4

import pytest
from tests.features.kitchen.world import World

STAFF = ("staff", "manager", "owner")
NOBODY_ELSES = ("stranger", "customer", "rival", "rival_owner", "agent", "admin")

DEVICE = "0197d3a0-0000-7000-8000-000000000001"
# in an order in which each may succeed for the last of the staff
ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("acknowledge", {"device_id": DEVICE, "state": "received"}),
    ("acknowledge", {"device_id": DEVICE, "state": "seen"}),
    ("accept", {"minutes": 10}),
    ("reject", {"reason": "too_busy"}),
    ("advance", {"to": "preparing"}),
    ("cancel", {"reason": "No gas"}),
]


@pytest.mark.parametrize(("what", "body"), ACTIONS, ids=lambda value: value if isinstance(value, str) else "")
async def test_who_may_act_on_a_ticket(world: World, what: str, body: dict[str, Any]) -> None:
    ticket_id = await world.place()
    before = await world.status_of(ticket_id)
    assert (await world.ask(None, "POST", f"/tickets/{ticket_id}/{what}", body)).status_code == 401
    for name in NOBODY_ELSES:
        answer = await world.act(name, ticket_id, what, **body)
        assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found"), name
    assert await world.status_of(ticket_id) == before, "nothing happened"
    for name in STAFF:
        ticket_id = await world.place()
        if what in ("advance", "cancel"):
            await world.must("manager", ticket_id, "accept", minutes=5)
        assert (await world.act(name, ticket_id, what, **body)).is_success, name
    assert (await world.act("staff", str(uuid4()), what, **body)).json()["code"] == "ticket_not_found"
    assert (await world.act("staff", "not-an-id", what, **body)).status_code == 422


@pytest.mark.parametrize("what", ["tickets", "presence"])
async def test_who_may_see_a_board(world: World, what: str) -> None:
    path = f"/restaurants/{world.restaurant_id}/{what}"
    assert (await world.ask(None, "GET", path)).status_code == 401
    for name in NOBODY_ELSES:
        assert (await world.ask(name, "GET", path)).json()["code"] == "not_a_member", name
    for name in STAFF:
        assert (await world.ask(name, "GET", path)).status_code == 200, name
    assert (await world.ask("staff", "GET", f"/restaurants/{uuid4()}/{what}")).status_code == 404


async def test_an_unpublished_restaurants_board_does_not_exist_for_others(world: World) -> None:
    await world.do("owner", "PATCH", f"/restaurants/{world.restaurant_id}", {"published": False}, if_match="*")
    path = f"/restaurants/{world.restaurant_id}/tickets"
    assert (await world.ask("stranger", "GET", path)).json()["code"] == "restaurant_not_found"
    assert (await world.ask("staff", "GET", path)).status_code == 200


async def test_presence_names_people_and_devices(world: World) -> None:
    path = f"/restaurants/{world.restaurant_id}/presence"
    assert (await world.do("staff", "GET", path)) == {"present": [], "position": "0:0"}
    await world.present("manager")
    [present] = (await world.do("staff", "GET", path))["present"]
    assert (present["name"], present["device"]) == ("Manager", "manager's")


HOSTILE: list[tuple[str, Any]] = [
    ("accept", {}),
    ("accept", {"minutes": 0}),
    ("accept", {"minutes": 241}),
    ("accept", {"minutes": 10**30}),
    ("accept", {"minutes": float("nan")}),
    ("accept", {"minutes": 10, "by": "me"}),
    ("accept", [10]),
    ("accept", None),
    ("reject", {"reason": "because"}),
    ("reject", {"reason": "other", "note": "a\x00b"}),
    ("reject", {"reason": "other", "note": "\ud800"}),
    ("reject", {"reason": "other", "note": "x" * 301}),
    ("advance", {"to": "confirmed"}),
    ("advance", {"to": "cancelled"}),
    ("advance", {"to": ["ready"]}),
    ("cancel", {"reason": "  "}),
    ("cancel", {"reason": "\x00"}),
    ("cancel", {"reason": "x" * 301}),
    ("acknowledge", {"state": "received"}),
    ("acknowledge", {"device_id": "phone", "state": "received"}),
    ("acknowledge", {"device_id": DEVICE, "state": "eaten"}),
]


async def test_hostile_bodies_are_refused_and_change_nothing(world: World) -> None:
    ticket_id = await world.place()
    before = await world.status_of(ticket_id)
    for what, body in HOSTILE:
        answer = await world.ask("staff", "POST", f"/tickets/{ticket_id}/{what}", body)
        assert answer.status_code == 422, (what, body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    broken = await world.client.post(
        f"/tickets/{ticket_id}/accept", content=b'{"minutes": ', headers={"authorization": "Bearer staff"}
    )
    assert broken.json()["code"] in ("malformed_json", "invalid_fields")
    assert await world.status_of(ticket_id) == before


async def test_the_longest_words_are_taken(world: World) -> None:
    ticket_id = await world.place(note="ä" * 300)
    note = "\N{PILE OF POO}" * 300
    status = (await world.must("staff", ticket_id, "reject", reason="other", note=note))["status"]
    assert status["reason"] == f"other: {note}"
    assert (await world.order_of(ticket_id))["history"][-1]["reason"] == f"other: {note}"
