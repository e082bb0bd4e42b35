"""Which credential a request carries, and from which origins a cookie counts."""

from typing import ClassVar

import httpx
import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers

from tiffin.app.error_handlers import install_error_handlers
from tiffin.base.errors import Unauthenticated
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.base.settings import Settings
from tiffin.http.authentication import (
    SESSION_COOKIE,
    Administrator,
    Authenticated,
    Credential,
    ForbiddenOrigin,
    MaybeAuthenticated,
    read_credential,
)

OURS = "https://tiffin.example"
ORIGINS = frozenset((OURS, "https://kiosk.example"))


def _read(
    headers: dict[str, str], *, unsafe: bool = False, query_string: bytes | None = None
) -> tuple[str, str] | None:
    credential = read_credential(Headers(headers), ORIGINS, unsafe=unsafe, query_string=query_string)
    return (credential.kind, credential.secret) if credential is not None else None


def test_without_a_credential_the_caller_is_anonymous() -> None:
    assert _read({}) is None
    assert _read({"cookie": "theme=dark"}, unsafe=True) is None
    assert _read({"cookie": f"{SESSION_COOKIE}="}, unsafe=True) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_wins_over_cookie_and_ticket(scheme: str) -> None:
    headers = {"authorization": f"{scheme} token", "cookie": f"{SESSION_COOKIE}=secret"}
    assert _read(headers, unsafe=True, query_string=b"ticket=t") == ("bearer", "token")


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer " + "a" * 5000])
def test_another_authorization_is_refused_and_never_falls_back_to_the_cookie(value: str) -> None:
    with pytest.raises(Unauthenticated):
        _read({"authorization": value, "cookie": f"{SESSION_COOKIE}=secret", "origin": OURS})


@pytest.mark.parametrize(
    ("origin", "unsafe", "counts"),
    [
        (None, False, True),
        (OURS, False, True),
        ("https://kiosk.example", False, True),
        ("https://evil.example", False, False),
        ("null", False, False),
        (OURS, True, True),
        ("https://kiosk.example", True, True),
        (None, True, False),
        ("null", True, False),
        ("", True, False),
        ("https://evil.example", True, False),
        ("http://tiffin.example", True, False),
        ("https://tiffin.example:8443", True, False),
        ("https://tiffin.example.evil.example", True, False),
        ("https://TIFFIN.example", True, False),
    ],
)
def test_a_cookie_counts_from_our_origins_only(origin: str | None, unsafe: bool, counts: bool) -> None:
    headers = {"cookie": f"a=b; {SESSION_COOKIE}=secret"} | ({} if origin is None else {"origin": origin})
    if counts:
        assert _read(headers, unsafe=unsafe) == ("cookie", "secret")
    else:
        with pytest.raises(ForbiddenOrigin):
            _read(headers, unsafe=unsafe)


def test_a_ticket_counts_where_streams_ask_for_it_and_wins_over_the_cookie() -> None:
    headers = {"cookie": f"{SESSION_COOKIE}=secret"}
    assert _read(headers, query_string=b"topic=a&ticket=t") == ("ticket", "t")
    assert _read({}, query_string=None) is None
    assert _read({}, query_string=b"ticket=a&ticket=b") is None
    assert _read({}, query_string=b"ticket=" + b"a" * 5000) is None


def test_a_cookie_that_is_too_long_is_none() -> None:
    assert _read({"cookie": f"{SESSION_COOKIE}={'a' * 5000}"}) is None


def test_a_secret_is_never_printed() -> None:
    assert "secret" not in repr(Credential("cookie", "secret"))
    assert "secret" not in f"{Credential('cookie', 'secret')}"


class Known:
    """Knows two callers by their token."""

    principals: ClassVar = {
        "member": Principal(new_id(), new_id()),
        "admin": Principal(new_id(), new_id(), frozenset((Role.ADMIN,))),
    }

    async def authenticate(self, credential: Credential) -> Principal:
        principal = self.principals.get(credential.secret)
        if principal is None:
            raise Unauthenticated()
        return principal


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    app.state.settings = Settings(_env_file=None, public_origin=OURS)
    app.state.authenticator = Known()
    install_error_handlers(app)

    @app.get("/open")
    async def read_open(principal: MaybeAuthenticated) -> bool:
        return principal is not None

    @app.post("/closed")
    async def write_closed(principal: Authenticated) -> str:
        return str(principal.account_id)

    @app.get("/admins")
    async def read_admins(_: Administrator) -> str:
        return "yes"

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OURS)


async def test_endpoints_get_the_principal(client: httpx.AsyncClient) -> None:
    assert (await client.get("/open")).json() is False
    assert (await client.get("/open", headers={"authorization": "Bearer member"})).json() is True
    answer = await client.post("/closed", headers={"cookie": f"{SESSION_COOKIE}=member", "origin": OURS})
    assert answer.json() == str(Known.principals["member"].account_id)


@pytest.mark.parametrize("path", ["/open", "/admins"])
async def test_a_bad_token_is_refused_even_where_none_is_needed(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"authorization": "Bearer stolen"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_endpoint_says_who_is_missing(client: httpx.AsyncClient) -> None:
    assert (await client.post("/closed")).status_code == 401
    assert (await client.get("/admins")).status_code == 401
    answer = await client.get("/admins", headers={"authorization": "Bearer member"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await client.get("/admins", headers={"authorization": "Bearer admin"})).status_code == 200


async def test_a_cookie_from_elsewhere_changes_nothing(client: httpx.AsyncClient) -> None:
    for origin in ({}, {"origin": "https://evil.example"}):
        answer = await client.post("/closed", headers={"cookie": f"{SESSION_COOKIE}=member", **origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_origin")


async def test_a_ticket_does_not_open_ordinary_endpoints(client: httpx.AsyncClient) -> None:
    assert (await client.get("/open?ticket=member")).json() is False
    assert (await client.post("/closed?ticket=member")).status_code == 401
