"""What can go wrong in support."""

from tiffin.base.errors import Conflict, Forbidden, Invalid, NotFound


class ConversationNotFound(NotFound):
    code = "conversation_not_found"
    message = "There is no such conversation of yours."


class NotAnAgent(Forbidden):
    code = "not_an_agent"
    message = "Only support agents may do this; an administrator can make your account one."


class NotAssigned(Conflict):
    """Somebody else has it, or nobody; `agent_name` says who."""

    code = "not_assigned"
    message = "This conversation is not yours at the moment."


class ConversationResolved(Conflict):
    code = "conversation_resolved"
    message = "This conversation has been resolved; reopen it first."


class NotResolved(Conflict):
    code = "not_resolved"
    message = "This conversation has not been resolved yet."


class TooManyConversations(Conflict):
    code = "too_many_conversations"
    message = "You have several open conversations; go on in one of them."


class AgentUnavailable(Conflict):
    code = "agent_unavailable"
    message = "This colleague takes no more conversations at the moment."


class ClientIdTaken(Conflict):
    code = "client_id_taken"
    message = "Something else was sent with this client_id; make a new one."


class AttachmentNotReady(Invalid):
    code = "attachment_not_ready"
    message = "A picture can be sent once it has been processed; follow its progress."


class CannedAnswerNotFound(NotFound):
    code = "canned_answer_not_found"
    message = "There is no such canned answer."


class ShortcutTaken(Conflict):
    code = "shortcut_taken"
    message = "Another canned answer has this shortcut."


class OrderNotYours(NotFound):
    code = "order_not_found"
    message = "There is no such order of yours."
