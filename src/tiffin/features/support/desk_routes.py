"""Endpoints of the desk: for agents, and the queue for who waits."""

from uuid import UUID

from fastapi import APIRouter

from tiffin.features.support.canned_answers import CannedAnswerService
from tiffin.features.support.desk_repository import CannedAnswer
from tiffin.features.support.desk_service import DeskService
from tiffin.features.support.schemas import (
    AgentView,
    AvailabilityBody,
    CannedAnswerBody,
    CannedAnswerList,
    CannedAnswerView,
    ConversationStatus,
    DeskSnapshot,
    QueueSnapshot,
    TransferBody,
)
from tiffin.http import V1
from tiffin.http.authentication import Authenticated
from tiffin.http.problems import problems


def desk_routes(service: DeskService, canned: CannedAnswerService) -> APIRouter:
    """The endpoints on the services."""
    router = APIRouter(prefix=V1, tags=["support"])

    @router.get("/support/queue")
    async def read_queue(_: Authenticated) -> QueueSnapshot:
        """The places in line; follow `support.queue` from its position."""
        return await service.read_queue()

    @router.get("/support/desk", responses=problems(403))
    async def read_desk(principal: Authenticated) -> DeskSnapshot:
        """The own conversations, the queue and the colleagues: agents."""
        return await service.read_desk(principal)

    @router.put("/support/availability", responses=problems(403))
    async def set_availability(body: AvailabilityBody, principal: Authenticated) -> AgentView:
        """Whether the caller wants conversations, and how many at once. What it has, it keeps."""
        return await service.set_availability(principal, body)

    @router.post("/conversations/{conversation_id}/transfer", status_code=204, responses=problems(403, 404, 409))
    async def transfer_conversation(conversation_id: UUID, body: TransferBody, principal: Authenticated) -> None:
        """Hand an own conversation to a colleague who has room, or back to its place in the queue."""
        await service.transfer(principal, conversation_id, body.agent_id, body.note)

    @router.post("/conversations/{conversation_id}/resolve", responses=problems(404, 409))
    async def resolve_conversation(conversation_id: UUID, principal: Authenticated) -> ConversationStatus:
        """Say that it is done: its agent or its customer. The customer's next message reopens it."""
        return ConversationStatus.of(await service.resolve(principal, conversation_id))

    @router.post("/conversations/{conversation_id}/reopen", responses=problems(404, 409))
    async def reopen_conversation(conversation_id: UUID, principal: Authenticated) -> ConversationStatus:
        """Say that it was not done after all, its customer or an agent: it goes to the end of the queue."""
        return ConversationStatus.of(await service.reopen(principal, conversation_id))

    _add_canned_answers(router, canned)
    return router


def _add_canned_answers(router: APIRouter, service: CannedAnswerService) -> None:
    @router.get("/support/canned-answers", responses=problems(403))
    async def list_canned_answers(principal: Authenticated) -> CannedAnswerList:
        """All prepared answers: agents."""
        return CannedAnswerList(canned_answers=[_view(answer) for answer in await service.list(principal)])

    @router.post("/support/canned-answers", status_code=201, responses=problems(403, 409))
    async def add_canned_answer(body: CannedAnswerBody, principal: Authenticated) -> CannedAnswerView:
        """Prepare an answer: agents."""
        return _view(await service.add(principal, body))

    @router.put("/support/canned-answers/{canned_answer_id}", responses=problems(403, 404, 409))
    async def change_canned_answer(
        canned_answer_id: UUID, body: CannedAnswerBody, principal: Authenticated
    ) -> CannedAnswerView:
        """Change a prepared answer: agents."""
        return _view(await service.change(principal, canned_answer_id, body))

    @router.delete("/support/canned-answers/{canned_answer_id}", status_code=204, responses=problems(403, 404))
    async def remove_canned_answer(canned_answer_id: UUID, principal: Authenticated) -> None:
        """Remove a prepared answer: agents."""
        await service.remove(principal, canned_answer_id)


def _view(answer: CannedAnswer) -> CannedAnswerView:
    return CannedAnswerView(canned_answer_id=answer.id, shortcut=answer.shortcut, text=answer.text)
