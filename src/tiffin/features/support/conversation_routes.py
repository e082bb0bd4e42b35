"""Endpoints of conversations; what is said and typed also goes by socket commands."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from tiffin.features.images import ImageView, uploads
from tiffin.features.orders.schemas import OrderSummary
from tiffin.features.support.conversation_service import ConversationService
from tiffin.features.support.domain import ConversationState
from tiffin.features.support.repository import Wanted
from tiffin.features.support.schemas import (
    ConversationOpen,
    ConversationSnapshot,
    ConversationStatus,
    ConversationView,
    CustomerOrders,
    MarksBody,
    MessageBody,
    MessagePage,
    MessageView,
    NoteBody,
    NoteList,
    NoteView,
    RatingBody,
)
from tiffin.http import V1
from tiffin.http.authentication import Authenticated
from tiffin.http.pagination import Page, PageCursor, PageLimit, decode_id_cursor, encode_cursor
from tiffin.http.problems import problems

# of the resource below, for the limit of bodies
UPLOAD_PATH = r"/v1/conversations/[^/]+/images"

Words = Annotated[
    str | None, Query(min_length=2, max_length=100, pattern="^[^\x00]*$", description="words of a message, or a name")
]
Before = Annotated[int | None, Query(ge=1, le=2**53, description="messages before this number; null: the newest")]


def conversation_routes(service: ConversationService) -> APIRouter:
    """The endpoints on a service."""
    router = APIRouter(prefix=V1, tags=["support"])
    _add_lists(router, service)
    _add_talking(router, service)
    _add_for_agents(router, service)
    _add_uploads(router, service)
    return router


def _add_lists(router: APIRouter, service: ConversationService) -> None:
    @router.post("/conversations", status_code=201, responses=problems(404, 409, 429))
    async def open_conversation(body: ConversationOpen, principal: Authenticated) -> ConversationSnapshot:
        """Ask for help. With an open conversation about the same order, this goes on in that one."""
        conversation_id = await service.open(principal, body)
        return await service.read_snapshot(principal, conversation_id)

    @router.get("/conversations", responses=problems(403))
    async def list_conversations(
        principal: Authenticated,
        scope: Annotated[
            Literal["own", "all"], Query(description="own: as a customer; all: everybody's, for agents")
        ] = "own",
        state: ConversationState | None = None,
        customer_id: UUID | None = None,
        search: Words = None,
        cursor: PageCursor = None,
        limit: PageLimit = 20,
    ) -> Page[ConversationView]:
        """Conversations, the newest first."""
        wanted = Wanted(principal.account_id if scope == "own" else customer_id, state, search)
        after = decode_id_cursor(cursor)
        items = await service.list_conversations(principal, wanted, after, limit + 1)
        following = encode_cursor(str(items[limit - 1].conversation_id)) if len(items) > limit else None
        return Page(items=items[:limit], next_cursor=following)

    @router.get("/conversations/{conversation_id}", responses=problems(404))
    async def read_conversation(conversation_id: UUID, principal: Authenticated) -> ConversationSnapshot:
        """A conversation with its newest messages; follow `conversation.{id}` from its position."""
        return await service.read_snapshot(principal, conversation_id)

    @router.get("/conversations/{conversation_id}/messages", responses=problems(404))
    async def list_messages(
        conversation_id: UUID, principal: Authenticated, before: Before = None, limit: PageLimit = 50
    ) -> MessagePage:
        """What was said earlier, in order."""
        messages = await service.list_messages(principal, conversation_id, before, limit)
        further = messages[0].seq if messages and messages[0].seq > 1 else None
        return MessagePage(messages=[MessageView.of(message) for message in messages], before=further)


def _add_talking(router: APIRouter, service: ConversationService) -> None:
    @router.post("/conversations/{conversation_id}/messages", responses=problems(404, 409, 422, 429))
    async def send_message(conversation_id: UUID, body: MessageBody, principal: Authenticated) -> MessageView:
        """Say something. Sending again with the same `client_id` is answered with what was stored."""
        return MessageView.of(await service.send(principal, conversation_id, body))

    @router.post("/conversations/{conversation_id}/marks", status_code=204)
    async def mark(conversation_id: UUID, body: MarksBody, principal: Authenticated) -> None:
        """Tell what a device holds and its person has seen. Marks never go back; a stranger's move nothing."""
        await service.mark(principal, conversation_id, body.delivered, body.read)

    @router.put("/conversations/{conversation_id}/rating", responses=problems(404, 409))
    async def rate_conversation(
        conversation_id: UUID, body: RatingBody, principal: Authenticated
    ) -> ConversationStatus:
        """Say how it was, once it is resolved: its customer."""
        return ConversationStatus.of(await service.rate(principal, conversation_id, body.stars, body.comment))


def _add_for_agents(router: APIRouter, service: ConversationService) -> None:
    @router.get("/conversations/{conversation_id}/notes", responses=problems(403, 404))
    async def list_notes(conversation_id: UUID, principal: Authenticated) -> NoteList:
        """What agents noted; follow `conversation.{id}.notes` from its position."""
        notes, position = await service.list_notes(principal, conversation_id)
        return NoteList(position=str(position), notes=[NoteView.of(note) for note in notes])

    @router.post("/conversations/{conversation_id}/notes", responses=problems(403, 404, 409))
    async def add_note(conversation_id: UUID, body: NoteBody, principal: Authenticated) -> NoteView:
        """Note something that only agents see."""
        return NoteView.of(await service.add_note(principal, conversation_id, body))

    @router.get("/conversations/{conversation_id}/orders", responses=problems(403, 404))
    async def list_customer_orders(conversation_id: UUID, principal: Authenticated) -> CustomerOrders:
        """The newest orders of the customer, for agents."""
        orders = await service.list_orders(principal, conversation_id)
        return CustomerOrders(orders=[OrderSummary.of(order) for order in orders])


def _add_uploads(router: APIRouter, service: ConversationService) -> None:
    @router.post(
        "/conversations/{conversation_id}/images",
        status_code=202,
        response_model=ImageView,
        responses={201: uploads.BEGUN, **problems(401, 404, 409, 412, 413, 422, 429, 503)},
        openapi_extra=uploads.FORM,
    )
    async def upload_attachment(conversation_id: UUID, principal: Authenticated, request: Request) -> Response:
        """Upload a picture to send: who takes part. Name it in a message once it is complete.

        With tus 1.0 headers instead of a form, begin a resumable upload.
        """
        target = await service.upload_target(principal, conversation_id)
        return await uploads.begin(request, service.images, principal, target)

    @router.options("/conversations/{conversation_id}/images", status_code=204, include_in_schema=False)
    async def describe_attachment_uploads(conversation_id: UUID) -> Response:
        """What of tus is spoken here."""
        return Response(status_code=204, headers=uploads.OPTIONS)
