"""What support offers to the wiring."""

from tiffin.features.registration import Feature
from tiffin.features.support.access import (
    read_agent_side_grants,
    read_conversation_grants,
    read_customer_side_grants,
    read_desk_grants,
    read_own_agent_grants,
    read_queue_grants,
)
from tiffin.features.support.canned_answers import CannedAnswerService
from tiffin.features.support.commands import support_commands
from tiffin.features.support.conversation_routes import conversation_routes
from tiffin.features.support.conversation_service import ConversationService
from tiffin.features.support.desk_routes import desk_routes
from tiffin.features.support.desk_service import DeskService
from tiffin.features.support.events import (
    CONVERSATION_EVENTS,
    DESK_TOPIC,
    QUEUE_TOPIC,
    AgentChanged,
    AgentConversationLeft,
    AgentConversationTaken,
    AgentGoneDue,
    AgentPresenceChanged,
    DeskQueueChanged,
    NoteAdded,
    QueueChanged,
)
from tiffin.features.support.schemas import TypingValue
from tiffin.realtime import TopicKind
from tiffin.work import Consumer


def support_feature(service: ConversationService, desk: DeskService, canned: CannedAnswerService) -> Feature:
    """The feature's record."""
    return Feature(
        "support",
        routers=(conversation_routes(service), desk_routes(desk, canned)),
        topics=(
            TopicKind(
                "conversation.{id}",
                read_conversation_grants,
                CONVERSATION_EVENTS,
                "A conversation, for its customer and its agent; who follows it by WebSocket is present",
                on_ack=service.receive_up_to,
                on_presence=service.tell_presence,
            ),
            TopicKind(
                "conversation.{id}.notes", read_agent_side_grants, (NoteAdded,), "Notes, for the agent who has it"
            ),
            TopicKind(
                "conversation.{id}.agent_typing",
                read_customer_side_grants,
                (),
                "The agent types, for the customer; only the newest is kept",
                durability="latest",
                value=TypingValue,
            ),
            TopicKind(
                "conversation.{id}.customer_typing",
                read_agent_side_grants,
                (),
                "The customer types, for the agent who has it; only the newest is kept",
                durability="latest",
                value=TypingValue,
            ),
            TopicKind(
                "agent.{id}",
                read_own_agent_grants,
                (AgentConversationTaken, AgentConversationLeft, AgentChanged),
                "An agent's own conversations; who follows it by WebSocket is connected",
                on_presence=desk.tell_presence,
            ),
            TopicKind(
                DESK_TOPIC, read_desk_grants, (AgentChanged, DeskQueueChanged), "The queue and the colleagues; agents"
            ),
            TopicKind(QUEUE_TOPIC, read_queue_grants, (QueueChanged,), "Places in line, for all who are logged in"),
        ),
        commands=support_commands(service),
        consumers=(
            Consumer("support.agent_presence", AgentPresenceChanged, desk.agent_presence),
            Consumer("support.agent_gone_due", AgentGoneDue, desk.agent_gone_due),
        ),
        chores=(desk.release_former_agents, service.discard_unsent),
    )
