"""Conversations: open, say, mark, type, look back.

A message is stored and numbered under its conversation's lock and told after the commit; sending it again with the
same `client_id` is answered with what is stored. Marks of many devices share a transaction.
"""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from tiffin.base.principal import Principal
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.images import ImageService, PictureView, Target
from tiffin.features.orders import Order, OrderService
from tiffin.features.support import desk_repository, repository
from tiffin.features.support.access import require_agent, require_reader, require_side, require_staff
from tiffin.features.support.desk_service import DeskService, ListPresent
from tiffin.features.support.domain import Conversation, ConversationState, Message, Note, Side
from tiffin.features.support.errors import (
    AttachmentNotReady,
    ClientIdTaken,
    ConversationNotFound,
    ConversationResolved,
    OrderNotYours,
    TooManyConversations,
)
from tiffin.features.support.events import (
    ConversationPresence,
    ConversationRated,
    MarksAdvanced,
    MessageSent,
    NoteAdded,
    conversation_topic,
    notes_topic,
    typing_topic,
)
from tiffin.features.support.schemas import (
    ConversationOpen,
    ConversationSnapshot,
    ConversationStatus,
    ConversationView,
    MarksView,
    MessageBody,
    MessageView,
    NoteBody,
    NoteView,
    PresenceView,
    TypingValue,
)
from tiffin.http.limits import RateLimiter
from tiffin.realtime import EventLog, LatestValue, Position, get_position
from tiffin.realtime.batcher import Batcher

MOST_OPEN = 5
NEWEST = 50
_TYPING_SECONDS = 3.0
_TYPING_EXPIRES_MS = 6000
# of one person in one conversation: a burst, then one every two seconds
_MESSAGES = 20
_MESSAGES_SECONDS = 40.0
_MARK_SECONDS = 0.005

Publish = Callable[[Sequence[LatestValue]], None]
# conversation, account, delivered, read
_Mark = tuple[UUID, UUID, int, int]


