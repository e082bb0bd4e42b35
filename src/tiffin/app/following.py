"""How the session cache follows accounts: it watches `user.{id}` on this node's hub.

A cached session counts only while its account's topic is watched, its head is known and the head check is fresh, so a
logout on another node is noticed within a second, within three with NATS down. The least recently asked accounts
are let go.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from uuid import UUID

from tiffin.features.accounts import user_topic
from tiffin.realtime.hub import Hub
from tiffin.realtime.watch import Watch

_MOST_FOLLOWED = 5_000


class HubFollowing:
    """`accounts.Following` on a hub."""

    def __init__(self, hub: Hub, forget: Callable[[UUID], None]) -> None:
        self._hub = hub
        self._forget = forget
        self._watches: OrderedDict[UUID, Watch] = OrderedDict()

    def is_followed(self, account_id: UUID) -> bool:
        """True if a change since `follow` would have been told."""
        watch = self._watches.get(account_id)
        if watch is None or watch.topic.epoch is None or not self._hub.is_fresh:
            return False
        self._watches.move_to_end(account_id)
        return True

    def follow(self, account_id: UUID) -> None:
        """Begin to follow an account."""
        if account_id in self._watches:
            return
        self._watches[account_id] = self._hub.watch(user_topic(account_id), partial(self._forget, account_id))
        if len(self._watches) > _MOST_FOLLOWED:
            old_id, old = self._watches.popitem(last=False)
            self._hub.unwatch(old)
            self._forget(old_id)
