"""Every input is hostile: each endpoint gets what it should refuse, and says why as problem+json, never with a 500.

The bodies are sent by somebody who may do everything, so that no refusal comes from missing rights alone.
"""

import asyncio
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.app.town import Town

_DEEP = b"[" * 20_000 + b"]" * 20_000
_BODIES: dict[str, tuple[bytes, set[int]]] = {
    "not JSON": (b"{", {400}),
    "nothing": (b"", {422}),
    "a number": (b"5", {422}),
    "an array": (b"[]", {422}),
    "null": (b"null", {422}),
    "unknown fields": (b'{"surprise": 1}', {422}),
    "nesting": (_DEEP, {400, 422}),
    "not UTF-8": (b'{"name": "\xff\xfe"}', {400, 422}),
    "a lone surrogate": (b'{"name": "\\ud800"}', {400, 422}),
    "not a number": (b'{"latitude": NaN}', {400, 422}),
}


def _endpoints(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of everything that takes a JSON body."""
    return [
        (method.upper(), path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]


def _real(town: Town, path: str) -> str:
    known = town.ids | {"account_id": str(town.accounts["stranger"]), "role": "courier"}
    return re.sub(r"\{([a-z_]+)\}", lambda found: known.get(found[1], str(uuid4())), path)


def _must_be_a_problem(answer: httpx.Response, where: str) -> None:
    assert answer.status_code < 500, f"{where}: {answer.status_code} {answer.text[:300]}"
    if answer.is_error:
        assert answer.headers["content-type"] == "application/problem+json", where
        if answer.request.method == "HEAD":
            return
        problem = answer.json()
        assert {"type", "title", "status", "code", "detail"} <= set(problem), where
        assert problem["status"] == answer.status_code
        assert problem["detail"].endswith("."), f"{where}: {problem['detail']}"


async def _headers(town: Town) -> dict[str, str]:
    return {
        "authorization": f"Bearer {await town.new_token('owner')}",
        "content-type": "application/json",
        "if-match": "*",
    }


@pytest.mark.timeout(120)
async def test_broken_bodies(town: Town) -> None:
    document = (await town.client.get("/openapi.json")).json()
    headers = await _headers(town)
    for method, path, _ in _endpoints(document):
        for name, (body, statuses) in _BODIES.items():
            sent = headers | {"idempotency-key": uuid4().hex}
            answer = await town.client.request(method, _real(town, path), content=body, headers=sent)
            where = f"{method} {path} with {name}"
            _must_be_a_problem(answer, where)
            # an empty PATCH is valid where nothing is required; roles refuse before they read
            assert answer.status_code in statuses | {200, 403, 404, 409}, f"{where}: {answer.status_code}"
    stored = "SELECT count(*) FROM idempotency_key WHERE created_at > now() AND status >= 400"
    assert await town.node.database.pool.fetchval(stored) == 0
    assert (await town.client.get("/readyz")).status_code == 200


async def test_nul_characters_are_refused_in_every_string(town: Town) -> None:
    """PostgreSQL's text cannot hold them; found out at the door, not at the driver."""
    document = (await town.client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    headers = await _headers(town)
    for method, path, operation in _endpoints(document):
        reference = operation["requestBody"]["content"]["application/json"]["schema"].get("$ref", "")
        for field in schemas.get(reference.rsplit("/", 1)[-1], {}).get("properties", {}):
            sent = headers | {"idempotency-key": uuid4().hex}
            body = {field: "a\x00b"}
            answer = await town.client.request(method, _real(town, path), json=body, headers=sent)
            _must_be_a_problem(answer, f"{method} {path} with NUL in {field}")
            assert answer.is_error, f"{method} {path} took NUL in {field}"


async def test_bodies_over_the_limit(town: Town) -> None:
    headers = await _headers(town)
    large = b'{"name": "' + b"x" * 1_100_000 + b'"}'
    declared = await town.client.post("/v1/accounts", content=large, headers=headers)
    assert (declared.status_code, declared.json()["code"]) == (413, "too_large")

    async def chunks() -> Any:
        for start in range(0, len(large), 100_000):
            yield large[start : start + 100_000]

    undeclared = await town.client.post("/v1/accounts", content=chunks(), headers=headers)
    assert undeclared.status_code == 413
    _must_be_a_problem(undeclared, "a body of undeclared length")

    async def complete_then_more() -> Any:
        yield b'{"email": "late@example.org", "password": "a phrase of several words", "name": "Late"}'
        for _ in range(12):
            yield b" " * 100_000

    padded = await town.client.post("/v1/accounts", content=complete_then_more(), headers=headers)
    assert padded.status_code == 413
    accounts = "SELECT count(*) FROM account WHERE email = 'late@example.org'"
    assert await town.node.database.pool.fetchval(accounts) == 0, "a refused body has no effect"


async def test_paths_and_queries_that_are_nonsense(town: Town) -> None:
    document = (await town.client.get("/openapi.json")).json()
    headers = await _headers(town)
    nonsense = ["x", "%00", "..%2f..%2fetc", "9" * 300, "%ff", "00000000-0000-0000-0000-00000000000g"]
    for path, operations in document["paths"].items():
        for method in operations:
            for value in nonsense if "{" in path else ["?limit=-1&cursor=%00&latitude=nan&state=x&email=%00"]:
                filled = re.sub(r"\{[a-z_]+\}", value, path) if "{" in path else path + value
                sent = headers | {"idempotency-key": uuid4().hex}
                answer = await town.client.request(method.upper(), filled, content=b"{}", headers=sent)
                _must_be_a_problem(answer, f"{method} {filled}")


async def test_credentials_that_are_nonsense(town: Town) -> None:
    for value in ("Bearer", "Basic eDp5", "Bearer " + "x" * 5000, "Bearer a.b.c"):
        answer = await town.client.get("/v1/profile", headers={"authorization": value})
        _must_be_a_problem(answer, value[:20])
        assert answer.status_code == 401
    foreign = {"cookie": "tiffin_session=x", "origin": "https://evil.example"}
    answer = await town.client.post("/v1/addresses", json={}, headers=foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_origin")


async def test_stale_and_missing_etags(town: Town) -> None:
    missing = await town.send("customer", "PATCH", "/v1/profile", {"name": "X"})
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")
    stale = await town.send("customer", "PATCH", "/v1/profile", {"name": "X"}, {"if-match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    current = stale.headers["etag"]
    assert (await town.send("customer", "PATCH", "/v1/profile", {"name": "X"}, {"if-match": current})).is_success
    again = await town.send("customer", "PATCH", "/v1/profile", {"name": "Y"}, {"if-match": current})
    assert again.status_code == 412


async def test_a_key_for_another_request(town: Town) -> None:
    key = {"idempotency-key": uuid4().hex}
    body = town.basket() | {"expected_total_minor": 1450}
    assert (await town.send("customer", "POST", "/v1/orders", body, key)).status_code == 201
    other = await town.send("customer", "POST", "/v1/orders", body | {"note": "another"}, key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    theirs = await town.send("stranger", "POST", "/v1/orders", body, key)
    assert theirs.status_code == 201, "keys are an account's own"


_numbers = st.floats(allow_nan=False, allow_infinity=False)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def _made_of(fields: list[str]) -> list[dict[str, Any]]:
    """A dozen bodies with some of these fields and any values."""
    made: list[dict[str, Any]] = []

    @given(st.dictionaries(st.sampled_from(fields), _json, max_size=len(fields)))
    @hypothesis_settings(max_examples=12, database=None, suppress_health_check=list(HealthCheck))
    def collect(body: dict[str, Any]) -> None:
        made.append(body)

    collect()
    return made


@pytest.mark.timeout(120)
async def test_bodies_made_by_hypothesis(town: Town) -> None:
    """Fields with their real names and any values: an answer, never a 500."""
    document = (await town.client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    headers = await _headers(town)
    bodies: list[tuple[str, str, dict[str, Any]]] = []
    for method, path, operation in _endpoints(document):
        reference = operation["requestBody"]["content"]["application/json"]["schema"].get("$ref", "")
        fields = sorted(schemas.get(reference.rsplit("/", 1)[-1], {}).get("properties", {})) or ["x"]

        bodies += [(method, path, body) for body in _made_of(fields)]

    async def send(method: str, path: str, body: dict[str, Any]) -> None:
        sent = headers | {"idempotency-key": uuid4().hex}
        content = httpx.Request(method, "http://x", json=body).content
        answer = await town.client.request(method, _real(town, path), content=content, headers=sent)
        _must_be_a_problem(answer, f"{method} {path} with {body}")

    for start in range(0, len(bodies), 4):
        await asyncio.gather(*(send(*one) for one in bodies[start : start + 4]))
    assert (await town.client.get("/readyz")).status_code == 200
