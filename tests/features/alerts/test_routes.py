"""Alerts over HTTP: administrators only."""

from uuid import UUID

import pytest
from tests.features.alerts.world import ADMIN, World

# an id that nothing has; a test's name is the same every time
_NOBODYS = UUID(int=7)
_ENDPOINTS = [("GET", "/alerts"), ("POST", f"/alerts/{_NOBODYS}/acknowledge")]


@pytest.mark.parametrize(("method", "path"), _ENDPOINTS)
async def test_who_may_not(world: World, method: str, path: str) -> None:
    assert (await world.client.request(method, path)).status_code == 401
    for person in ("customer", "agent"):
        answer = await world.send(method, path, person)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_administrators_see_and_acknowledge(world: World) -> None:
    await world.raise_alert("dead_letter", "work-1", consumer="kitchen.order_placed")
    answer = await world.send("GET", "/alerts")
    assert answer.status_code == 200
    (alert,) = answer.json()["alerts"]
    assert answer.json()["position"].endswith(":1")
    assert (alert["kind"], alert["title"], alert["times"]) == ("dead_letter", "Nobody is there", 1)
    assert alert["details"] == {"consumer": "kitchen.order_placed"}
    acknowledged = await world.send("POST", f"/alerts/{alert['id']}/acknowledge")
    assert acknowledged.status_code == 200
    assert acknowledged.json()["acknowledged_by"] == str(ADMIN.account_id)
    assert (await world.send("GET", "/alerts")).json()["alerts"] == []


@pytest.mark.parametrize(("alert_id", "expected"), [(str(_NOBODYS), 404), ("first", 422)])
async def test_what_is_not_there(world: World, alert_id: str, expected: int) -> None:
    answer = await world.send("POST", f"/alerts/{alert_id}/acknowledge")
    assert answer.status_code == expected
    assert answer.headers["content-type"] == "application/problem+json"


async def test_acknowledged_twice_is_told(world: World) -> None:
    await world.raise_alert()
    alerts, _ = await world.snapshot()
    path = f"/alerts/{next(iter(alerts))}/acknowledge"
    assert (await world.send("POST", path)).status_code == 200
    answer = await world.send("POST", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "alert_not_found")
