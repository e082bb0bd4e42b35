"""Use cases of orders.

`place`, `cancel` and the readers are for customers and support; `transition` is for features above (kitchen) and joins
their transaction: it locks the order, asks the state machine, and tells the customer.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.ids import first_id_at, new_id, readable_code
from tiffin.base.principal import Principal, Role
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.accounts import user_topic
from tiffin.features.catalog import CatalogService, Restaurant
from tiffin.features.orders import repository
from tiffin.features.orders.domain import (
    FINAL_STATES,
    Actor,
    Bill,
    Order,
    OrderRestaurant,
    OrderState,
    Transition,
    estimate,
    may_change,
    travel_time,
)
from tiffin.features.orders.errors import MayNotCancel, OrderCannotChange, OrderNotFound, PriceChanged
from tiffin.features.orders.events import (
    EtaChanged,
    OrderCancelledFact,
    OrderChanged,
    OrderPlacedFact,
    event_of,
    may_follow,
    order_topic,
)
from tiffin.features.orders.pricing import (
    Repriced,
    price_basket,
    reprice,
    require_in_reach,
    require_published,
    require_taking_orders,
)
from tiffin.features.orders.schemas import BasketBody, BillView, OrderCreate, OrderSummary
from tiffin.realtime import EventLog, Position
from tiffin.work import Outbox

_NUMBER_CHARACTERS = 5
# told of every change of an order's state, in its transaction
OnChange = Callable[[Transaction, Order, Transition], Awaitable[None]]


class OrderService:
    """Orders."""

    def __init__(
        self, database: Database, events: EventLog, outbox: Outbox, clock: Clock, catalog: CatalogService
    ) -> None:
        self.database = database
        self._events = events
        self._outbox = outbox
        self._clock = clock
        self._catalog = catalog
        # features above that have to change with an order; set by the wiring
        self.on_change: OnChange | None = None

    # the customer

    async def price(self, body: BasketBody) -> Bill:
        """The bill of a basket as it would be ordered now. Raises what `place` raises."""
        async with self.database.connection() as connection:
            return (await self._price(connection, body, self._clock.now()))[1]

    @use_case
    async def place(
        self, transaction: Transaction, principal: Principal, body: OrderCreate
    ) -> tuple[Order, Sequence[Transition]]:
        """Place an order; it is paid on delivery until cards exist.

        Raises RestaurantNotFound, RestaurantClosed, RestaurantPaused, OutOfReach, ItemsUnavailable, OptionsInvalid,
        BelowMinimum, and PriceChanged with the new bill when the customer saw another total.
        """
        connection, now = transaction.connection, self._clock.now()
        restaurant, bill = await self._price(connection, body, now)
        if bill.total_minor != body.expected_total_minor:
            raise PriceChanged(bill=BillView.of(bill).model_dump(mode="json"))
        order = _new_order(principal, restaurant, bill, body, now)
        placed = Transition(OrderState.PLACED, now, Actor.CUSTOMER, principal.account_id, "")
        repository.insert_order(transaction, order, placed)
        self._tell(transaction, order, placed)
        self._outbox.enqueue(transaction, OrderPlacedFact(order_id=order.id))
        return order, (placed,)

    async def _price(self, connection: Connection, body: BasketBody, now: datetime) -> tuple[Restaurant, Bill]:
        restaurant = await self._catalog.require_restaurant(connection, body.restaurant_id)
        require_taking_orders(restaurant, now)
        require_in_reach(restaurant, body.destination.to_destination().location)
        ids = {line.menu_item_id for line in body.lines}
        items = await self._catalog.list_menu_items(connection, restaurant.id, ids)
        return restaurant, price_basket(restaurant, items, body.to_lines(), body.tip_minor, now)

    async def list_own(self, principal: Principal, after: UUID | None, limit: int) -> list[Order]:
        """The own orders, the newest first."""
        async with self.database.connection() as connection:
            return await repository.list_orders(connection, principal.account_id, after, limit)

    @use_case
    async def cancel(self, transaction: Transaction, principal: Principal, order_id: UUID, reason: str) -> Order:
        """Cancel an order: its customer before it is confirmed, support also after.

        An agent who ordered is its customer. Raises OrderNotFound, MayNotCancel, OrderCannotChange.
        """
        order = await repository.lock_order(transaction.connection, order_id)
        actor = _who_cancels(order, principal)
        cancelled = await self._change(transaction, order, OrderState.CANCELLED, actor, principal.account_id, reason)
        self._outbox.enqueue(transaction, OrderCancelledFact(order_id=order_id, reason=reason))
        return cancelled

    async def read_snapshot(
        self, principal: Principal | None, order_id: UUID, *, for_stream: bool = False
    ) -> tuple[Order, Sequence[Transition], Position]:
        """An order, its history and the position of `order.{id}`, of one moment.

        For its customer, support and administrators, who may also follow it (`for_stream`), and for the restaurant's
        members, who follow its ticket instead. Raises OrderNotFound.
        """
        async with self.database.connection() as connection:
            snapshot = await repository.require_snapshot(connection, order_id, order_topic(order_id))
            order = snapshot[0]
            may = may_follow(principal, order.customer_id)
            if not may and not for_stream and principal is not None:
                role = await self._catalog.member_role(connection, order.restaurant_id, principal.account_id)
                may = role is not None
        if not may:
            raise OrderNotFound()
        return snapshot

    async def read_receipt(self, principal: Principal, order_id: UUID) -> Order:
        """A delivered order of the own. Raises OrderNotFound, OrderCannotChange before delivery."""
        async with self.database.connection() as connection:
            order = await repository.require_order(connection, order_id)
        if order.customer_id != principal.account_id:
            raise OrderNotFound()
        if order.state is not OrderState.DELIVERED:
            raise OrderCannotChange("There is a receipt once the order has been delivered.", state=order.state)
        return order

    async def reorder(self, principal: Principal, order_id: UUID) -> tuple[Order, Repriced]:
        """An own past order, at today's prices. Raises OrderNotFound, RestaurantNotFound."""
        async with self.database.connection() as connection:
            order = await repository.require_order(connection, order_id)
            if order.customer_id != principal.account_id:
                raise OrderNotFound()
            restaurant = await self._catalog.require_restaurant(connection, order.restaurant_id)
            require_published(restaurant)
            ids = {line.menu_item_id for line in order.bill.lines}
            items = await self._catalog.list_menu_items(connection, restaurant.id, ids)
        return order, reprice(restaurant, items, order.bill.lines, self._clock.now())

    # features above

    async def get(self, connection: Connection, order_id: UUID) -> Order | None:
        """An order, or None."""
        return await repository.get_order(connection, order_id)

    async def list_of_customer(self, connection: Connection, customer_id: UUID, limit: int) -> list[Order]:
        """A customer's newest orders."""
        return await repository.list_orders(connection, customer_id, None, limit)

    async def count_open(self, connection: Connection) -> dict[OrderState, int]:
        """How many orders are under way, by state, for features above."""
        return await repository.count_open_orders(connection)

    async def count_placed_since(self, connection: Connection, moment: datetime) -> int:
        """How many orders were placed since then, for features above."""
        return await repository.count_orders_since(connection, first_id_at(moment))

    async def lock(self, connection: Connection, order_id: UUID) -> Order:
        """An order, locked: always before what hangs on it. Raises OrderNotFound."""
        return await repository.lock_order(connection, order_id)

    async def transition(
        self,
        transaction: Transaction,
        order: Order,
        to: OrderState,
        actor: Actor,
        actor_id: UUID | None,
        *,
        reason: str = "",
        minutes: int | None = None,
    ) -> Order:
        """Bring a locked order to another state and tell its customer. Raises OrderCannotChange."""
        return await self._change(transaction, order, to, actor, actor_id, reason, minutes)

    async def move_eta(self, transaction: Transaction, order: Order, eta_at: datetime) -> None:
        """Tell a locked order's customer another time of arrival."""
        moved = replace(order, eta_at=eta_at)
        await repository.update_eta(transaction.connection, moved)
        self._events.append(transaction, order_topic(order.id), EtaChanged(order_id=order.id, eta_at=eta_at))
        self._events.append(transaction, user_topic(order.customer_id), OrderChanged(order=OrderSummary.of(moved)))

    async def _change(
        self,
        transaction: Transaction,
        order: Order,
        to: OrderState,
        actor: Actor,
        actor_id: UUID | None,
        reason: str,
        minutes: int | None = None,
    ) -> Order:
        if not may_change(order.state, to, actor):
            raise OrderCannotChange(f"The order is {order.state}; it cannot become {to}.", state=order.state)
        now = self._clock.now()
        ready_at, eta_at = estimate(order, to, now, minutes)
        ended_at = now if to in FINAL_STATES else None
        changed = replace(order, state=to, ready_at=ready_at, eta_at=eta_at, ended_at=ended_at)
        made = Transition(to, now, actor, actor_id, reason)
        repository.update_order(transaction, changed, made)
        self._tell(transaction, changed, made)
        if self.on_change is not None:
            await self.on_change(transaction, changed, made)
        return changed

    def _tell(self, transaction: Transaction, order: Order, transition: Transition) -> None:
        self._events.append(transaction, order_topic(order.id), event_of(order, transition))
        summary = OrderChanged(order=OrderSummary.of(order))
        self._events.append(transaction, user_topic(order.customer_id), summary)


