"""Who is asking: an account by one of its sessions, with the platform roles it holds now.

Restaurant membership is not a platform role; it belongs to `features.catalog`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """A platform role. Everybody with an account is a customer; there is no role for it."""

    COURIER = "courier"
    AGENT = "agent"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `session_id` is the device it speaks from."""

    account_id: UUID
    session_id: UUID
    roles: frozenset[Role] = frozenset()
    # a stream ticket's topics: it reads these and does nothing else; None is no limit
    topics: frozenset[str] | None = None
    # what others are shown of this person, as fresh as the roles
    name: str = field(default="", compare=False)

    def has(self, role: Role) -> bool:
        """True if the account holds `role` at this moment."""
        return role in self.roles
