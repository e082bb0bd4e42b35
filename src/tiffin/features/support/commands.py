"""What a chat may send on its socket."""

from tiffin.features.support.conversation_service import ConversationService
from tiffin.features.support.schemas import MessageView, ReadCommand, SendCommand, TypingCommand
from tiffin.realtime import AnyCommand, Caller, Command


def support_commands(service: ConversationService) -> tuple[AnyCommand, ...]:
    """The commands on a service."""

    async def send(caller: Caller, body: SendCommand) -> MessageView:
        return MessageView.of(await service.send(caller.principal, body.conversation_id, body))

    async def read(caller: Caller, body: ReadCommand) -> None:
        await service.mark(caller.principal, body.conversation_id, 0, body.read)

    async def type_(caller: Caller, body: TypingCommand) -> None:
        await service.type(caller.principal, body.conversation_id)

    return (
        Command("chat.send", SendCommand, send, "Say something; the same client_id is the same message", MessageView),
        Command("chat.read", ReadCommand, read, "The person has seen messages up to a number"),
        Command("chat.typing", TypingCommand, type_, "The person types; again every 3 s"),
    )
