"""Dispatch: finds a courier for each order, one after the other, the nearest free one first.

An offer is open for one courier at a time and for twenty seconds; the order's row is locked before the delivery's, the
offer's and the courier's, so an order never has two couriers, whatever nodes and clocks do. Searches and the ends of
offers are work by PostgreSQL's clock; each looks at the state before it acts.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.db import Connection, Transaction
from tiffin.features.alerts import AlertService
from tiffin.features.delivery import repository
from tiffin.features.delivery.domain import TAKEN, UNTAKEN, Delivery, DeliveryState, Offer, OfferState
from tiffin.features.delivery.events import (
    AssignmentChanged,
    AssignmentEnded,
    OfferDue,
    OfferEnded,
    OfferMade,
    SearchDue,
    courier_topic,
)
from tiffin.features.delivery.schemas import AssignmentView, OfferEnd, OfferView
from tiffin.features.kitchen import KitchenService
from tiffin.features.orders import Actor, Order, OrderService, OrderState, Transition
from tiffin.realtime import EventLog
from tiffin.work import AnyConsumer, Consumer, Outbox

# When nobody is there to be asked, look again after a tenth of the time that has been looked for, within these; after
# the last one the food is cold, and operations have known for long.
_RETRY_SECONDS = (5.0, 30.0)
_LONGEST_SEARCH_SECONDS = 6 * 3600.0
# A free courier within this needs no look at all others: of 10,000 on duty, 5 ms of PostgreSQL instead of 50.
_CLOSE_METERS = 2_000.0
# the one who was found has just been asked by another search
_OVERTAKEN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class DispatchRules:
    """How couriers are found. Seconds and meters."""

    # a courier's time to answer an offer
    offer_seconds: float = 20.0
    # somebody is looked for this long before the food is ready
    lead_seconds: float = 600.0
    # nobody has taken it for so long: operations are told
    alert_seconds: float = 120.0
    # who has not been heard of for longer is not asked
    fresh_seconds: float = 60.0
    radius_meters: float = 10_000.0
    most_orders: int = 3


class Dispatch:
    """Makes deliveries of confirmed orders, finds couriers, and keeps deliveries in step with their orders."""

    def __init__(
        self,
        events: EventLog,
        outbox: Outbox,
        clock: Clock,
        alerts: AlertService,
        orders: OrderService,
        kitchen: KitchenService,
        rules: DispatchRules,
    ) -> None:
        self.rules = rules
        self._events = events
        self._outbox = outbox
        self._clock = clock
        self._alerts = alerts
        self._orders = orders
        self._kitchen = kitchen

    def consumers(self) -> tuple[AnyConsumer, ...]:
        """What to register; the names stand in the migration."""
        return (
            Consumer("delivery.search_due", SearchDue, self.search),
            Consumer("delivery.offer_due", OfferDue, self.offer_due),
        )

    # orders

    async def order_changed(self, transaction: Transaction, order: Order, transition: Transition) -> None:
        """Keep the delivery in step with its locked order."""
        if order.state is OrderState.CONFIRMED:
            repository.insert_delivery(transaction, order, f"{secrets.randbelow(10_000):04}")
            wait = (order.ready_at - self._clock.now()).total_seconds() - self.rules.lead_seconds
            self._outbox.enqueue(transaction, SearchDue(order_id=order.id, search=1), delay_seconds=max(0.0, wait))
            return
        delivery = await repository.lock_delivery(transaction.connection, order.id)
        if delivery is None or delivery.state is DeliveryState.ENDED:
            return
        if order.state in (OrderState.PREPARING, OrderState.READY):
            await self._order_cooked(transaction, delivery, order)
        elif order.state is OrderState.PICKED_UP and delivery.courier_id is not None:
            on_board = await repository.update_state(transaction.connection, order.id, DeliveryState.ON_BOARD)
            self.tell_assignment(transaction, on_board, order)
            await self._follow(transaction, order, transition)
        else:
            await self._end(transaction, delivery, order)
            await self._follow(transaction, order, transition)

    async def _order_cooked(self, transaction: Transaction, delivery: Delivery, order: Order) -> None:
        if delivery.state in TAKEN:
            self.tell_assignment(transaction, delivery, order)
        elif delivery.state is DeliveryState.WAITING and order.state is OrderState.READY:
            await self.search_again(transaction, delivery)

    async def _follow(self, transaction: Transaction, order: Order, transition: Transition) -> None:
        if transition.actor is Actor.COURIER:
            await self._kitchen.follow_order(transaction, order)

    async def _end(self, transaction: Transaction, delivery: Delivery, order: Order) -> None:
        """The order is over, or its restaurant brings it itself."""
        offer = await repository.lock_open_offer(transaction.connection, order.id)
        if offer is not None:
            await self.end_offer(transaction, offer, OfferState.WITHDRAWN)
        await repository.update_state(transaction.connection, order.id, DeliveryState.ENDED)
        if delivery.courier_id is not None:
            reason = order.state if order.state in (OrderState.DELIVERED, OrderState.FAILED) else OrderState.CANCELLED
            ended = AssignmentEnded.model_validate({"order_id": order.id, "reason": reason})
            self._events.append(transaction, courier_topic(delivery.courier_id), ended)

    def tell_assignment(self, transaction: Transaction, delivery: Delivery, order: Order) -> None:
        """Tell the courier's devices how an assignment stands."""
        assert delivery.courier_id is not None
        event = AssignmentChanged(assignment=AssignmentView.of(delivery, order))
        self._events.append(transaction, courier_topic(delivery.courier_id), event)

    # the search

    async def search_again(self, transaction: Transaction, delivery: Delivery, *, delay_seconds: float = 0.0) -> None:
        """Look for somebody, in the same round."""
        search, _ = await repository.update_search(transaction.connection, delivery.order_id, delivery.round)
        self._enqueue_search(transaction, delivery, search, delay_seconds)

    def _enqueue_search(self, transaction: Transaction, delivery: Delivery, search: int, delay_seconds: float) -> None:
        fact = SearchDue(order_id=delivery.order_id, search=search)
        self._outbox.enqueue(transaction, fact, delay_seconds=delay_seconds)

    async def search(self, transaction: Transaction, fact: SearchDue) -> None:
        """Hold an order out to the nearest free courier, if nobody has it."""
        connection = transaction.connection
        order = await self._orders.lock(connection, fact.order_id)
        delivery = await repository.lock_delivery(connection, fact.order_id)
        if delivery is None or delivery.state not in UNTAKEN or delivery.search != fact.search:
            return
        found = await self._lock_nearest(connection, delivery, _CLOSE_METERS, most_orders=1)
        if found is None:
            rules = self.rules
            found = await self._lock_nearest(connection, delivery, rules.radius_meters, most_orders=rules.most_orders)
        if found is None:
            await self._nobody(transaction, delivery, order)
            return
        offer = await repository.insert_offer(connection, delivery, *found, self.rules.offer_seconds)
        if offer is None:
            await self.search_again(transaction, delivery, delay_seconds=_OVERTAKEN_SECONDS)
            return
        await repository.update_offered(connection, order.id)
        due = OfferDue(order_id=order.id, offer_id=offer.id)
        self._outbox.enqueue(transaction, due, delay_seconds=self.rules.offer_seconds, key=offer.id)
        self._events.append(transaction, courier_topic(offer.courier_id), OfferMade(offer=OfferView.of(offer, order)))

    async def _lock_nearest(
        self, connection: Connection, delivery: Delivery, radius_meters: float, *, most_orders: int
    ) -> tuple[UUID, int] | None:
        return await repository.lock_nearest_free(
            connection,
            delivery,
            fresh_seconds=self.rules.fresh_seconds,
            radius_meters=radius_meters,
            most_orders=most_orders,
        )

    async def _nobody(self, transaction: Transaction, delivery: Delivery, order: Order) -> None:
        """Everybody has been asked, or nobody is there: begin anew in a while, and tell operations in time."""
        asked = await repository.was_anybody_asked(transaction.connection, order.id, delivery.round)
        round_ = delivery.round + 1 if asked else delivery.round
        search, seconds = await repository.update_search(transaction.connection, order.id, round_)
        if seconds <= _LONGEST_SEARCH_SECONDS:
            shortest, longest = _RETRY_SECONDS
            self._enqueue_search(transaction, delivery, search, min(max(seconds / 10, shortest), longest))
        if seconds < self.rules.alert_seconds or delivery.operations_told_at is not None:
            return
        await repository.update_operations_told(transaction.connection, order.id)
        title = f"No courier takes order {order.number} of {order.restaurant.name}: call one, or the customer."
        details = {"order_id": str(order.id), "seconds": round(seconds), "anybody_asked": asked}
        await self._alerts.raise_alert(transaction, "order_without_courier", title, details, key=str(order.id))

    # offers

    async def offer_due(self, transaction: Transaction, fact: OfferDue) -> None:
        """The time to answer is over: ask the next one."""
        await self._orders.lock(transaction.connection, fact.order_id)
        delivery = await repository.lock_delivery(transaction.connection, fact.order_id)
        offer = await repository.lock_offer(transaction.connection, fact.offer_id)
        if delivery is None or offer is None or offer.state is not OfferState.OPEN:
            return
        await self.end_offer(transaction, offer, OfferState.EXPIRED)
        await self.search_again(transaction, delivery)

    async def end_offer(self, transaction: Transaction, offer: Offer, state: OfferEnd) -> None:
        """Close a locked offer and tell its courier."""
        await repository.update_offer(transaction.connection, offer.id, state)
        self._outbox.withdraw(transaction, offer.id)
        event = OfferEnded(offer_id=offer.id, reason=state)
        self._events.append(transaction, courier_topic(offer.courier_id), event)

    async def postpone(self, transaction: Transaction, since: datetime, by: timedelta) -> None:
        """All timers have been postponed: give couriers as much more time to answer."""
        for offer in await repository.postpone_offers(transaction.connection, since, by):
            order = await self._orders.get(transaction.connection, offer.order_id)
            if order is not None:
                event = OfferMade(offer=OfferView.of(offer, order))
                self._events.append(transaction, courier_topic(offer.courier_id), event)
