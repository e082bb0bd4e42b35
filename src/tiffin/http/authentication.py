"""Who is asking: reads the credential of a request and lets an `Authenticator` turn it into a principal.

Browsers send the session cookie; it counts only with an exact Origin on unsafe methods and on sockets (a missing
Origin with a cookie is refused there, which is what cross-site WebSocket hijacking looks like). Programs send
`Authorization: Bearer`. A bearer token wins over a cookie. Credentials never stand in a URL, except the single-use
stream ticket, which only stream endpoints accept.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import parse_qs

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, cookie_parser

from tiffin.base.errors import Forbidden, Unauthenticated
from tiffin.base.principal import Principal, Role

SESSION_COOKIE = "tiffin_session"
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_MAX_SECRET = 4096


class ForbiddenOrigin(Forbidden):
    code = "forbidden_origin"
    message = "A request with a session cookie must come from this site's own origin; programs send a bearer token."


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller presented. `secret` never reaches a log."""

    kind: Literal["cookie", "bearer", "ticket"]
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.kind})"


class Authenticator(Protocol):
    """Turns credentials into principals; `features.accounts` provides it."""

    async def authenticate(self, credential: Credential) -> Principal:
        """The principal behind `credential`, by a session that still lives. Raises Unauthenticated."""
        ...


def read_credential(
    headers: Headers, origins: frozenset[str], *, unsafe: bool, query_string: bytes | None = None
) -> Credential | None:
    """The credential in `headers`, None for an anonymous caller.

    `unsafe`: the request changes something or opens a socket, so that a cookie needs an exact Origin.
    `query_string`: given by stream endpoints only; there `ticket=…` counts. Raises ForbiddenOrigin, Unauthenticated.
    """
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip() or len(token) > _MAX_SECRET:
            raise Unauthenticated("Send the access token as 'Authorization: Bearer <token>'.")
        return Credential("bearer", token.strip())
    if query_string and b"ticket=" in query_string:
        tickets = parse_qs(query_string.decode("latin-1")).get("ticket", [])
        if len(tickets) == 1 and len(tickets[0]) <= _MAX_SECRET:
            return Credential("ticket", tickets[0])
    cookie = cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE)
    if not cookie or len(cookie) > _MAX_SECRET:
        return None
    origin = headers.get("origin")
    if (unsafe and origin not in origins) or (origin is not None and origin not in origins):
        raise ForbiddenOrigin()
    return Credential("cookie", cookie)


async def read_principal(connection: HTTPConnection) -> Principal | None:
    """The principal of an HTTP request, None if it carries no credential. Raises Unauthenticated, ForbiddenOrigin."""
    unsafe = connection.scope["method"] not in _SAFE_METHODS
    credential = read_credential(connection.headers, connection.app.state.settings.origins, unsafe=unsafe)
    if credential is None:
        return None
    authenticator: Authenticator = connection.app.state.authenticator
    return await authenticator.authenticate(credential)


class _Caller(SecurityBase):
    """Who sends a request: one dependency without others below it, since each costs a request a tenth of a millisecond.

    The OpenAPI document learns of the bearer token here, and of the cookie by `add_cookie_security`.
    """

    scheme_name = "HTTPBearer"
    model = HTTPBearerModel(description="Access token of a program or phone")

    async def __call__(self, connection: HTTPConnection) -> Principal | None:
        return await read_principal(connection)


class _RequiredCaller(_Caller):
    async def __call__(self, connection: HTTPConnection) -> Principal:
        principal = await read_principal(connection)
        if principal is None:
            raise Unauthenticated()
        return principal


class _AdminCaller(_RequiredCaller):
    async def __call__(self, connection: HTTPConnection) -> Principal:
        principal = await super().__call__(connection)
        if not principal.has(Role.ADMIN):
            raise Forbidden("Only an administrator may do this.")
        return principal


def add_cookie_security(document: dict[str, Any]) -> None:
    """Say in an OpenAPI document that whatever takes a bearer token takes a browser's session cookie instead."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    schemes["APIKeyCookie"] = {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "Session of a browser",
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            if "security" in operation:
                operation["security"].append({"APIKeyCookie": []})


# parameters of endpoints: `principal: Authenticated`
Authenticated = Annotated[Principal, Depends(_RequiredCaller())]
MaybeAuthenticated = Annotated[Principal | None, Depends(_Caller())]
Administrator = Annotated[Principal, Depends(_AdminCaller())]
