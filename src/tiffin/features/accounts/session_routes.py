"""Endpoints of sessions: logging in, by password or code, refreshing, devices, the password, stream tickets."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Request, Response

from tiffin.features.accounts.domain import Session, SessionKind
from tiffin.features.accounts.routes import prefix_of
from tiffin.features.accounts.schemas import (
    BrowserSession,
    LoginCodeRedeem,
    LoginCodeView,
    PasswordChange,
    ProgramSession,
    SessionCreate,
    SessionRefresh,
    SessionUpdate,
    SessionView,
    StreamTicketCreate,
    StreamTicketView,
)
from tiffin.features.accounts.sessions import SessionService
from tiffin.http import V1
from tiffin.http.authentication import SESSION_COOKIE, Authenticated

LoggedIn = Annotated[ProgramSession | BrowserSession, Body(discriminator="kind")]


# puts a session and its secret into an answer
Begin = Callable[[Response, Session, str], ProgramSession | BrowserSession]


def begin_with(service: SessionService, *, secure_cookies: bool, absolute_seconds: int) -> Begin:
    """How a session is handed over: a program gets tokens, a browser a cookie."""

    def begin(response: Response, session: Session, secret: str) -> ProgramSession | BrowserSession:
        response.headers["cache-control"] = "no-store"
        if session.kind is SessionKind.PROGRAM:
            return service.program_session(session, secret)
        response.set_cookie(
            SESSION_COOKIE, secret, max_age=absolute_seconds, httponly=True, secure=secure_cookies, samesite="lax"
        )
        return BrowserSession(session_id=session.id, account_id=session.account_id)

    return begin


def login_code_routes(service: SessionService, begin: Begin) -> APIRouter:
    """Logging in by a single-use code, where the settings allow it."""
    router = APIRouter(prefix=V1, tags=["accounts"])

    @router.post("/login-codes", status_code=201)
    async def make_login_code(principal: Authenticated, response: Response) -> LoginCodeView:
        """A code that logs this account in on another device: once, within ten minutes."""
        response.headers["cache-control"] = "no-store"
        return await service.make_login_code(principal)

    @router.post("/sessions/code", status_code=201, response_model=LoggedIn)
    async def redeem_login_code(
        body: LoginCodeRedeem, request: Request, response: Response
    ) -> ProgramSession | BrowserSession:
        """Log in by a code: `kind` program gets tokens, `kind` browser a cookie."""
        return begin(response, *await service.redeem_login_code(body, prefix_of(request)))

    return router


def session_routes(service: SessionService, begin: Begin, *, secure_cookies: bool) -> APIRouter:
    """Logging in and out, the password, stream tickets."""
    router = APIRouter(prefix=V1, tags=["accounts"])

    @router.post("/sessions", status_code=201, response_model=LoggedIn)
    async def log_in(body: SessionCreate, request: Request, response: Response) -> ProgramSession | BrowserSession:
        """Log in: `kind` program gets tokens, `kind` browser a cookie."""
        return begin(response, *await service.log_in(body, prefix_of(request)))

    @router.post("/sessions/refresh")
    async def refresh(body: SessionRefresh, response: Response) -> ProgramSession:
        """A new access token; keep the refresh token that comes with it and forget the old one."""
        response.headers["cache-control"] = "no-store"
        return await service.refresh(body.refresh_token)

    @router.delete("/sessions/current", status_code=204)
    async def log_out(principal: Authenticated, response: Response) -> None:
        """Log this device out; its streams end within a second, on every node."""
        await service.end_session(principal, principal.session_id)
        response.delete_cookie(SESSION_COOKIE, httponly=True, secure=secure_cookies, samesite="lax")

    @router.post("/profile/password", status_code=204)
    async def change_password(body: PasswordChange, principal: Authenticated) -> None:
        """Change the password; every other device is logged out."""
        await service.change_password(principal, body)

    @router.post("/stream-tickets", status_code=201)
    async def make_stream_ticket(body: StreamTicketCreate, principal: Authenticated) -> StreamTicketView:
        """A single-use ticket for a client that can send neither cookie nor header."""
        return await service.make_stream_ticket(principal, body.topics)

    return router


def device_routes(service: SessionService) -> APIRouter:
    """The devices that are logged in. Goes after `session_routes`, whose `/sessions/current` is no id."""
    router = APIRouter(prefix=V1, tags=["accounts"])

    @router.get("/sessions")
    async def list_sessions(principal: Authenticated) -> list[SessionView]:
        """The own devices that are logged in."""
        sessions = await service.list_sessions(principal)
        return [SessionView.seen_from(session, principal.session_id) for session in sessions]

    @router.delete("/sessions", status_code=204)
    async def end_other_sessions(principal: Authenticated) -> None:
        """Log every other own device out."""
        await service.end_other_sessions(principal)

    @router.patch("/sessions/{session_id}", status_code=204)
    async def name_session(session_id: UUID, body: SessionUpdate, principal: Authenticated) -> None:
        """Name a device."""
        await service.name_session(principal, session_id, body.device_name)

    @router.delete("/sessions/{session_id}", status_code=204)
    async def end_session(session_id: UUID, principal: Authenticated) -> None:
        """Log one device out."""
        await service.end_session(principal, session_id)

    return router
