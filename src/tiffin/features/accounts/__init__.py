"""Accounts: people, their sessions a device, profile, addresses and platform roles.

Who may: everybody registers and logs in; an account sees and changes only itself; administrators grant roles, and every
grant is in the audit log. Topic: `user.{account}`, read by that account alone; it is also the guard of whatever else
the account reads, since the end of a session and the loss of a role are events on it.
"""

from tiffin.features.accounts.authenticator import Following, SessionAuthenticator, SessionReader
from tiffin.features.accounts.events import user_topic
from tiffin.features.accounts.passwords import PasswordHasher
from tiffin.features.accounts.registration import accounts_feature
from tiffin.features.accounts.service import AccountService
from tiffin.features.accounts.sessions import SessionService
from tiffin.features.accounts.tokens import Tokens

__all__ = [
    "AccountService",
    "Following",
    "PasswordHasher",
    "SessionAuthenticator",
    "SessionReader",
    "SessionService",
    "Tokens",
    "accounts_feature",
    "user_topic",
]
