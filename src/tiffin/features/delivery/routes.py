"""Endpoints of couriers and deliveries; the socket commands do the same."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from tiffin.base.geo import Point
from tiffin.features.delivery.domain import DeliveryState
from tiffin.features.delivery.schemas import (
    AdvanceAssignmentBody,
    AssignmentView,
    CourierList,
    CourierName,
    CourierView,
    DeliveryView,
    DutyBody,
    GiveBackBody,
    Latitude,
    LocationView,
    Longitude,
    SharedLocation,
    WayView,
    courier_view,
    pairs,
)
from tiffin.features.delivery.service import DeliveryService, Standing, Tracking
from tiffin.http import V1
from tiffin.http.authentication import Administrator, Authenticated


def courier_routes(service: DeliveryService) -> APIRouter:
    """What couriers do."""
    router = APIRouter(prefix=V1, tags=["delivery"])

    @router.get("/courier")
    async def read_courier(principal: Authenticated) -> CourierView:
        """The own duty, offers and assignments; follow `courier.{account_id}` from its position."""
        return _courier(await service.read_courier(principal))

    @router.put("/courier/duty")
    async def set_duty(body: DutyBody, principal: Authenticated) -> CourierView:
        """Go on or off duty. Off duty nobody knows where you are."""
        await service.set_duty(principal, body.on_duty)
        return _courier(await service.read_courier(principal))

    @router.post("/offers/{offer_id}/accept")
    async def accept_offer(offer_id: UUID, principal: Authenticated) -> AssignmentView:
        """Take an order."""
        return AssignmentView.of(*await service.accept(principal, offer_id))

    @router.post("/offers/{offer_id}/decline", status_code=204)
    async def decline_offer(offer_id: UUID, principal: Authenticated) -> None:
        """Leave an order to the next courier."""
        await service.decline(principal, offer_id)

    @router.post("/assignments/{order_id}/advance")
    async def advance_assignment(
        order_id: UUID, body: AdvanceAssignmentBody, principal: Authenticated
    ) -> AssignmentView:
        """The next step: arrived at the restaurant, picked up, and delivered with the customer's code."""
        return AssignmentView.of(*await service.advance(principal, order_id, body.to, body.code))

    @router.post("/assignments/{order_id}/unassign", status_code=204)
    async def unassign(order_id: UUID, body: GiveBackBody, principal: Authenticated) -> None:
        """Give an order back before pick-up; support may take it from its courier. The next one is asked."""
        await service.unassign(principal, order_id, body.reason)

    @router.post("/assignments/{order_id}/fail", status_code=204)
    async def fail_assignment(order_id: UUID, body: GiveBackBody, principal: Authenticated) -> None:
        """The food is on board and cannot be delivered."""
        await service.fail(principal, order_id, body.reason)

    @router.get("/assignments/{order_id}/way")
    async def read_way(
        order_id: UUID,
        principal: Authenticated,
        latitude: Annotated[Latitude, Query()],
        longitude: Annotated[Longitude, Query()],
    ) -> WayView:
        """The way from a point to the next stop: the restaurant before pick-up, then the customer."""
        to_customer, way = await service.find_way(principal, order_id, Point(latitude, longitude))
        return WayView.of("destination" if to_customer else "restaurant", way)

    return router


def delivery_routes(service: DeliveryService) -> APIRouter:
    """What customers and operations see."""
    router = APIRouter(prefix=V1, tags=["delivery"])

    @router.get("/orders/{order_id}/delivery")
    async def read_delivery(order_id: UUID, principal: Authenticated) -> DeliveryView:
        """Who brings an order, and where they are while they have it; follow `order.{id}` and `order.{id}.location`."""
        return _delivery(await service.track(principal, order_id))

    @router.get("/couriers")
    async def list_couriers(principal: Administrator) -> CourierList:
        """Who is on duty, and where. Each look is in the audit log."""
        return await service.list_on_duty(principal)

    return router


def _courier(standing: Standing) -> CourierView:
    return courier_view(
        standing.courier, standing.offers, standing.assignments, standing.location, str(standing.position)
    )


def _delivery(tracking: Tracking) -> DeliveryView:
    delivery, location = tracking.delivery, tracking.location
    name = delivery.courier_name
    shared = None
    if location is not None:
        shared = SharedLocation(**LocationView.of(location).model_dump(), assignment=delivery.assignment)
    return DeliveryView(
        order_id=delivery.order_id,
        state=delivery.state,
        courier=CourierName(name=name.split(" ")[0]) if name is not None else None,
        code=delivery.code if tracking.own and delivery.state is not DeliveryState.ENDED else None,
        near=delivery.near_at is not None,
        way=pairs(tracking.way.points) if tracking.way is not None else None,
        location=shared,
        position=str(tracking.position),
    )
