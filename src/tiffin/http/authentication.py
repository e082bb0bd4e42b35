"""Who is asking: reads the credential of a request and lets an `Authenticator` turn it into a principal.

Browsers send the session cookie; it counts only with an exact Origin on unsafe methods and on sockets (a missing
Origin with a cookie is refused there, which is what cross-site WebSocket hijacking looks like). Programs send
`Authorization: Bearer`. A bearer token wins over a cookie. Credentials never stand in a URL, except the single-use
stream ticket, which only stream endpoints accept.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol
from urllib.parse import parse_qs

from fastapi import Depends
from fastapi.security import APIKeyCookie, HTTPBearer
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


# for the OpenAPI document only: they declare the two ways, `read_principal` does the work
_bearer = HTTPBearer(auto_error=False, description="Access token of a program or phone")
_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="Session of a browser")


async def _maybe(
    connection: HTTPConnection,
    _b: Annotated[object, Depends(_bearer)] = None,
    _c: Annotated[object, Depends(_cookie)] = None,
) -> Principal | None:
    return await read_principal(connection)


async def _required(principal: Annotated[Principal | None, Depends(_maybe)]) -> Principal:
    if principal is None:
        raise Unauthenticated()
    return principal


async def _admin(principal: Annotated[Principal, Depends(_required)]) -> Principal:
    if not principal.has(Role.ADMIN):
        raise Forbidden("Only an administrator may do this.")
    return principal


# parameters of endpoints: `principal: Authenticated`
Authenticated = Annotated[Principal, Depends(_required)]
MaybeAuthenticated = Annotated[Principal | None, Depends(_maybe)]
Administrator = Annotated[Principal, Depends(_admin)]
