"""What can go wrong with accounts. Unknown account and wrong password are one fact, on purpose."""

from tiffin.base.errors import Conflict, Invalid, NotFound, Unauthenticated


class AccountNotFound(NotFound):
    code = "account_not_found"
    message = "There is no account with this e-mail address."


class EmailTaken(Conflict):
    code = "email_taken"
    message = "There is an account with this e-mail address already; log in instead."


class WrongCredentials(Unauthenticated):
    code = "wrong_credentials"
    message = "E-mail address or password is wrong."


class InvalidLoginCode(Unauthenticated):
    code = "invalid_login_code"
    message = "This login link was used before or has expired; log in, or get a new one."


class SessionEnded(Unauthenticated):
    code = "session_ended"
    message = "The session has ended; log in again."


class WeakPassword(Invalid):
    code = "weak_password"
    message = "The password is too easy to guess; choose a longer or less common one."


class WrongPassword(Invalid):
    code = "wrong_password"
    message = "The current password is wrong."


class SessionNotFound(NotFound):
    code = "session_not_found"
    message = "You have no such session."


class AddressNotFound(NotFound):
    code = "address_not_found"
    message = "You have no such address."


class TooManyAddresses(Conflict):
    code = "too_many_addresses"
    message = "You have as many addresses as can be kept; remove one first."


class LastAdministrator(Conflict):
    code = "last_administrator"
    message = "This is the last administrator; grant the role to somebody else first."
