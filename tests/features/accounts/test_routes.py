"""Accounts over HTTP: anonymous, wrong person, right person, bad payload."""

from typing import Any
from uuid import UUID

import pytest
from tests.features.accounts.world import ORIGIN, PASSWORD, Device, World

from tiffin.base.ids import new_id
from tiffin.base.settings import Settings
from tiffin.http.authentication import SESSION_COOKIE

# an id that nothing has; a test's name is the same every time
NOBODYS = UUID(int=7)
ADDRESS = {
    "label": "Home",
    "street": "Mannerheimintie 1",
    "city": "Helsinki",
    "postal_code": "00100",
    "latitude": 60.17,
    "longitude": 24.94,
    "note": "Ring twice",
}


def _problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


# registering


async def test_registering_answers_with_the_account_and_never_its_password(world: World) -> None:
    body = {"email": "Aino@EXAMPLE.com", "password": PASSWORD, "name": "  Aino  ", "language": "fi"}
    answer = await world.client.post("/v1/accounts", json=body)
    assert answer.status_code == 201
    found = answer.json()
    assert (found["email"], found["name"], found["language"]) == ("Aino@example.com", "Aino", "fi")
    assert (found["roles"], found["version"]) == ([], 1)
    assert "password" not in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"email": "not an address"},
        {"email": "a@b"},
        {"email": "aino@example.com\x00"},
        {"email": f"{'a' * 250}@example.com"},
        {"email": None},
        {"password": "short"},
        {"password": "x" * 257},
        {"password": "nul \x00 in a password"},
        {"password": 12345678},
        {"name": "   "},
        {"name": "nul \x00"},
        {"name": "x" * 101},
        {"language": "Finnish"},
        {"roles": ["admin"]},
    ],
)
async def test_bad_registrations_say_which_field(world: World, change: dict[str, Any]) -> None:
    body = {"email": "aino@example.com", "password": PASSWORD, "name": "Aino"} | change
    answer = await world.client.post("/v1/accounts", json=body)
    assert _problem(answer) == (422, "invalid_fields")
    assert answer.json()["fields"][0]["at"] == f"body.{next(iter(change))}"
    assert PASSWORD not in answer.text


async def test_a_password_that_is_easy_to_guess_is_refused_with_advice(world: World) -> None:
    body = {"email": "aino@example.com", "password": "virtanen1", "name": "Aino Virtanen"}
    answer = await world.client.post("/v1/accounts", json=body)
    assert _problem(answer) == (422, "weak_password")
    assert "advice" in answer.json()


async def test_a_taken_address_is_a_conflict(world: World) -> None:
    await world.register()
    body = {"email": "AINO@example.com", "password": PASSWORD, "name": "Another"}
    assert _problem(await world.client.post("/v1/accounts", json=body)) == (409, "email_taken")


# logging in and out


async def test_a_program_gets_tokens_and_no_cookie(world: World) -> None:
    await world.register()
    body = {"email": "aino@example.com", "password": PASSWORD, "kind": "program", "device_name": "Phone"}
    answer = await world.client.post("/v1/sessions", json=body)
    assert answer.status_code == 201
    assert set(answer.json()) == {
        "kind",
        "session_id",
        "account_id",
        "access_token",
        "refresh_token",
        "expires_in_seconds",
    }
    assert answer.json()["expires_in_seconds"] == 600
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "https://tiffin.example"])
async def test_a_browser_gets_a_cookie_that_scripts_cannot_read(world: World, origin: str) -> None:
    world = World(world.database, Settings(_env_file=None, public_origin=origin), world.hasher)
    await world.register()
    body = {"email": "aino@example.com", "password": PASSWORD, "kind": "browser"}
    answer = await world.client.post("/v1/sessions", json=body)
    assert set(answer.json()) == {"kind", "session_id", "account_id"}
    value, *attributes = answer.headers["set-cookie"].split("; ")
    assert value.startswith(f"{SESSION_COOKIE}=")
    expected = {"HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={world.settings.session_absolute_seconds}"}
    assert set(attributes) == expected | ({"Secure"} if origin.startswith("https") else set())


