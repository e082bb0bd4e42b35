"""Endpoints of orders."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from tiffin.features.orders.schemas import (
    BasketBody,
    BillView,
    CancelBody,
    OrderCreate,
    OrderSummary,
    OrderView,
    ReceiptView,
    ReorderView,
)
from tiffin.features.orders.service import OrderService
from tiffin.http import V1
from tiffin.http.authentication import Authenticated
from tiffin.http.pagination import Page, PageCursor, PageLimit, decode_id_cursor, encode_cursor
from tiffin.idempotency import Idempotent


def order_routes(service: OrderService) -> APIRouter:
    """The endpoints on a service."""
    router = APIRouter(prefix=V1, tags=["orders"])

    @router.post("/baskets/price")
    async def price_basket(body: BasketBody, _: Authenticated) -> BillView:
        """What a basket costs now; place the order with its total."""
        return BillView.of(await service.price(body))

    @router.post("/orders", status_code=201, response_model=OrderView)
    async def place_order(body: OrderCreate, principal: Authenticated, idempotent: Idempotent) -> Response:
        """Place an order, once however often it is sent. Follow it at `/v1/orders/{id}/events`."""

        async def place() -> BaseModel:
            order, history = await service.place(principal, body)
            return OrderView.of(order, history)

        return await idempotent.run(place, status=201)

    @router.get("/orders")
    async def list_orders(
        principal: Authenticated, limit: PageLimit = 20, cursor: PageCursor = None
    ) -> Page[OrderSummary]:
        """The own orders, the newest first."""
        orders = await service.list_own(principal, decode_id_cursor(cursor), limit)
        following = encode_cursor(str(orders[-1].id)) if len(orders) == limit else None
        return Page(items=[OrderSummary.of(order) for order in orders], next_cursor=following)

    @router.get("/orders/{order_id}")
    async def read_order(order_id: UUID, principal: Authenticated) -> OrderView:
        """An order, what happened to it, and the position of `order.{id}`."""
        order, history, position = await service.read_snapshot(principal, order_id)
        return OrderView.of(order, history, str(position))

    @router.post("/orders/{order_id}/cancel")
    async def cancel_order(order_id: UUID, body: CancelBody, principal: Authenticated) -> OrderSummary:
        """Cancel before the restaurant has confirmed; support may cancel later, too."""
        return OrderSummary.of(await service.cancel(principal, order_id, body.reason))

    @router.get("/orders/{order_id}/receipt")
    async def read_receipt(order_id: UUID, principal: Authenticated) -> ReceiptView:
        """The receipt of a delivered order."""
        order = await service.read_receipt(principal, order_id)
        assert order.ended_at is not None
        return ReceiptView(
            order_id=order.id,
            number=order.number,
            restaurant_name=order.restaurant.name,
            restaurant_address=order.restaurant.address,
            placed_at=order.placed_at,
            delivered_at=order.ended_at,
            bill=BillView.of(order.bill),
        )

    @router.post("/orders/{order_id}/reorder")
    async def reorder(order_id: UUID, principal: Authenticated) -> ReorderView:
        """A past order as a basket at today's prices, and what of it cannot be ordered now."""
        order, repriced = await service.reorder(principal, order_id)
        return ReorderView.of(order.restaurant_id, repriced)

    return router
