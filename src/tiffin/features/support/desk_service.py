"""The desk: the queue, who takes from it, and handing over.

Whoever changes who waits or who takes holds the queue's lock from its first statement on, so these changes happen one
after the other; messages and marks never need it. Each such change ends with `hand_out`: whoever can be given to
somebody is, in the same transaction, and everybody concerned is told once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.accounts import AccountService
from tiffin.features.support import desk_repository, repository
from tiffin.features.support.desk import hand_out
from tiffin.features.support.domain import (
    Code,
    Conversation,
    ConversationState,
    Side,
    require_agent,
    require_reader,
    require_side,
)
from tiffin.features.support.errors import AgentUnavailable, NotAssigned
from tiffin.features.support.events import (
    DESK_TOPIC,
    QUEUE_TOPIC,
    AgentChanged,
    AgentConversationLeft,
    AgentConversationTaken,
    AgentGoneDue,
    AgentPresenceChanged,
    ConversationAssigned,
    ConversationChanged,
    ConversationResolved,
    ConversationWaiting,
    DeskQueueChanged,
    MessageSent,
    NoteAdded,
    QueueChanged,
    agent_topic,
    conversation_topic,
    notes_topic,
)
from tiffin.features.support.schemas import (
    AgentView,
    AvailabilityBody,
    ConversationStatus,
    ConversationView,
    DeskSnapshot,
    MessageView,
    NoteView,
    QueueSnapshot,
    QueueView,
    WaitingView,
)
from tiffin.realtime import EventLog, get_position
from tiffin.realtime.presence import Present
from tiffin.work import Outbox

# who is in these rooms now
ListPresent = Callable[[Connection, Sequence[str]], Awaitable[Mapping[str, Sequence[Present]]]]

_MOST_PLACES = 500
_MOST_SHOWN = 50


class DeskService:
    """What agents do with the queue, and what happens to it by itself. `grace_seconds`: an agent may be gone for."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        outbox: Outbox,
        clock: Clock,
        accounts: AccountService,
        list_present: ListPresent,
        *,
        grace_seconds: float,
    ) -> None:
        self.database = database
        self._events = events
        self._outbox = outbox
        self._clock = clock
        self._accounts = accounts
        self._list_present = list_present
        self._grace_seconds = grace_seconds

    # reading

    async def read_desk(self, principal: Principal) -> DeskSnapshot:
        """An agent's desk. Raises NotAnAgent."""
        require_agent(principal)
        await self._make_known(principal)
        async with self.database.snapshot() as connection:
            agents = await desk_repository.list_agents(connection, principal.account_id)
            own = await repository.list_assigned(connection, principal.account_id)
            waiting, total = await desk_repository.list_waiting(connection, _MOST_SHOWN)
            return DeskSnapshot(
                agent_position=str(await get_position(connection, agent_topic(principal.account_id))),
                desk_position=str(await get_position(connection, DESK_TOPIC)),
                me=next(AgentView.of(agent) for agent in agents if agent.account_id == principal.account_id),
                conversations=await self.view(connection, own, Side.AGENT),
                waiting=[WaitingView.of(conversation) for conversation in waiting],
                total_waiting=total,
                agents=[AgentView.of(agent) for agent in agents],
            )

    async def read_queue(self) -> QueueSnapshot:
        """The places in line, for whoever waits."""
        async with self.database.snapshot() as connection:
            places, total = await desk_repository.list_places(connection, _MOST_PLACES)
            position = await get_position(connection, QUEUE_TOPIC)
        return QueueSnapshot(position=str(position), waiting=tuple(places), total=total)

    async def count(self, connection: Connection) -> desk_repository.DeskCounts:
        """How many wait and are talked to, and by how many, for features above."""
        return await desk_repository.count_desk(connection)

    async def view(
        self, connection: Connection, conversations: Sequence[Conversation], side: Side
    ) -> list[ConversationView]:
        """Conversations as one side sees them in a list."""
        digests = await repository.list_digests(connection, conversations)
        return [
            ConversationView.of(one, digests[one.id].unread[side], digests[one.id].last_message)
            for one in conversations
        ]

    # what agents do

    @use_case
    async def set_availability(self, tx: Transaction, principal: Principal, body: AvailabilityBody) -> AgentView:
        """Whether the caller wants conversations, and how many at once; what it has, it keeps. Raises NotAnAgent."""
        require_agent(principal)
        await desk_repository.lock_queue(tx.connection)
        await desk_repository.insert_agent(tx.connection, principal.account_id, principal.name)
        await desk_repository.update_availability(
            tx.connection, principal.account_id, available=body.available, capacity=body.capacity
        )
        await self._note_presence(tx, principal.account_id)
        await self.hand_out(tx, changed_agents=(principal.account_id,))
        agent = await desk_repository.get_agent(tx.connection, principal.account_id)
        assert agent is not None
        return AgentView.of(agent)

    @use_case
    async def transfer(
        self, tx: Transaction, principal: Principal, conversation_id: UUID, to: UUID | None, note: str
    ) -> None:
        """Hand an own conversation to a colleague who has room, or back to its place in the queue, with a note.

        Raises NotAnAgent, ConversationNotFound, NotAssigned, AgentUnavailable.
        """
        conversation = await self._lock_own(tx, principal, conversation_id)
        if to == principal.account_id:
            return
        if to is None:
            after = conversation.release(self._clock.now(), declined=True)
            await self._change(tx, after, ConversationWaiting, Code.WAITING)
        else:
            agent = await desk_repository.get_agent(tx.connection, to)
            if agent is None or not agent.may_take(conversation):
                raise AgentUnavailable()
            after = conversation.assign(agent.account_id, agent.name)
            await self._change(tx, after, ConversationAssigned, Code.ASSIGNED)
            await self._give(tx, after)
            await desk_repository.update_last_assigned(tx.connection, [to])
        if note:
            author = (principal.account_id, principal.name)
            written, _ = await repository.insert_note(tx.connection, conversation_id, new_id(), author, note)
            self._events.append(tx, notes_topic(conversation_id), NoteAdded(note=NoteView.of(written)))
        self._take_away(tx, conversation, "released" if to is None else "transferred")
        changed = (principal.account_id,) if to is None else (principal.account_id, to)
        await self.hand_out(tx, changed_agents=changed, queue_changed=to is None)

    @use_case
    async def resolve(self, tx: Transaction, principal: Principal, conversation_id: UUID) -> Conversation:
        """Say that it is done: its agent, or its customer. Raises ConversationNotFound, NotAssigned."""
        await desk_repository.lock_queue(tx.connection)
        before = await repository.lock_conversation(tx.connection, conversation_id)
        require_reader(before, principal)
        if before.state is ConversationState.RESOLVED:
            return before
        require_side(before, principal)
        after = before.resolve(self._clock.now())
        await self._change(tx, after, ConversationResolved, Code.RESOLVED)
        self._take_away(tx, before, "resolved")
        changed = (before.agent_id,) if before.agent_id is not None else ()
        await self.hand_out(tx, changed_agents=changed, queue_changed=before.state is ConversationState.WAITING)
        return after

    @use_case
    async def reopen(self, tx: Transaction, principal: Principal, conversation_id: UUID) -> Conversation:
        """Say that it was not done after all: its customer, or any agent. Raises ConversationNotFound."""
        await desk_repository.lock_queue(tx.connection)
        conversation = await repository.lock_conversation(tx.connection, conversation_id)
        require_reader(conversation, principal)
        if conversation.state is ConversationState.RESOLVED:
            await self.queue_again(tx, conversation)
            await self.hand_out(tx, queue_changed=True)
        return await repository.require_conversation(tx.connection, conversation_id)

    async def queue_again(self, tx: Transaction, conversation: Conversation) -> Conversation:
        """Put a locked, resolved conversation at the end of the queue; the caller holds the queue's lock."""
        place = await desk_repository.next_place(tx.connection)
        return await self._change(tx, conversation.reopen(place, self._clock.now()), ConversationWaiting, Code.REOPENED)

    # what happens by itself

    async def tell_presence(self, tx: Transaction, rooms: Sequence[str]) -> None:
        """Agents came or went: looked at by work of its own, since leases may not wait for the queue."""
        for room in rooms:
            self._outbox.enqueue(tx, AgentPresenceChanged(account_id=UUID(room.partition(".")[2])))

    async def agent_presence(self, tx: Transaction, fact: AgentPresenceChanged) -> None:
        """An agent came: it is given what waits. It went: after a while others get what it has."""
        account = (await self._accounts.list_by_ids(tx.connection, [fact.account_id])).get(fact.account_id)
        if account is None:
            return
        await desk_repository.lock_queue(tx.connection)
        await desk_repository.insert_agent(tx.connection, account.id, account.name)
        if await self._note_presence(tx, account.id):
            await self.hand_out(tx, changed_agents=(account.id,))

    async def agent_gone_due(self, tx: Transaction, fact: AgentGoneDue) -> None:
        """An agent has been gone for too long: what it has goes back to its places in the queue."""
        await desk_repository.lock_queue(tx.connection)
        if await self._is_present(tx.connection, fact.account_id):
            return
        await self._release_all(tx, fact.account_id)

    async def release_former_agents(self, tx: Transaction) -> None:
        """Housekeeping: who is no agent any more gives back what it has."""
        await desk_repository.lock_queue(tx.connection)
        agents = await desk_repository.list_agents(tx.connection)
        accounts = await self._accounts.list_by_ids(tx.connection, [agent.account_id for agent in agents])
        for agent in agents:
            account = accounts.get(agent.account_id)
            is_agent = account is not None and Role.AGENT in account.roles
            if is_agent or not (agent.available or agent.load):
                continue
            await desk_repository.update_availability(
                tx.connection, agent.account_id, available=False, capacity=agent.capacity
            )
            await self._release_all(tx, agent.account_id)

    async def hand_out(
        self, tx: Transaction, *, changed_agents: Sequence[UUID] = (), queue_changed: bool = False
    ) -> None:
        """Give what waits to whoever has room, and tell of it; the caller holds the queue's lock."""
        agents = await desk_repository.list_agents(tx.connection)
        room = sum(agent.room for agent in agents)
        # one more for each that its own agent may not have
        waiting = await desk_repository.lock_waiting(tx.connection, room + len(agents)) if room else []
        given = hand_out(waiting, agents, self._clock.now())
        for conversation, _ in given:
            await self._change(tx, conversation, ConversationAssigned, Code.ASSIGNED)
            await self._give(tx, conversation)
        takers = {agent.account_id for _, agent in given}
        if takers:
            await desk_repository.update_last_assigned(tx.connection, list(takers))
        await self._tell_desk(tx, {*changed_agents, *takers}, queue_changed=queue_changed or bool(given))

    # steps

    async def _tell_desk(self, tx: Transaction, agents: set[UUID], *, queue_changed: bool) -> None:
        for account_id in sorted(agents):
            agent = await desk_repository.get_agent(tx.connection, account_id)
            if agent is not None:
                changed = AgentChanged(agent=AgentView.of(agent))
                self._events.append(tx, DESK_TOPIC, changed)
                self._events.append(tx, agent_topic(account_id), changed)
        if queue_changed:
            waiting, total = await desk_repository.list_waiting(tx.connection, _MOST_SHOWN)
            shown = tuple(WaitingView.of(conversation) for conversation in waiting)
            self._events.append(tx, DESK_TOPIC, DeskQueueChanged(waiting=shown, total_waiting=total))
            places, total = await desk_repository.list_places(tx.connection, _MOST_PLACES)
            queue = QueueView(waiting=tuple(places), total=total)
            self._events.append(tx, QUEUE_TOPIC, QueueChanged(queue=queue))

    async def _change(
        self, tx: Transaction, after: Conversation, event: type[ConversationChanged], code: Code
    ) -> Conversation:
        """Store what became of a locked conversation, and have the system say so in it."""
        after = after.take_number()
        await repository.update_conversation(tx.connection, after)
        author = ("system", None, after.agent_name or "")
        message = await repository.insert_message(tx.connection, after, None, author, "", (), code)
        topic = conversation_topic(after.id)
        self._events.append(tx, topic, event(status=ConversationStatus.of(after)))
        self._events.append(tx, topic, MessageSent(message=MessageView.of(message)))
        return after

    async def _give(self, tx: Transaction, conversation: Conversation) -> None:
        assert conversation.agent_id is not None
        fresh = await repository.require_conversation(tx.connection, conversation.id)
        (view,) = await self.view(tx.connection, [fresh], Side.AGENT)
        self._events.append(tx, agent_topic(conversation.agent_id), AgentConversationTaken(conversation=view))

    def _take_away(self, tx: Transaction, before: Conversation, reason: str) -> None:
        if before.agent_id is not None:
            left = AgentConversationLeft.model_validate({"conversation_id": before.id, "reason": reason})
            self._events.append(tx, agent_topic(before.agent_id), left)

    async def _release_all(self, tx: Transaction, agent_id: UUID) -> None:
        """What an agent has goes back to the queue; the caller holds its lock."""
        conversations = await desk_repository.lock_assigned(tx.connection, agent_id)
        for conversation in conversations:
            await self._change(tx, conversation.release(self._clock.now()), ConversationWaiting, Code.WAITING)
            self._take_away(tx, conversation, "released")
        await self.hand_out(tx, changed_agents=(agent_id,), queue_changed=bool(conversations))

    async def _lock_own(self, tx: Transaction, principal: Principal, conversation_id: UUID) -> Conversation:
        require_agent(principal)
        await desk_repository.lock_queue(tx.connection)
        conversation = await repository.lock_conversation(tx.connection, conversation_id)
        if conversation.agent_id != principal.account_id:
            raise NotAssigned(agent_name=conversation.agent_name)
        return conversation

    async def _note_presence(self, tx: Transaction, account_id: UUID) -> bool:
        """See whether an agent is connected; who has gone has a while to come back. False if that was known."""
        connected = await self._is_present(tx.connection, account_id)
        if not await desk_repository.update_connected(tx.connection, account_id, connected=connected):
            return False
        self._outbox.withdraw(tx, account_id)
        if not connected:
            gone = AgentGoneDue(account_id=account_id)
            self._outbox.enqueue(tx, gone, delay_seconds=self._grace_seconds, key=account_id)
        return True

    async def _is_present(self, connection: Connection, account_id: UUID) -> bool:
        topic = agent_topic(account_id)
        return bool((await self._list_present(connection, [topic]))[topic])

    @use_case
    async def _make_known(self, tx: Transaction, principal: Principal) -> None:
        await desk_repository.insert_agent(tx.connection, principal.account_id, principal.name)
