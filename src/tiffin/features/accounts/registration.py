"""What accounts offer to the wiring."""

from tiffin.base.settings import Settings
from tiffin.features.accounts.events import USER_EVENTS, read_grants
from tiffin.features.accounts.routes import account_routes, address_routes, role_routes
from tiffin.features.accounts.service import AccountService
from tiffin.features.accounts.session_routes import begin_with, device_routes, login_code_routes, session_routes
from tiffin.features.accounts.sessions import SessionService
from tiffin.features.registration import Feature
from tiffin.realtime import Event, TopicKind


def accounts_feature(
    accounts: AccountService,
    sessions: SessionService,
    settings: Settings,
    *,
    further_events: tuple[type[Event], ...],
) -> Feature:
    """The feature's record. `further_events`: what features above write on `user.{id}`, for the documents."""
    secure = settings.secure_cookies
    begin = begin_with(sessions, secure_cookies=secure, absolute_seconds=settings.session_absolute_seconds)
    routers = (
        account_routes(accounts),
        address_routes(accounts),
        role_routes(accounts),
        *((login_code_routes(sessions, begin),) if settings.login_codes else ()),
        session_routes(sessions, begin, secure_cookies=secure),
        device_routes(sessions),
    )
    kind = TopicKind(
        "user.{id}", read_grants, (*USER_EVENTS, *further_events), "What happened to an account, for its own devices"
    )
    return Feature("accounts", routers=routers, topics=(kind,), chores=(sessions.forget_old,))
