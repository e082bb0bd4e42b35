"""Who may read what, asked in batches.

One batch answers everything a connection needs to begin: whether its session lives, which topics it may read, what
guards each, and where topics and guards stand. Positions are read before the rights: whatever changed a right since
is an event above a position that is known, so no snapshot is needed, and a lone question costs three statements.
"""

from collections.abc import Awaitable, Callable, Collection, Container, Sequence
from dataclasses import dataclass

from tiffin.base.principal import Principal
from tiffin.db import Connection, Database
from tiffin.realtime.batcher import Batcher
from tiffin.realtime.encoding import LatestValue
from tiffin.realtime.event_log import Head, list_heads
from tiffin.realtime.topic import Grant, ReadLatest, ReadRequest, TopicKind, TopicKinds

# re-reads principals in the caller's snapshot: fresh roles, None where the session has ended
ReadSessions = Callable[[Connection, Sequence[Principal]], Awaitable[Sequence[Principal | None]]]


@dataclass(frozen=True, slots=True)
class Granted:
    """A topic that may be read, its head, and the positions of its guards."""

    head: Head
    guards: tuple[tuple[str, Head], ...]
    public: bool
    durable: bool
    # of a topic that keeps only the newest value: that, and which generation of it is for this reader
    latest: LatestValue | None = None
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """A topic that may not be read, or does not exist."""

    reason: str  # forbidden, unknown


@dataclass(frozen=True, slots=True)
class Rights:
    """The answer for one connection. `principal` is fresh; None where it was anonymous or its session has ended."""

    principal: Principal | None
    ended: bool
    topics: dict[str, Granted | Refused]


_Question = tuple[Principal | None, tuple[str, ...]]


class Access:
    """Answers questions of rights from the features' readers."""

    def __init__(
        self, database: Database, kinds: TopicKinds, read_sessions: ReadSessions, user_topic: Callable[[Principal], str]
    ) -> None:
        self._database = database
        self._kinds = kinds
        self._read_sessions = read_sessions
        self._user_topic = user_topic
        self._batcher: Batcher[_Question, Rights] = Batcher(self._read, pause_seconds=0.01)

    async def read(self, principal: Principal | None, topics: Sequence[str]) -> Rights:
        """What `principal` may read of `topics`, now. Raises Unavailable."""
        return await self._batcher.ask((principal, tuple(topics)))

    def own_topic(self, principal: Principal) -> str:
        """The topic that guards everything this principal reads."""
        return self._user_topic(principal)

    async def _read(self, questions: Sequence[_Question]) -> Sequence[Rights]:
        # what nobody registered never reaches the database: one such name would fail everybody's question
        topics = {topic for _, topics in questions for topic in topics if self._kinds.find(topic) is not None}
        topics.update(self._user_topic(principal) for principal, _ in questions if principal is not None)
        async with self._database.connection() as connection:
            while True:
                heads = await list_heads(connection, list(topics))
                fresh = await self._fresh(connection, [principal for principal, _ in questions])
                grants = await self._grants(connection, fresh, questions)
                guards = {guard for grant in grants.values() if grant is not None for guard in grant.guards}
                if guards <= topics:
                    break
                topics |= guards  # where these stand must be known from before, too
            latest = await self.read_latest(connection, {topic for (_, topic), grant in grants.items() if grant})
        return [
            self._rights(asked, now, topics, grants, heads, latest)
            for (asked, topics), now in zip(questions, fresh, strict=True)
        ]

    def list_sampled(self, followed: Container[str]) -> list[str]:
        """Those topics among `followed` whose value has to be computed anew every second."""
        return [kind.pattern for kind in self._kinds.all if kind.sampled and kind.pattern in followed]

    async def read_latest(self, connection: Connection, topics: Collection[str]) -> dict[str, LatestValue]:
        """The newest values of those of `topics` that keep only that; those that have none are left out."""
        by_kind: dict[str, tuple[ReadLatest, list[str]]] = {}
        for topic in topics:
            found = self._kinds.find(topic)
            if found is not None and found[0].read_latest is not None:
                by_kind.setdefault(found[0].pattern, (found[0].read_latest, []))[1].append(found[1])
        values = [value for read, keys in by_kind.values() for value in await read(connection, keys)]
        return {value.topic: value for value in values if value is not None}

    async def _fresh(self, connection: Connection, principals: Sequence[Principal | None]) -> list[Principal | None]:
        known = list({principal for principal in principals if principal is not None})
        if not known:
            return [None] * len(principals)
        current = dict(zip(known, await self._read_sessions(connection, known), strict=True))
        return [current[principal] if principal is not None else None for principal in principals]

    async def _grants(
        self, connection: Connection, fresh: Sequence[Principal | None], questions: Sequence[_Question]
    ) -> dict[tuple[Principal | None, str], Grant | None]:
        by_kind: dict[str, tuple[TopicKind, dict[tuple[Principal | None, str], ReadRequest]]] = {}
        for principal, (_, topics) in zip(fresh, questions, strict=True):
            for topic in topics:
                found = self._kinds.find(topic)
                if found is not None:
                    kind, key = found
                    requests = by_kind.setdefault(kind.pattern, (kind, {}))[1]
                    requests[principal, topic] = ReadRequest(principal, topic, key)
        grants: dict[tuple[Principal | None, str], Grant | None] = {}
        for kind, requests in by_kind.values():
            answers = await kind.readers(connection, list(requests.values()))
            grants.update(zip(requests, answers, strict=True))
        return grants

    def _rights(
        self,
        asked: Principal | None,
        now: Principal | None,
        topics: Sequence[str],
        grants: dict[tuple[Principal | None, str], Grant | None],
        heads: dict[str, Head],
        latest: dict[str, LatestValue],
    ) -> Rights:
        answers: dict[str, Granted | Refused] = {}
        own = (self._user_topic(now),) if now is not None else ()
        for topic in topics:
            found = self._kinds.find(topic)
            grant = grants.get((now, topic))
            if found is None:
                answers[topic] = Refused("unknown")
            elif grant is None or (now is not None and now.topics is not None and topic not in now.topics):
                answers[topic] = Refused("forbidden")
            else:
                guards = () if grant.public else tuple((name, heads[name]) for name in {*own, *grant.guards})
                durable = found[0].durability == "durable"
                answers[topic] = Granted(
                    heads[topic], guards, grant.public, durable, latest.get(topic), grant.generation
                )
        return Rights(now, asked is not None and now is None, answers)