async def test_a_wrong_password_and_an_unknown_account_look_alike(world: World) -> None:
    await world.register()
    answers = []
    for email, password in (("aino@example.com", "wrong password"), ("nobody@example.com", PASSWORD), ("x", "y")):
        answer = await world.client.post("/v1/sessions", json={"email": email, "password": password})
        assert _problem(answer) == (401, "wrong_credentials")
        answers.append((answer.content, sorted(answer.headers)))
    assert answers[0] == answers[1] == answers[2]


async def test_too_many_wrong_passwords_are_told_when_to_come_back(world: World) -> None:
    await world.register()
    body = {"email": "aino@example.com", "password": "wrong password"}
    for _ in range(world.settings.login_attempts_per_minute):
        await world.client.post("/v1/sessions", json=body)
    answer = await world.client.post("/v1/sessions", json=body)
    assert _problem(answer) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    async with world.client_from("198.51.100.9") as elsewhere:
        answer = await elsewhere.post("/v1/sessions", json=body | {"password": PASSWORD})
        assert answer.status_code == 201


@pytest.mark.parametrize("kind", ["program", "browser"])
async def test_logging_out_counts_at_once(world: World, kind: str) -> None:
    device = await world.device(kind=kind)
    answer = await device.send("DELETE", "/sessions/current")
    assert answer.status_code == 204
    assert f'{SESSION_COOKIE}=""' in answer.headers["set-cookie"]
    assert _problem(await device.send("GET", "/profile")) == (401, "session_ended")
    if kind == "program":
        assert _problem(await world.refresh(device.refresh_token)) == (401, "session_ended")


async def test_refreshing_rotates_and_a_lost_answer_is_repeated(world: World) -> None:
    device = await world.device()
    first, again = await world.refresh(device.refresh_token), await world.refresh(device.refresh_token)
    assert first.status_code == again.status_code == 200
    assert first.json()["refresh_token"] == again.json()["refresh_token"] != device.refresh_token
    assert _problem(await world.refresh("made up")) == (401, "invalid_token")
    assert _problem(await world.refresh("x" * 300)) == (422, "invalid_fields")


@pytest.mark.parametrize(
    ("origin", "expected"),
    [(ORIGIN, 204), (None, 403), ("null", 403), ("https://evil.example", 403)],
)
async def test_a_cookie_changes_things_from_our_origin_only(world: World, origin: str | None, expected: int) -> None:
    device = await world.device(kind="browser")
    del device.headers["origin"]
    headers = {} if origin is None else {"origin": origin}
    answer = await device.send("DELETE", "/sessions", headers=headers)
    assert answer.status_code == expected
    if expected == 403:
        assert _problem(answer) == (403, "forbidden_origin")
    assert (await device.send("GET", "/profile")).status_code == 200


# devices


async def test_devices_are_listed_named_and_ended(world: World) -> None:
    here = await world.device(name="Laptop")
    phone = await world.log_in(device_name="Phone")
    listed = {UUID(item["session_id"]): item for item in await here.get("/sessions")}
    assert {key: item["current"] for key, item in listed.items()} == {here.session_id: True, phone.session_id: False}
    assert listed[phone.session_id]["device_name"] == "Phone"
    answer = await here.send("PATCH", f"/sessions/{phone.session_id}", {"device_name": "Old phone"})
    assert answer.status_code == 204
    assert "Old phone" in {item["device_name"] for item in await phone.get("/sessions")}
    assert (await here.send("DELETE", f"/sessions/{phone.session_id}")).status_code == 204
    assert _problem(await phone.send("GET", "/sessions")) == (401, "session_ended")
    assert _problem(await here.send("DELETE", f"/sessions/{phone.session_id}")) == (404, "session_not_found")


async def test_all_other_devices_end_and_this_one_stays(world: World) -> None:
    here = await world.device()
    others = [await world.log_in(), await world.log_in(kind="browser")]
    assert (await here.send("DELETE", "/sessions")).status_code == 204
    assert [item["session_id"] for item in await here.get("/sessions")] == [str(here.session_id)]
    for other in others:
        assert (await other.send("GET", "/sessions")).status_code == 401


