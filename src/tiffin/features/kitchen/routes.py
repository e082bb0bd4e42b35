"""Endpoints of the kitchen; the socket commands do the same."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter

from tiffin.features.kitchen.schemas import (
    AcceptBody,
    AcknowledgeBody,
    AdvanceBody,
    CancelTicketBody,
    PresenceList,
    RejectBody,
    TicketList,
    TicketView,
)
from tiffin.features.kitchen.service import KitchenService
from tiffin.features.orders import OrderState
from tiffin.http import V1
from tiffin.http.authentication import Authenticated


def kitchen_routes(service: KitchenService) -> APIRouter:
    """The endpoints on a service."""
    router = APIRouter(prefix=V1, tags=["kitchen"])

    @router.get("/restaurants/{restaurant_id}/tickets")
    async def read_board(
        restaurant_id: UUID, principal: Authenticated, state: Literal["open", "all"] = "open"
    ) -> TicketList:
        """The board; follow `restaurant.{id}` from its position."""
        tickets, position = await service.read_board(principal, restaurant_id, open_only=state == "open")
        return TicketList(position=str(position), tickets=[TicketView.of(ticket) for ticket in tickets])

    @router.get("/restaurants/{restaurant_id}/presence")
    async def read_presence(restaurant_id: UUID, principal: Authenticated) -> PresenceList:
        """Who is connected to the board now; follow `presence.{id}` from its position."""
        present, position = await service.read_presence(principal, restaurant_id)
        return PresenceList(position=str(position), present=present)

    @router.post("/tickets/{ticket_id}/acknowledge", status_code=204)
    async def acknowledge(ticket_id: UUID, body: AcknowledgeBody, principal: Authenticated) -> None:
        """Tell that a device has stored the ticket, or a person has seen it."""
        if body.state == "received":
            await service.receive(principal, body.device_id, ticket_id)
        else:
            await service.see(principal, ticket_id)

    @router.post("/tickets/{ticket_id}/accept")
    async def accept(ticket_id: UUID, body: AcceptBody, principal: Authenticated) -> TicketView:
        """Accept the order; of several people exactly one wins, the others are told who."""
        return TicketView.of(await service.accept(principal, ticket_id, body.minutes))

    @router.post("/tickets/{ticket_id}/reject")
    async def reject(ticket_id: UUID, body: RejectBody, principal: Authenticated) -> TicketView:
        """Reject the order, with a reason the customer is told."""
        return TicketView.of(await service.reject(principal, ticket_id, body.reason, body.note))

    @router.post("/tickets/{ticket_id}/advance")
    async def advance(ticket_id: UUID, body: AdvanceBody, principal: Authenticated) -> TicketView:
        """The next step: preparing, ready, picked up; and delivered, where the restaurant brings it itself."""
        return TicketView.of(await service.advance(principal, ticket_id, OrderState(body.to)))

    @router.post("/tickets/{ticket_id}/cancel")
    async def cancel(ticket_id: UUID, body: CancelTicketBody, principal: Authenticated) -> TicketView:
        """Cancel an accepted order, with a reason the customer is told."""
        return TicketView.of(await service.cancel(principal, ticket_id, body.reason))

    return router