class ConversationService:
    """What customers and agents do in conversations. `publish` tells who types."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        orders: OrderService,
        images: ImageService,
        desk: DeskService,
        list_present: ListPresent,
        publish: Publish,
    ) -> None:
        self.database = database
        self.images = images
        self._events = events
        self._orders = orders
        self._desk = desk
        self._list_present = list_present
        self._publish = publish
        self._flood = RateLimiter(_MESSAGES, _MESSAGES_SECONDS)
        self._typing = RateLimiter(1, _TYPING_SECONDS)
        self._marks: Batcher[_Mark, None] = Batcher(self._store_marks, window_seconds=_MARK_SECONDS)

    # reading

    async def read_snapshot(self, principal: Principal, conversation_id: UUID) -> ConversationSnapshot:
        """A conversation with its newest messages. For its customer and for agents. Raises ConversationNotFound."""
        topic = conversation_topic(conversation_id)
        async with self.database.snapshot() as connection:
            conversation, messages, position = await repository.require_snapshot(
                connection, conversation_id, topic, NEWEST
            )
            side = require_reader(conversation, principal)
            (view,) = await self._desk.view(connection, [conversation], side or Side.AGENT)
            presence = (await self._read_presence(connection, [topic]))[topic]
        return ConversationSnapshot(
            position=str(position),
            side=side,
            conversation=view,
            messages=[MessageView.of(message) for message in messages],
            presence=presence,
        )

    async def list_messages(
        self, principal: Principal, conversation_id: UUID, before: int | None, limit: int
    ) -> list[Message]:
        """What was said before a number, in order. Raises ConversationNotFound."""
        async with self.database.connection() as connection:
            require_reader(await repository.require_conversation(connection, conversation_id), principal)
            return await repository.list_messages(connection, conversation_id, before, limit)

    async def list_conversations(
        self, principal: Principal, wanted: repository.Wanted, after: UUID | None, limit: int
    ) -> list[ConversationView]:
        """Conversations, the newest first. Others' than the own are for agents: raises NotAnAgent."""
        if wanted.customer_id != principal.account_id:
            require_agent(principal)
        side = Side.CUSTOMER if wanted.customer_id == principal.account_id else Side.AGENT
        async with self.database.connection() as connection:
            found = await repository.list_conversations(connection, wanted, after, limit)
            return await self._desk.view(connection, found, side)

    async def list_orders(self, principal: Principal, conversation_id: UUID) -> list[Order]:
        """The newest orders of a conversation's customer, for agents. Raises NotAnAgent, ConversationNotFound."""
        async with self.database.connection() as connection:
            conversation = await repository.require_conversation(connection, conversation_id)
            require_staff(conversation, principal)
            return await self._orders.list_of_customer(connection, conversation.customer_id, 20)

    async def list_notes(self, principal: Principal, conversation_id: UUID) -> tuple[list[Note], Position]:
        """What agents noted, for agents. Raises NotAnAgent, ConversationNotFound."""
        async with self.database.snapshot() as connection:
            conversation = await repository.require_conversation(connection, conversation_id)
            require_staff(conversation, principal)
            position = await get_position(connection, notes_topic(conversation_id))
            return await repository.list_notes(connection, conversation_id), position

    # saying

    async def open(self, principal: Principal, body: ConversationOpen) -> UUID:
        """Open a conversation, or go on in the open one about the same order; returns its id.

        Raises OrderNotYours, TooManyConversations, RateLimited.
        """
        self._flood.take(f"open:{principal.account_id}")
        conversation_id, is_new = await self._open(principal, body)
        if not is_new:  # the client's id for the conversation is also that of its first words
            await self.send(principal, conversation_id, MessageBody(client_id=body.client_id, text=body.text))
        return conversation_id

    @use_case
    async def _open(self, tx: Transaction, principal: Principal, body: ConversationOpen) -> tuple[UUID, bool]:
        await desk_repository.lock_queue(tx.connection)
        opened = await repository.find_opened(tx.connection, principal.account_id, body.client_id, body.order_id)
        if opened is not None:
            return opened.id, False
        if await repository.count_open(tx.connection, principal.account_id) >= MOST_OPEN:
            raise TooManyConversations()
        order = None
        if body.order_id is not None:
            found = await self._orders.get(tx.connection, body.order_id)
            if found is None or found.customer_id != principal.account_id:
                raise OrderNotYours()
            order = (found.id, found.number, found.restaurant.name)
        customer = (principal.account_id, principal.name)
        conversation = await repository.insert_conversation(tx.connection, body.client_id, customer, order)
        await self._say(tx, principal, conversation, Side.CUSTOMER, body.client_id, body.text, ())
        await self._desk.hand_out(tx, queue_changed=True)
        return conversation.id, True

    async def send(self, principal: Principal, conversation_id: UUID, body: MessageBody) -> Message:
        """Say something; a customer's words reopen what was resolved. The same `client_id` is the same message.

        Raises ConversationNotFound, NotAssigned, ConversationResolved (agents), AttachmentNotReady, ClientIdTaken,
        RateLimited.
        """
        key = f"{principal.account_id}:{conversation_id}"
        self._flood.take(key)
        reopen = False
        while True:
            try:
                return await self._send(principal, conversation_id, body, reopen=reopen)
            except ConversationResolved:
                if reopen:
                    raise
                reopen = True
            except asyncpg.UniqueViolationError:  # another device sent the same in the same moment: now it is there
                continue

    @use_case
    async def _send(
        self, tx: Transaction, principal: Principal, conversation_id: UUID, body: MessageBody, *, reopen: bool
    ) -> Message:
        if reopen:
            await desk_repository.lock_queue(tx.connection)
        conversation, sent = await repository.lock_for_message(tx.connection, conversation_id, body.client_id)
        side = require_side(conversation, principal)
        if sent is not None:
            if sent.author_id != principal.account_id:
                raise ClientIdTaken()
            return sent
        is_resolved = conversation.state is ConversationState.RESOLVED
        if is_resolved and not reopen:
            raise ConversationResolved()
        pictures = await self._require_pictures(tx.connection, conversation_id, principal, body.attachments)
        if is_resolved:
            conversation = await self._desk.queue_again(tx, conversation)
        message = await self._say(tx, principal, conversation, side, body.client_id, body.text, pictures)
        if is_resolved:
            await self._desk.hand_out(tx, queue_changed=True)
        return message

    async def _say(
        self,
        tx: Transaction,
        principal: Principal,
        conversation: Conversation,
        side: Side,
        client_id: UUID,
        text: str,
        pictures: Sequence[PictureView],
    ) -> Message:
        author = (str(side), principal.account_id, principal.name)
        attachments = [picture.model_dump(mode="json") for picture in pictures]
        message = await repository.insert_message(
            tx.connection, conversation.take_number(), client_id, author, text, attachments
        )
        self._events.append(tx, conversation_topic(conversation.id), MessageSent(message=MessageView.of(message)))
        return message

    async def _require_pictures(
        self, connection: Connection, conversation_id: UUID, principal: Principal, ids: Sequence[UUID]
    ) -> list[PictureView]:
        """Complete pictures that the sender uploaded for this conversation. Raises AttachmentNotReady."""
        pictures = []
        for image_id in ids:
            image = await self.images.get(connection, image_id)
            own = image is not None and image.subject == _subject(conversation_id)
            if image is None or not own or image.account_id != principal.account_id or image.picture is None:
                raise AttachmentNotReady()
            pictures.append(PictureView.of(image.id, image.picture))
        return pictures

    async def upload_target(self, principal: Principal, conversation_id: UUID) -> Target:
        """What an upload for a conversation is. Raises ConversationNotFound, NotAssigned."""
        async with self.database.connection() as connection:
            require_side(await repository.require_conversation(connection, conversation_id), principal)
        return Target(principal.account_id, _subject(conversation_id))

    @use_case
    async def rate(
        self, tx: Transaction, principal: Principal, conversation_id: UUID, stars: int, comment: str
    ) -> Conversation:
        """What the customer thinks of a resolved conversation. Raises ConversationNotFound, NotResolved."""
        conversation = await repository.lock_conversation(tx.connection, conversation_id)
        if conversation.side_of(principal.account_id) is not Side.CUSTOMER:
            raise ConversationNotFound()
        after = conversation.rate(stars, comment)
        await repository.update_conversation(tx.connection, after)
        rated = ConversationRated(status=ConversationStatus.of(after))
        self._events.append(tx, conversation_topic(conversation_id), rated)
        return after

    @use_case
    async def add_note(self, tx: Transaction, principal: Principal, conversation_id: UUID, body: NoteBody) -> Note:
        """Note something for agents. Raises NotAnAgent, ConversationNotFound, ClientIdTaken."""
        conversation = await repository.lock_conversation(tx.connection, conversation_id)
        require_staff(conversation, principal)
        author = (principal.account_id, principal.name)
        note, is_new = await repository.insert_note(tx.connection, conversation_id, body.client_id, author, body.text)
        if is_new:
            self._events.append(tx, notes_topic(conversation_id), NoteAdded(note=NoteView.of(note)))
        return note

    # marks, typing, presence

    async def mark(self, principal: Principal, conversation_id: UUID, delivered: int, read: int) -> None:
        """The caller's device holds, the caller has seen, messages up to these. Marks never go back; marks of who takes
        no part move nothing."""
        await self._marks.ask((conversation_id, principal.account_id, delivered, read))

    async def receive_up_to(self, principal: Principal, device_id: UUID, topic: str, seq: int) -> None:
        """A device says that it has stored a conversation's events up to a number."""
        async with self.database.connection() as connection:
            stored = await repository.find_stored_seq(connection, topic, seq)
        if stored is not None:
            await self.mark(principal, UUID(topic.partition(".")[2]), stored, 0)

    async def _store_marks(self, marks: Sequence[_Mark]) -> list[None]:
        await self._advance_marks(marks)
        return [None] * len(marks)

    @use_case
    async def _advance_marks(self, tx: Transaction, marks: Sequence[_Mark]) -> None:
        asked: dict[UUID, list[_Mark]] = {}
        for mark in marks:
            asked.setdefault(mark[0], []).append(mark)
        moved = []
        for before in await repository.lock_conversations(tx.connection, asked):
            after = before
            for _, account_id, delivered, read in asked[before.id]:
                side = before.side_of(account_id)
                after = after.advance_marks(side, delivered, read) if side is not None else after
            if after != before:
                moved.append(after)
                self._tell_marks(tx, before, after)
        if moved:
            await repository.update_marks(tx.connection, moved)

    def _tell_marks(self, tx: Transaction, before: Conversation, after: Conversation) -> None:
        for side, old, new in (
            (Side.CUSTOMER, before.customer, after.customer),
            (Side.AGENT, before.agent, after.agent),
        ):
            if new != old:
                advanced = MarksAdvanced(side=side, marks=MarksView.of(new))
                self._events.append(tx, conversation_topic(after.id), advanced)

    async def type(self, principal: Principal, conversation_id: UUID) -> None:
        """The caller types: the other side is told, at most every 3 s. Raises ConversationNotFound, NotAssigned."""
        key = f"{principal.account_id}:{conversation_id}"
        if self._typing.left(key) < 1:
            return
        self._typing.take(key)
        async with self.database.connection() as connection:
            conversation = await repository.require_conversation(connection, conversation_id)
        side = require_side(conversation, principal)
        value = TypingValue(name=principal.name, expires_in_ms=_TYPING_EXPIRES_MS)
        topic = typing_topic(conversation_id, side)
        self._publish([LatestValue(topic, 0, time.time_ns() // 1_000_000, value.model_dump_json().encode())])

    async def tell_presence(self, tx: Transaction, rooms: Sequence[str]) -> None:
        """Who has these conversations open has changed."""
        for topic, presence in (await self._read_presence(tx.connection, rooms)).items():
            self._events.append(tx, topic, ConversationPresence(presence=presence))

    async def _read_presence(self, connection: Connection, rooms: Sequence[str]) -> dict[str, PresenceView]:
        """Which sides are connected to these conversations."""
        participants = await repository.list_participants(connection, [room.partition(".")[2] for room in rooms])
        present = await self._list_present(connection, rooms)
        answer = {}
        for room in rooms:
            sides = participants.get(room.partition(".")[2])
            if sides is not None:
                here = {one.account_id for one in present[room]}
                answer[room] = PresenceView(customer=sides[Side.CUSTOMER] in here, agent=sides[Side.AGENT] in here)
        return answer


def _subject(conversation_id: UUID) -> str:
    """What an image of a conversation is for."""
    return f"conversation:{conversation_id}"