async def test_other_peoples_sessions_do_not_exist(world: World) -> None:
    mine, theirs = await world.device(), await world.device("other@example.com")
    for method, body in (("DELETE", None), ("PATCH", {"device_name": "Mine now"})):
        for session_id in (theirs.session_id, new_id()):
            answer = await mine.send(method, f"/sessions/{session_id}", body)
            assert _problem(answer) == (404, "session_not_found")
    assert [item["device_name"] for item in await theirs.get("/sessions")] == [""]


# the profile


async def test_a_profile_is_read_once_and_then_not_changed(world: World) -> None:
    device = await world.device()
    answer = await device.send("GET", "/profile")
    assert answer.status_code == 200
    assert answer.json()["account_id"] == str(device.account_id)
    assert answer.json()["position"].endswith(":2")  # registered, logged in
    tag = answer.headers["etag"]
    assert tag == f'"{answer.json()["version"]}"'
    again = await device.send("GET", "/profile", headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


async def test_a_profile_changes_only_from_what_was_read(world: World) -> None:
    device = await world.device()
    tag = (await device.send("GET", "/profile")).headers["etag"]
    missing = await device.send("PATCH", "/profile", {"name": "Aino L"})
    assert _problem(missing) == (428, "precondition_required")
    assert missing.headers["etag"] == tag
    changed = await device.send(
        "PATCH", "/profile", {"name": "Aino L", "phone": "+358 40 1"}, headers={"if-match": tag}
    )
    assert (changed.status_code, changed.json()["name"], changed.json()["phone"]) == (200, "Aino L", "+358 40 1")
    stale = await device.send("PATCH", "/profile", {"name": "Lost"}, headers={"if-match": tag})
    assert _problem(stale) == (412, "precondition_failed")
    assert stale.headers["etag"] == changed.headers["etag"] != tag
    assert (await device.get("/profile"))["name"] == "Aino L"


async def test_of_two_changes_at_once_one_is_stale(world: World) -> None:
    device = await world.device()
    headers = {"if-match": (await device.send("GET", "/profile")).headers["etag"]}
    first = await device.send("PATCH", "/profile", {"name": "One"}, headers=headers)
    second = await device.send("PATCH", "/profile", {"name": "Two"}, headers=headers)
    assert (first.status_code, second.status_code) == (200, 412)


async def test_a_change_of_nothing_is_no_change(world: World) -> None:
    device = await world.device()
    before = await device.send("GET", "/profile")
    for body in ({}, {"name": before.json()["name"]}):
        answer = await device.send("PATCH", "/profile", body, headers={"if-match": before.headers["etag"]})
        assert (answer.status_code, answer.headers["etag"]) == (200, before.headers["etag"])
    assert (await device.get("/profile")) == before.json()


async def test_a_role_is_part_of_the_profile_and_its_tag(world: World) -> None:
    admin = await world.admin()
    device = await world.device()
    tag = (await device.send("GET", "/profile")).headers["etag"]
    assert (await admin.send("PUT", f"/accounts/{device.account_id}/roles/courier")).json()["roles"] == ["courier"]
    answer = await device.send("GET", "/profile", headers={"if-none-match": tag})
    assert (answer.status_code, answer.json()["roles"]) == (200, ["courier"])


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "nul \x00"},
        {"email": "new@example.com"},
        {"roles": ["admin"]},
        {"language": "f"},
        {"phone": "call me"},
        {"phone": "1" * 33},
        [],
        "text",
    ],
)
async def test_bad_profiles_are_refused(world: World, body: Any) -> None:
    device = await world.device()
    answer = await device.send("PATCH", "/profile", body, headers={"if-match": "*"})
    assert _problem(answer) == (422, "invalid_fields")


async def test_the_password_is_changed_by_who_knows_it(world: World) -> None:
    here, other = await world.device(), await world.log_in()
    new = "an entirely different sentence"
    path = "/profile/password"
    wrong = await here.send("POST", path, {"current_password": "wrong one", "new_password": new})
    assert _problem(wrong) == (422, "wrong_password")
    weak = await here.send("POST", path, {"current_password": PASSWORD, "new_password": "password1"})
    assert _problem(weak) == (422, "weak_password")
    short = await here.send("POST", path, {"current_password": PASSWORD, "new_password": "short"})
    assert _problem(short) == (422, "invalid_fields")
    assert (await other.send("GET", "/profile")).status_code == 200
    done = await here.send("POST", path, {"current_password": PASSWORD, "new_password": new})
    assert done.status_code == 204
    assert (await here.send("GET", "/profile")).status_code == 200
    assert (await other.send("GET", "/profile")).status_code == 401


