"""Support: customers ask, agents answer, in conversations that lose nothing.

Who may: a customer opens conversations, about an own order or about anything, and says, reads, resolves and rates; an
agent (a platform role) does the same in conversations assigned to it, writes notes for agents, hands over, and looks at
any conversation. Conversations wait in one queue, first come, first served, and go to the agent with the fewest.

Topics: `conversation.{id}` and its `.notes`, `.agent_typing` and `.customer_typing`, `agent.{account}`, `support.desk`,
`support.queue`.
"""

from tiffin.features.support.canned_answers import CannedAnswerService
from tiffin.features.support.conversation_service import ConversationService
from tiffin.features.support.desk_service import DeskService
from tiffin.features.support.registration import support_feature

__all__ = ["CannedAnswerService", "ConversationService", "DeskService", "support_feature"]
