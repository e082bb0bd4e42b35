"""Use cases of logging in and out: a session a device, ended anywhere at once.

An unknown account and a wrong password get the same answer in the same time. Failures are counted for an account from
an address prefix, so that guessing is slow and nobody can lock another person out; an attempt counts as a failure until
its password was right, so that many at once guess no more than one after the other.
"""

from uuid import UUID

from tiffin.base.ids import new_secret
from tiffin.base.principal import Principal
from tiffin.db import Database, Transaction, use_case
from tiffin.features.accounts import repository
from tiffin.features.accounts.domain import Refresh, Session, SessionKind, email_key, judge_refresh, words_of
from tiffin.features.accounts.errors import (
    InvalidLoginCode,
    SessionEnded,
    SessionNotFound,
    WrongCredentials,
    WrongPassword,
)
from tiffin.features.accounts.events import (
    PasswordChanged,
    SessionChanged,
    SessionsEnded,
    SessionStarted,
    user_topic,
)
from tiffin.features.accounts.passwords import PasswordHasher
from tiffin.features.accounts.schemas import (
    DeviceView,
    LoginCodeRedeem,
    LoginCodeView,
    PasswordChange,
    ProgramSession,
    SessionCreate,
    StreamTicketView,
)
from tiffin.features.accounts.tokens import Tokens, hash_secret
from tiffin.http.limits import RateLimiter
from tiffin.realtime import EventLog

_TICKET_SECONDS = 30.0
_CODE_SECONDS = 600.0