# addresses


async def test_addresses_come_change_and_go(world: World) -> None:
    device = await world.device()
    made = await device.send("POST", "/addresses", ADDRESS)
    assert made.status_code == 201
    address_id = made.json()["address_id"]
    assert await device.get("/addresses") == [{"address_id": address_id, **ADDRESS}]
    changed = await device.send("PATCH", f"/addresses/{address_id}", {"note": "", "latitude": 1, "longitude": 2})
    assert changed.json() == {"address_id": address_id, **ADDRESS, "note": "", "latitude": 1, "longitude": 2}
    assert await device.get("/addresses") == [changed.json()]
    assert (await device.send("DELETE", f"/addresses/{address_id}")).status_code == 204
    assert await device.get("/addresses") == []
    assert _problem(await device.send("DELETE", f"/addresses/{address_id}")) == (404, "address_not_found")


async def test_other_peoples_addresses_do_not_exist(world: World) -> None:
    mine, theirs = await world.device(), await world.device("other@example.com")
    address_id = (await theirs.send("POST", "/addresses", ADDRESS)).json()["address_id"]
    for method, body in (("PATCH", {"note": "mine now"}), ("DELETE", None)):
        assert _problem(await mine.send(method, f"/addresses/{address_id}", body)) == (404, "address_not_found")
    assert await mine.get("/addresses") == []
    assert await theirs.get("/addresses") == [{"address_id": address_id, **ADDRESS}]


@pytest.mark.parametrize(
    "change",
    [
        {"latitude": 91},
        {"latitude": "north"},
        {"longitude": -181},
        {"longitude": None},
        {"street": ""},
        {"street": "x" * 201},
        {"city": "nul \x00"},
        {"note": "x" * 501},
        {"address_id": str(new_id())},
    ],
)
async def test_bad_addresses_are_refused(world: World, change: dict[str, Any]) -> None:
    device = await world.device()
    assert _problem(await device.send("POST", "/addresses", ADDRESS | change)) == (422, "invalid_fields")
    address_id = (await device.send("POST", "/addresses", ADDRESS)).json()["address_id"]
    if change != {"longitude": None}:
        answer = await device.send("PATCH", f"/addresses/{address_id}", change)
        assert _problem(answer) == (422, "invalid_fields")
    assert await device.get("/addresses") == [{"address_id": address_id, **ADDRESS}]


async def test_half_a_point_is_refused(world: World) -> None:
    device = await world.device()
    address_id = (await device.send("POST", "/addresses", ADDRESS)).json()["address_id"]
    assert _problem(await device.send("PATCH", f"/addresses/{address_id}", {"latitude": 1})) == (422, "invalid_fields")


async def test_an_account_has_a_bounded_number_of_addresses(world: World) -> None:
    device = await world.device()
    await world.execute(
        "INSERT INTO address SELECT gen_random_uuid(), $1, '', 's', 'c', '', '', 0, 0 FROM generate_series(1, 50)",
        device.account_id,
    )
    assert _problem(await device.send("POST", "/addresses", ADDRESS)) == (409, "too_many_addresses")


# roles


async def test_administrators_find_people_and_grant_roles(world: World) -> None:
    admin, aino = await world.admin(), await world.device()
    found = (await admin.get("/accounts?email=AINO@example.com"))["account_id"]
    assert found == str(aino.account_id)
    for _ in range(2):
        answer = await admin.send("PUT", f"/accounts/{found}/roles/agent")
        assert (answer.status_code, answer.json()["roles"]) == (200, ["agent"])
    for _ in range(2):
        answer = await admin.send("DELETE", f"/accounts/{found}/roles/agent")
        assert (answer.status_code, answer.json()["roles"]) == (200, [])


