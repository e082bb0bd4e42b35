"""What a courier's device may send on its socket; the same use cases as the endpoints."""

from tiffin.features.delivery.location import LocationService
from tiffin.features.delivery.schemas import (
    AdvanceAssignmentCommand,
    AssignmentView,
    LocationAnswer,
    LocationReport,
    OfferCommand,
)
from tiffin.features.delivery.service import DeliveryService
from tiffin.realtime import AnyCommand, Caller, Command


def delivery_commands(service: DeliveryService, locations: LocationService) -> tuple[AnyCommand, ...]:
    """The commands on the services."""

    async def report(caller: Caller, body: LocationReport) -> LocationAnswer:
        return await locations.report(caller.principal, body)

    async def accept(caller: Caller, body: OfferCommand) -> AssignmentView:
        return AssignmentView.of(*await service.accept(caller.principal, body.offer_id))

    async def decline(caller: Caller, body: OfferCommand) -> None:
        await service.decline(caller.principal, body.offer_id)

    async def advance(caller: Caller, body: AdvanceAssignmentCommand) -> AssignmentView:
        return AssignmentView.of(*await service.advance(caller.principal, body.order_id, body.to, body.code))

    return (
        Command("location.report", LocationReport, report, "Where the courier was, the oldest first", LocationAnswer),
        Command("offer.accept", OfferCommand, accept, "Take an order", AssignmentView),
        Command("offer.decline", OfferCommand, decline, "Leave an order to the next courier"),
        Command("assignment.advance", AdvanceAssignmentCommand, advance, "The next step of an order", AssignmentView),
    )
