"""What accounts offer to the wiring."""

from tiffin.base.settings import Settings
from tiffin.features.accounts.events import USER_EVENTS, read_grants
from tiffin.features.accounts.routes import account_routes, address_routes, role_routes
from tiffin.features.accounts.service import AccountService
from tiffin.features.accounts.session_routes import device_routes, session_routes
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
    routers = (
        account_routes(accounts),
        address_routes(accounts),
        role_routes(accounts),
        session_routes(
            sessions,
            secure_cookies=settings.secure_cookies,
            absolute_seconds=settings.session_absolute_seconds,
        ),
        device_routes(sessions),
    )
    kind = TopicKind(
        "user.{id}", read_grants, (*USER_EVENTS, *further_events), "What happened to an account, for its own devices"
    )
    return Feature("accounts", routers=routers, topics=(kind,), chores=(sessions.forget_old,))
