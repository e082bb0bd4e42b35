import asyncio
import time
from collections.abc import Callable

import httpx
import orjson
import pytest

from tiffin.client import http as http_module
from tiffin.client.errors import ConnectionLost, ProblemError
from tiffin.client.http import Http, Tokens

Answer = httpx.Response | Exception


class _Scripted:
    """Answers each request with the next of its answers; keeps what was asked."""

    def __init__(self, *answers: Answer | Callable[[httpx.Request], httpx.Response]) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


def _problem(status: int, code: str = "unavailable", **headers: str) -> httpx.Response:
    body = {"type": "", "title": "", "status": status, "code": code, "detail": "Try again.", "extra": 1}
    return httpx.Response(
        status, content=orjson.dumps(body), headers={"content-type": "application/problem+json", **headers}
    )


def _tokens(*, expires_in: float = 600.0) -> Tokens:
    return Tokens("account", "session", "access1", "refresh1", time.time() + expires_in)


def _client(script: _Scripted, *, tokens: Tokens | None = None, origins: tuple[str, ...] = ("http://a",)) -> Http:
    return Http(origins, pool=httpx.AsyncClient(transport=httpx.MockTransport(script)), tokens=tokens, attempts=3)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "full_jitter", lambda attempt: 0.0)


async def test_a_key_is_kept_across_retries_and_new_for_each_call() -> None:
    script = _Scripted(
        _problem(503), httpx.ReadError("cut"), httpx.Response(201, json={"id": 1}), httpx.Response(201, json={})
    )
    client = _client(script)
    assert (await client.call("POST", "/x", json={}, idempotent=True)).data == {"id": 1}
    await client.call("POST", "/x", json={}, idempotent=True)
    keys = [request.headers["idempotency-key"] for request in script.requests]
    assert len(keys) == 4
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[0]


async def test_what_is_not_idempotent_is_sent_once() -> None:
    for answer, error in ((_problem(503), ProblemError), (httpx.ReadError("cut"), ConnectionLost)):
        script = _Scripted(answer)
        with pytest.raises(error):
            await _client(script).call("POST", "/x", json={})
        assert len(script.requests) == 1


async def test_what_never_left_is_sent_again() -> None:
    script = _Scripted(httpx.ConnectError("refused"), httpx.Response(201, json={}))
    await _client(script).call("POST", "/x", json={})
    assert len(script.requests) == 2


async def test_another_origin_is_tried() -> None:
    script = _Scripted(httpx.ConnectError("refused"), httpx.Response(200, json={}), httpx.Response(200, json={}))
    client = _client(script, origins=("http://a", "http://b"))
    await client.call("GET", "/x")
    await client.call("GET", "/x")
    assert [request.url.host for request in script.requests] == ["a", "b", "b"]


async def test_gives_up_with_the_last_error() -> None:
    script = _Scripted(*(_problem(503, **{"retry-after": "0"}) for _ in range(3)))
    with pytest.raises(ProblemError) as caught:
        await _client(script).call("GET", "/x")
    assert (caught.value.status, caught.value.code, caught.value.details) == (503, "unavailable", {"extra": 1})


async def test_a_callers_mistake_is_not_repeated() -> None:
    script = _Scripted(_problem(422, "invalid"))
    with pytest.raises(ProblemError, match="422 invalid"):
        await _client(script).call("GET", "/x")


async def test_an_answer_that_is_no_problem_is_one() -> None:
    script = _Scripted(httpx.Response(404, text="<html>"))
    with pytest.raises(ProblemError) as caught:
        await _client(script).call("GET", "/x")
    assert caught.value.code == "http_404"


def _renewed(request: httpx.Request) -> httpx.Response:
    assert orjson.loads(request.content) == {"refresh_token": "refresh1"}
    return httpx.Response(200, json={"access_token": "access2", "refresh_token": "refresh2", "expires_in_seconds": 600})


async def test_a_refused_token_is_renewed_once_for_all_who_wait() -> None:
    def guarded(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/sessions/refresh":
            return _renewed(request)
        fresh = request.headers["authorization"] == "Bearer access2"
        return httpx.Response(200, json={}) if fresh else _problem(401, "unauthenticated")

    script = _Scripted(*[guarded] * 20)
    client = _client(script, tokens=_tokens())
    await asyncio.gather(*(client.call("POST", "/x", json={}) for _ in range(5)))
    assert [request.url.path for request in script.requests].count("/v1/sessions/refresh") == 1
    assert client.tokens is not None
    assert (client.tokens.refresh_token, client.tokens.account_id) == ("refresh2", "account")


async def test_a_token_is_renewed_before_it_expires() -> None:
    script = _Scripted(_renewed, httpx.Response(200, json={}))
    await _client(script, tokens=_tokens(expires_in=5)).call("GET", "/x")
    assert script.requests[1].headers["authorization"] == "Bearer access2"


async def test_a_second_refusal_is_told() -> None:
    script = _Scripted(_problem(401, "unauthenticated"), _renewed, _problem(401, "unauthenticated"))
    with pytest.raises(ProblemError, match="unauthenticated"):
        await _client(script, tokens=_tokens()).call("GET", "/x")


async def test_new_tokens_are_told() -> None:
    kept: list[Tokens] = []
    pool = httpx.AsyncClient(transport=httpx.MockTransport(_Scripted(_renewed)))
    client = Http(["http://a"], pool=pool, tokens=_tokens(), on_tokens=kept.append)
    assert await client.access_token("access1") == "access2"
    assert [tokens.refresh_token for tokens in kept] == ["refresh2"]
