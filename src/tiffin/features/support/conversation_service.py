"""Conversations: open, say, mark, type, look back.

A message is stored and numbered under its conversation's lock and told after the commit; sending it again with the
same `client_id` is answered with what is stored (see `writer`).
"""

import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from tiffin.base.ids import parse_id
from tiffin.base.principal import Principal
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.images import ImageService, PictureView, Target
from tiffin.features.orders import Order, OrderService
from tiffin.features.support import desk_repository, repository
from tiffin.features.support.desk_service import DeskService, ListPresent
from tiffin.features.support.domain import (
    Conversation,
    Message,
    Note,
    Side,
    require_agent,
    require_reader,
    require_side,
    require_staff,
    shown_name,
)
from tiffin.features.support.errors import (
    AttachmentNotReady,
    ConversationNotFound,
    ConversationResolved,
    OrderNotYours,
    TooManyConversations,
)
from tiffin.features.support.events import (
    ConversationPresence,
    ConversationRated,
    MessageSent,
    NoteAdded,
    conversation_topic,
    notes_topic,
    typing_topic,
)
from tiffin.features.support.group import Mark, Say
from tiffin.features.support.schemas import (
    ConversationOpen,
    ConversationSnapshot,
    ConversationStatus,
    ConversationView,
    MessageBody,
    MessageView,
    NoteBody,
    NoteView,
    PresenceView,
    TypingValue,
)
from tiffin.features.support.writer import ConversationWriter
from tiffin.http.limits import RateLimiter
from tiffin.realtime import EventLog, LatestValue, Position, get_position

MOST_OPEN = 5
NEWEST = 50
_SUBJECT = "conversation:"
_TYPING_SECONDS = 3.0
_TYPING_EXPIRES_MS = 6000
# of one person in one conversation: a burst, then one every two seconds
_MESSAGES = 20
_MESSAGES_SECONDS = 40.0

Publish = Callable[[Sequence[LatestValue]], None]


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
        self._writer = ConversationWriter(database, events)

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
        author = (str(Side.CUSTOMER), principal.account_id, principal.name)
        numbered = conversation.take_number()
        message = await repository.insert_message(tx.connection, numbered, body.client_id, author, body.text)
        self._events.append(tx, conversation_topic(conversation.id), MessageSent(message=MessageView.of(message)))
        await self._desk.hand_out(tx, queue_changed=True)
        return conversation.id, True

    async def send(self, principal: Principal, conversation_id: UUID, body: MessageBody) -> Message:
        """Say something; a customer's words reopen what was resolved. The same `client_id` is the same message.

        Raises ConversationNotFound, NotAssigned, ConversationResolved (agents), AttachmentNotReady, ClientIdTaken,
        RateLimited.
        """
        self._flood.take(f"{principal.account_id}:{conversation_id}")
        pictures = await self._read_pictures(principal, conversation_id, body.attachments)
        say = Say(conversation_id, principal, body.client_id, body.text, pictures)
        try:
            return await self._writer.say(say)
        except ConversationResolved:
            await self._reopen(principal, conversation_id)
            return await self._writer.say(say)

    async def _reopen(self, principal: Principal, conversation_id: UUID) -> None:
        async with self.database.connection() as connection:
            conversation = await repository.require_conversation(connection, conversation_id)
        if conversation.side_of(principal.account_id) is Side.CUSTOMER:
            await self._desk.reopen(principal, conversation_id)

    async def _read_pictures(
        self, principal: Principal, conversation_id: UUID, ids: Sequence[UUID]
    ) -> tuple[dict[str, Any], ...]:
        """Complete pictures that the sender uploaded for this conversation. Raises AttachmentNotReady."""
        if not ids:
            return ()
        async with self.database.connection() as connection:
            images = [await self.images.get(connection, image_id) for image_id in ids]
        pictures = []
        for image in images:
            own = image is not None and (image.subject, image.account_id) == (
                _subject(conversation_id),
                principal.account_id,
            )
            if image is None or not own or image.picture is None:
                raise AttachmentNotReady()
            pictures.append(PictureView.of(image.id, image.picture).model_dump(mode="json"))
        return tuple(pictures)

    async def upload_target(self, principal: Principal, conversation_id: UUID) -> Target:
        """What an upload for a conversation is. Raises ConversationNotFound, NotAssigned."""
        async with self.database.connection() as connection:
            require_side(await repository.require_conversation(connection, conversation_id), principal)
        return Target(principal.account_id, _subject(conversation_id))

    async def discard_unsent(self, tx: Transaction) -> None:
        """Housekeeping: forget pictures that were uploaded for a message and not sent within a day."""
        for image in await self.images.list_settled(tx.connection, _SUBJECT):
            conversation_id = parse_id(image.subject.removeprefix(_SUBJECT))
            if conversation_id is None or not await repository.is_sent(tx.connection, conversation_id, image.id):
                await self.images.discard(tx, image.id)

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
        await self._writer.mark(Mark(conversation_id, principal.account_id, delivered, read))

    async def receive_up_to(self, principal: Principal, device_id: UUID, topic: str, seq: int) -> None:
        """A device says that it has stored a conversation's events up to a number."""
        conversation_id = UUID(topic.partition(".")[2])
        async with self.database.connection() as connection:
            stored = await repository.find_stored_seq(connection, topic, seq, conversation_id, principal.account_id)
        if stored is not None:
            await self.mark(principal, conversation_id, stored, 0)

    async def type(self, principal: Principal, conversation_id: UUID) -> None:
        """The caller types: the other side is told, at most every 3 s. Raises ConversationNotFound, NotAssigned."""
        key = f"{principal.account_id}:{conversation_id}"
        if self._typing.left(key) < 1:
            return
        self._typing.take(key)
        async with self.database.connection() as connection:
            conversation = await repository.require_conversation(connection, conversation_id)
        side = require_side(conversation, principal)
        value = TypingValue(name=shown_name(side, principal.name), expires_in_ms=_TYPING_EXPIRES_MS)
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
    return f"{_SUBJECT}{conversation_id}"
