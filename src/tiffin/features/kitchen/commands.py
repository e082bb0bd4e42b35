"""What a board may send on its socket; the same use cases as the endpoints."""

from tiffin.features.kitchen.schemas import (
    AcceptCommand,
    AcknowledgeCommand,
    AdvanceCommand,
    RejectCommand,
    TicketView,
)
from tiffin.features.kitchen.service import KitchenService
from tiffin.features.orders import OrderState
from tiffin.realtime import AnyCommand, Caller, Command


def kitchen_commands(service: KitchenService) -> tuple[AnyCommand, ...]:
    """The commands on a service."""

    async def acknowledge(caller: Caller, body: AcknowledgeCommand) -> None:
        if body.state == "received":
            await service.receive(caller.principal, caller.device_id, body.ticket_id)
        else:
            await service.see(caller.principal, body.ticket_id)

    async def accept(caller: Caller, body: AcceptCommand) -> TicketView:
        return TicketView.of(await service.accept(caller.principal, body.ticket_id, body.minutes))

    async def reject(caller: Caller, body: RejectCommand) -> TicketView:
        return TicketView.of(await service.reject(caller.principal, body.ticket_id, body.reason, body.note))

    async def advance(caller: Caller, body: AdvanceCommand) -> TicketView:
        return TicketView.of(await service.advance(caller.principal, body.ticket_id, OrderState(body.to)))

    return (
        Command(
            "ticket.acknowledge", AcknowledgeCommand, acknowledge, "The device has stored a ticket, or a person saw it"
        ),
        Command("ticket.accept", AcceptCommand, accept, "Accept an order", TicketView),
        Command("ticket.reject", RejectCommand, reject, "Reject an order", TicketView),
        Command("ticket.advance", AdvanceCommand, advance, "Bring an accepted order a step on", TicketView),
    )