def _new_order(customer: Principal, restaurant: Restaurant, bill: Bill, body: OrderCreate, now: datetime) -> Order:
    destination = body.destination.to_destination()
    minutes = restaurant.preparation_minutes + restaurant.busy_extra_minutes
    ready_at = now + timedelta(minutes=minutes)
    return Order(
        id=new_id(),
        number=readable_code(_NUMBER_CHARACTERS),
        customer_id=customer.account_id,
        customer_name=customer.name,
        restaurant_id=restaurant.id,
        state=OrderState.PLACED,
        bill=bill,
        destination=destination,
        restaurant=OrderRestaurant(restaurant.name, restaurant.address, restaurant.location),
        note=body.note,
        placed_at=now,
        ready_at=ready_at,
        eta_at=ready_at + travel_time(restaurant.location, destination.location),
        ended_at=None,
    )


def _who_cancels(order: Order, principal: Principal) -> Actor:
    """As what this caller cancels the order. Raises OrderNotFound, MayNotCancel."""
    if order.customer_id != principal.account_id:
        if principal.has(Role.AGENT) or principal.has(Role.ADMIN):
            return Actor.SUPPORT
        raise OrderNotFound()
    too_late = not may_change(order.state, OrderState.CANCELLED, Actor.CUSTOMER)
    if too_late and may_change(order.state, OrderState.CANCELLED, Actor.SUPPORT):
        raise MayNotCancel(state=order.state)
    return Actor.CUSTOMER