async def test_what_administrators_ask_in_vain(world: World) -> None:
    admin = await world.admin()
    for method, path, expected in (
        ("GET", "/accounts?email=nobody@example.com", (404, "account_not_found")),
        ("GET", "/accounts?email=a%00b", (422, "invalid_fields")),
        ("GET", "/accounts", (422, "invalid_fields")),
        ("PUT", f"/accounts/{new_id()}/roles/agent", (404, "account_not_found")),
        ("PUT", f"/accounts/{admin.account_id}/roles/emperor", (422, "invalid_fields")),
        ("PUT", "/accounts/me/roles/agent", (422, "invalid_fields")),
        ("DELETE", f"/accounts/{admin.account_id}/roles/admin", (409, "last_administrator")),
    ):
        assert _problem(await admin.send(method, path)) == expected, path


_ENDPOINTS = [
    ("GET", "/sessions", None),
    ("DELETE", "/sessions", None),
    ("DELETE", "/sessions/current", None),
    ("PATCH", f"/sessions/{NOBODYS}", {"device_name": "x"}),
    ("DELETE", f"/sessions/{NOBODYS}", None),
    ("GET", "/profile", None),
    ("PATCH", "/profile", {"name": "x"}),
    ("POST", "/profile/password", {"current_password": PASSWORD, "new_password": PASSWORD}),
    ("GET", "/addresses", None),
    ("POST", "/addresses", ADDRESS),
    ("PATCH", f"/addresses/{NOBODYS}", {"note": ""}),
    ("DELETE", f"/addresses/{NOBODYS}", None),
    ("POST", "/stream-tickets", {"topics": ["a.b"]}),
]
_ADMIN_ENDPOINTS = [
    ("GET", "/accounts?email=aino@example.com", None),
    ("PUT", f"/accounts/{NOBODYS}/roles/agent", None),
    ("DELETE", f"/accounts/{NOBODYS}/roles/agent", None),
]


@pytest.mark.parametrize(("method", "path", "body"), [*_ENDPOINTS, *_ADMIN_ENDPOINTS])
async def test_nobody_is_let_in_without_logging_in(world: World, method: str, path: str, body: Any) -> None:
    stranger = Device(world.client, new_id(), new_id(), {})
    assert _problem(await stranger.send(method, path, body)) == (401, "unauthenticated")
    stranger.headers["authorization"] = f"Bearer {world.tokens.make_access(new_id(), new_id())}"
    assert _problem(await stranger.send(method, path, body)) == (401, "session_ended")


async def test_only_administrators_see_and_change_others(world: World) -> None:
    device = await world.device()
    for role in ("courier", "agent"):
        await world.execute("INSERT INTO account_role (account_id, role) VALUES ($1, $2)", device.account_id, role)
    for method, path, body in _ADMIN_ENDPOINTS:
        assert _problem(await device.send(method, path, body)) == (403, "forbidden")


# stream tickets


async def test_a_ticket_is_told_with_its_end(world: World) -> None:
    device = await world.device()
    answer = await device.send("POST", "/stream-tickets", {"topics": [f"user.{device.account_id}"]})
    assert answer.status_code == 201
    assert set(answer.json()) == {"ticket", "expires_at"}
    assert len(answer.json()["ticket"]) >= 43


@pytest.mark.parametrize("topics", [[], ["x" * 121], [""], ["nul\x00"], ["a.b"] * 101, "a.b", None])
async def test_bad_tickets_are_refused(world: World, topics: Any) -> None:
    device = await world.device()
    assert _problem(await device.send("POST", "/stream-tickets", {"topics": topics})) == (422, "invalid_fields")


async def test_malformed_bodies_are_told_what_is_wrong(world: World) -> None:
    headers = {"content-type": "application/json"}
    answer = await world.client.post("/v1/sessions", content=b'{"email": ', headers=headers)
    assert _problem(answer) == (400, "malformed_json")
    answer = await world.client.post("/v1/sessions", content=b'{"email": "\\ud800", "password": "x"}', headers=headers)
    assert answer.status_code in (400, 422)


async def test_the_documents_know_every_endpoint(world: World) -> None:
    paths = world.app.openapi()["paths"]
    for method, path, _ in [*_ENDPOINTS, *_ADMIN_ENDPOINTS]:
        shape = path.partition("?")[0].split("/")
        assert any(
            method.lower() in operations
            and len(known.split("/")) == len(shape) + 1
            and all(a == b or a.startswith("{") for a, b in zip(known.split("/")[2:], shape[1:], strict=True))
            for known, operations in paths.items()
        ), (method, path)