class SessionService:
    """Sessions of devices."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        hasher: PasswordHasher,
        tokens: Tokens,
        *,
        attempts_per_minute: int,
        idle_seconds: int,
        absolute_seconds: int,
    ) -> None:
        self.database = database
        self._events = events
        self._hasher = hasher
        self._tokens = tokens
        self._failures = RateLimiter(attempts_per_minute, 60.0)
        self._idle_seconds = idle_seconds
        self._absolute_seconds = absolute_seconds

    async def log_in(self, body: SessionCreate, address_prefix: str) -> tuple[Session, str]:
        """Begin a session. Returns it with its cookie or its refresh token. Raises WrongCredentials, RateLimited."""
        limit_key = f"{email_key(body.email)} {address_prefix}"
        self._failures.take(limit_key)
        async with self.database.connection() as connection:
            found = await repository.get_password(connection, body.email)
        if not await self._hasher.verify(body.password, found[1] if found else None):
            raise WrongCredentials()
        self._failures.give_back(limit_key)
        assert found is not None
        account_id, password_hash = found
        if self._hasher.is_outdated(password_hash):
            password_hash = await self._hasher.hash(body.password)
        return await self._start(account_id, found[1], password_hash, body)

    @use_case
    async def _start(
        self, transaction: Transaction, account_id: UUID, verified: str, newest: str, body: SessionCreate
    ) -> tuple[Session, str]:
        connection = transaction.connection
        await repository.lock_account(connection, account_id)
        if await repository.get_password_of(connection, account_id) != verified:
            raise WrongCredentials()  # it was changed while we were hashing
        if newest != verified:
            await repository.update_password(connection, account_id, newest)
        return await self._begin(transaction, account_id, body.kind, body.device_name)

    @use_case
    async def make_login_code(self, transaction: Transaction, principal: Principal) -> LoginCodeView:
        """A code that logs the own account in on another device, once."""
        code = new_secret()
        expires_at = await repository.insert_login_code(
            transaction.connection, hash_secret(code), principal.account_id, _CODE_SECONDS
        )
        return LoginCodeView(code=code, expires_at=expires_at)

    async def redeem_login_code(self, body: LoginCodeRedeem, address_prefix: str) -> tuple[Session, str]:
        """Begin a session by a code, as `log_in` does by a password. Raises InvalidLoginCode, RateLimited."""
        limit_key = f"code {address_prefix}"
        self._failures.take(limit_key)
        begun = await self._redeem(body)
        self._failures.give_back(limit_key)
        return begun

    @use_case
    async def _redeem(self, transaction: Transaction, body: LoginCodeRedeem) -> tuple[Session, str]:
        account_id = await repository.take_login_code(transaction.connection, hash_secret(body.code))
        if account_id is None:
            raise InvalidLoginCode()
        return await self._begin(transaction, account_id, body.kind, body.device_name)

    async def _begin(
        self, transaction: Transaction, account_id: UUID, kind: SessionKind, device_name: str
    ) -> tuple[Session, str]:
        """A session with its cookie or its refresh token, told to the account's other devices."""
        secret = new_secret() if kind is SessionKind.BROWSER else None
        secret_hash = hash_secret(secret) if secret is not None else None
        session = await repository.insert_session(
            transaction.connection, account_id, kind, device_name, secret_hash, self._absolute_seconds
        )
        event = SessionStarted(session=DeviceView.of(session))
        self._events.append(transaction, user_topic(account_id), event)
        return session, secret if secret is not None else self._tokens.make_refresh(session.id, 1)

    def program_session(self, session: Session, refresh_token: str) -> ProgramSession:
        """What a program gets: a new access token beside its refresh token."""
        return ProgramSession(
            session_id=session.id,
            account_id=session.account_id,
            access_token=self._tokens.make_access(session.account_id, session.id),
            refresh_token=refresh_token,
            expires_in_seconds=self._tokens.access_seconds,
        )

    async def refresh(self, refresh_token: str) -> ProgramSession:
        """A new access token and the refresh token's successor. Raises InvalidToken, SessionEnded.

        A token that was followed up long ago is stolen, from us or from its owner: the session ends.
        """
        session_id, generation = self._tokens.read_refresh(refresh_token)
        refreshed = await self._rotate(session_id, generation)
        if refreshed is None:
            raise SessionEnded("This refresh token was used before; for safety the session was ended. Log in again.")
        session, generation = refreshed
        return self.program_session(session, self._tokens.make_refresh(session.id, generation))

    @use_case
    async def _rotate(self, transaction: Transaction, session_id: UUID, generation: int) -> tuple[Session, int] | None:
        """The session and its generation now; None if it was ended for reuse (which must commit)."""
        connection = transaction.connection
        state = await repository.lock_refresh(connection, session_id, self._idle_seconds)
        if state is None or state.is_over:
            raise SessionEnded()
        match judge_refresh(state, generation):
            case Refresh.ROTATE:
                await repository.update_generation(connection, session_id)
                return state.session, generation + 1
            case Refresh.REPEAT:
                return state.session, state.generation
            case Refresh.REUSED:
                await self._end(transaction, state.session.account_id, session_id, others=False, reason="reuse")
                return None

    async def list_sessions(self, principal: Principal) -> list[Session]:
        """The own devices."""
        async with self.database.connection() as connection:
            return await repository.list_sessions(connection, principal.account_id, self._idle_seconds)

    @use_case
    async def name_session(
        self, transaction: Transaction, principal: Principal, session_id: UUID, device_name: str
    ) -> None:
        """Name an own device. Raises SessionNotFound."""
        connection = transaction.connection
        if not await repository.update_session_name(connection, session_id, principal.account_id, device_name):
            raise SessionNotFound()
        event = SessionChanged(session_id=session_id, device_name=device_name)
        self._events.append(transaction, user_topic(principal.account_id), event)

    @use_case
    async def end_session(self, transaction: Transaction, principal: Principal, session_id: UUID) -> None:
        """Log an own device out. Raises SessionNotFound."""
        if not await self._end(transaction, principal.account_id, session_id, others=False, reason="logout"):
            raise SessionNotFound()

    @use_case
    async def end_other_sessions(self, transaction: Transaction, principal: Principal) -> None:
        """Log every other own device out."""
        await self._end(transaction, principal.account_id, principal.session_id, others=True, reason="logout")

    async def change_password(self, principal: Principal, body: PasswordChange) -> None:
        """Change the own password; the other sessions end. Raises WrongPassword, WeakPassword, RateLimited."""
        limit_key = f"password {principal.session_id}"
        self._failures.take(limit_key)
        async with self.database.connection() as connection:
            account = await repository.require_account(connection, principal.account_id)
            current = await repository.get_password_of(connection, principal.account_id)
        if not await self._hasher.verify(body.current_password, current):
            raise WrongPassword()
        self._failures.give_back(limit_key)
        await self._hasher.require_strong(body.new_password, words_of(account.email, account.name))
        assert current is not None
        await self._set_password(principal, current, await self._hasher.hash(body.new_password))

    @use_case
    async def _set_password(
        self, transaction: Transaction, principal: Principal, verified: str, password_hash: str
    ) -> None:
        connection = transaction.connection
        await repository.lock_account(connection, principal.account_id)
        if await repository.get_password_of(connection, principal.account_id) != verified:
            raise WrongPassword()
        await repository.update_password(connection, principal.account_id, password_hash)
        self._events.append(transaction, user_topic(principal.account_id), PasswordChanged())
        await self._end(transaction, principal.account_id, principal.session_id, others=True, reason="password")

    @use_case
    async def make_stream_ticket(
        self, transaction: Transaction, principal: Principal, topics: list[str]
    ) -> StreamTicketView:
        """A single-use ticket to these topics."""
        secret = new_secret()
        expires_at = await repository.insert_stream_ticket(
            transaction.connection,
            hash_secret(secret),
            principal.account_id,
            principal.session_id,
            topics,
            _TICKET_SECONDS,
        )
        return StreamTicketView(ticket=secret, expires_at=expires_at)

    async def forget_old(self, transaction: Transaction) -> None:
        """Housekeeping: sessions that ended a month ago, tickets nobody used."""
        await repository.delete_old(transaction.connection)

    async def _end(
        self, transaction: Transaction, account_id: UUID, session_id: UUID, *, others: bool, reason: str
    ) -> bool:
        """End one session or all others. False if there was none."""
        ended = await repository.end_sessions(
            transaction.connection, account_id, session_id, others=others, reason=reason
        )
        if ended:
            self._events.append(transaction, user_topic(account_id), SessionsEnded(session_ids=ended))
        return bool(ended)
