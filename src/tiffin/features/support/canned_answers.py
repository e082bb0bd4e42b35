"""Prepared answers, shared by all agents."""

from uuid import UUID

from tiffin.base.ids import new_id
from tiffin.base.principal import Principal
from tiffin.db import Database, Transaction, use_case
from tiffin.features.support import desk_repository
from tiffin.features.support.desk_repository import CannedAnswer
from tiffin.features.support.domain import require_agent
from tiffin.features.support.schemas import CannedAnswerBody


class CannedAnswerService:
    """What agents do with prepared answers."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, principal: Principal) -> list[CannedAnswer]:
        """All of them, by shortcut. Raises NotAnAgent."""
        require_agent(principal)
        async with self.database.connection() as connection:
            return await desk_repository.list_canned_answers(connection)

    @use_case
    async def add(self, tx: Transaction, principal: Principal, body: CannedAnswerBody) -> CannedAnswer:
        """A new one. Raises NotAnAgent, ShortcutTaken."""
        require_agent(principal)
        answer = CannedAnswer(new_id(), body.shortcut, body.text)
        await desk_repository.insert_canned_answer(tx.connection, answer)
        return answer

    @use_case
    async def change(
        self, tx: Transaction, principal: Principal, answer_id: UUID, body: CannedAnswerBody
    ) -> CannedAnswer:
        """Another shortcut or text. Raises NotAnAgent, CannedAnswerNotFound, ShortcutTaken."""
        require_agent(principal)
        answer = CannedAnswer(answer_id, body.shortcut, body.text)
        await desk_repository.update_canned_answer(tx.connection, answer)
        return answer

    @use_case
    async def remove(self, tx: Transaction, principal: Principal, answer_id: UUID) -> None:
        """It is no longer needed. Raises NotAnAgent, CannedAnswerNotFound."""
        require_agent(principal)
        await desk_repository.delete_canned_answer(tx.connection, answer_id)
