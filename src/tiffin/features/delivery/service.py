"""What couriers do (duty, offers, assignments), and what customers and operations see of it.

Socket commands and endpoints come here alike; each may be sent again without harm. Where an assignment moves its order,
`orders.transition` decides, and `Dispatch.order_changed` brings the delivery along in the same transaction.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tiffin.base.geo import Point
from tiffin.base.principal import Principal, Role
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.accounts import AccountService
from tiffin.features.delivery import repository
from tiffin.features.delivery.dispatch import Dispatch
from tiffin.features.delivery.domain import TAKEN, Courier, Delivery, DeliveryState, Location, Offer, OfferState
from tiffin.features.delivery.errors import (
    AssignmentNotFound,
    CodeWrong,
    DeliveryNotFound,
    NotACourier,
    OffDuty,
    OfferGone,
    OfferNotFound,
    StillDelivering,
    TooManyOrders,
)
from tiffin.features.delivery.events import (
    AssignmentEnded,
    AssignmentMade,
    CourierArrived,
    CourierAssigned,
    CourierUnassigned,
    DutyChanged,
    courier_topic,
)
from tiffin.features.delivery.schemas import AssignmentView, CourierList, CourierName, CourierOnDuty, LocationView
from tiffin.features.kitchen import KitchenService, TicketCourier
from tiffin.features.orders import Actor, Order, OrderCannotChange, OrderService, OrderState, order_topic
from tiffin.http.limits import RateLimiter
from tiffin.realtime import Event, EventLog, Position, get_position
from tiffin.routing import Routes, Way

# four digits: five guesses, then one a minute
_GUESSES, _GUESSES_SECONDS = 5, 300.0

Taken = tuple[Delivery, Order]


@dataclass(frozen=True, slots=True)
class Standing:
    """A courier, what is held out to them and what they bring, of one moment."""

    courier: Courier
    offers: tuple[tuple[Offer, Order], ...]
    assignments: tuple[Taken, ...]
    location: Location | None
    position: Position


@dataclass(frozen=True, slots=True)
class Tracking:
    """A delivery as its customer sees it. `location` is that of the courier, while they may see it."""

    delivery: Delivery
    own: bool
    way: Way | None
    location: Location | None
    position: Position


# in the audit log: somebody looked at where all couriers are
LOOKED_AT_COURIERS = "couriers.looked_at"


class DeliveryService:
    """Couriers and what they bring."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        accounts: AccountService,
        orders: OrderService,
        kitchen: KitchenService,
        dispatch: Dispatch,
        routes: Routes,
    ) -> None:
        self.database = database
        self._events = events
        self._accounts = accounts
        self._orders = orders
        self._kitchen = kitchen
        self._dispatch = dispatch
        self._routes = routes
        self._guesses = RateLimiter(_GUESSES, _GUESSES_SECONDS)

    # the courier

    async def read_courier(self, principal: Principal) -> Standing:
        """The courier's own state and the position of their topic, of one moment. Raises NotACourier."""
        require_courier(principal)
        who = principal.account_id
        async with self.database.snapshot() as connection:
            courier = await repository.get_courier(connection, who)
            offers = await repository.list_open_offers(connection, who)
            deliveries = await repository.list_active_deliveries(connection, who)
            orders = {
                order_id: await self._require_order(connection, order_id)
                for order_id in {*(offer.order_id for offer in offers), *(one.order_id for one in deliveries)}
            }
            return Standing(
                courier or Courier(who, principal.name, False, 0, None),
                tuple((offer, orders[offer.order_id]) for offer in offers),
                tuple((delivery, orders[delivery.order_id]) for delivery in deliveries),
                await repository.get_location(connection, who),
                await get_position(connection, courier_topic(who)),
            )

    async def set_duty(self, principal: Principal, on_duty: bool) -> None:
        """Go on or off duty; open offers are declined by that. Raises NotACourier, StillDelivering."""
        require_courier(principal)
        if on_duty:
            await self._begin_shift(principal)
            return
        for offer in await self._end_shift(principal):
            await self.decline(principal, offer.id)

    @use_case
    async def _begin_shift(self, transaction: Transaction, principal: Principal) -> None:
        courier = await repository.begin_shift(transaction.connection, principal.account_id, principal.name)
        if courier is not None:
            self._tell(transaction, courier, DutyChanged(on_duty=True, since=courier.on_duty_since))

    @use_case
    async def _end_shift(self, transaction: Transaction, principal: Principal) -> list[Offer]:
        """Returns the offers that are open: no more can come."""
        connection, who = transaction.connection, principal.account_id
        courier = await repository.lock_courier(connection, who)
        if courier is None or not courier.on_duty:
            return []
        if await repository.count_active_deliveries(connection, who):
            raise StillDelivering()
        await repository.end_shift(connection, who)
        self._tell(transaction, courier, DutyChanged(on_duty=False, since=None))
        return await repository.list_open_offers(connection, who)

    # offers

    @use_case
    async def accept(self, transaction: Transaction, principal: Principal, offer_id: UUID) -> Taken:
        """Take an order; taking it again is the same answer.

        Raises NotACourier, OfferNotFound, OfferGone, OffDuty, TooManyOrders.
        """
        connection = transaction.connection
        offer, delivery, order = await self._lock_offer(connection, principal, offer_id)
        if offer.state is OfferState.ACCEPTED and delivery.courier_id == principal.account_id:
            return delivery, order
        if offer.state is not OfferState.OPEN:
            raise OfferGone(f"The offer is over: it was {offer.state}.", state=offer.state)
        courier = await repository.lock_courier(connection, principal.account_id)
        if courier is None or not courier.on_duty:
            raise OffDuty()
        if await repository.count_active_deliveries(connection, courier.account_id) >= self._dispatch.rules.most_orders:
            raise TooManyOrders()
        await self._dispatch.end_offer(transaction, offer, OfferState.ACCEPTED)
        delivery = await repository.update_assigned(connection, order.id, courier)
        self._tell(transaction, courier, AssignmentMade(assignment=AssignmentView.of(delivery, order)))
        assigned = CourierAssigned(order_id=order.id, courier=CourierName(name=_first(courier.name)))
        self._events.append(transaction, order_topic(order.id), assigned)
        await self._kitchen.show_courier(transaction, order, TicketCourier(name=_first(courier.name), state="assigned"))
        return delivery, order

    @use_case
    async def decline(self, transaction: Transaction, principal: Principal, offer_id: UUID) -> None:
        """Leave an order to the next one; an offer that is over stays over. Raises NotACourier, OfferNotFound."""
        offer, delivery, _ = await self._lock_offer(transaction.connection, principal, offer_id)
        if offer.state is OfferState.OPEN:
            await self._dispatch.end_offer(transaction, offer, OfferState.DECLINED)
            await self._dispatch.search_again(transaction, delivery)

    async def _lock_offer(
        self, connection: Connection, principal: Principal, offer_id: UUID
    ) -> tuple[Offer, Delivery, Order]:
        require_courier(principal)
        found = await repository.get_offer(connection, offer_id)
        if found is None or found.courier_id != principal.account_id:
            raise OfferNotFound()
        order = await self._orders.lock(connection, found.order_id)
        delivery = await repository.lock_delivery(connection, found.order_id)
        offer = await repository.lock_offer(connection, offer_id)
        assert delivery is not None
        assert offer is not None
        return offer, delivery, order

    # assignments

    @use_case
    async def advance(
        self,
        transaction: Transaction,
        principal: Principal,
        order_id: UUID,
        to: Literal["arrived", "picked_up", "delivered"],
        code: str | None,
    ) -> Taken:
        """Bring an assignment a step on; being there already is fine.

        Raises NotACourier, AssignmentNotFound, OrderCannotChange, and for "delivered" CodeWrong, RateLimited.
        """
        delivery, order = await self._lock_own(transaction.connection, principal, order_id)
        if to == "arrived":
            if delivery.state is not DeliveryState.ASSIGNED:
                return _unless_over(delivery, order, OrderState.CANCELLED)
            return await self._arrive(transaction, delivery, order), order
        target = OrderState(to)
        if order.state is target or (to == "picked_up" and order.state is OrderState.DELIVERED):
            return delivery, order
        if target is OrderState.DELIVERED and order.state is OrderState.PICKED_UP:
            self._check_code(delivery, code)
        order = await self._orders.transition(transaction, order, target, Actor.COURIER, principal.account_id)
        moved = await repository.lock_delivery(transaction.connection, order_id)
        assert moved is not None
        return moved, order

    async def _arrive(self, transaction: Transaction, delivery: Delivery, order: Order) -> Delivery:
        assert delivery.courier_name is not None
        arrived = await repository.update_state(transaction.connection, order.id, DeliveryState.ARRIVED)
        self._dispatch.tell_assignment(transaction, arrived, order)
        self._events.append(transaction, order_topic(order.id), CourierArrived(order_id=order.id))
        shown = TicketCourier(name=_first(delivery.courier_name), state="arrived")
        await self._kitchen.show_courier(transaction, order, shown)
        return arrived

    def _check_code(self, delivery: Delivery, code: str | None) -> None:
        """Raises CodeWrong, or RateLimited after too many guesses."""
        key = str(delivery.order_id)
        self._guesses.check(key)
        if code != delivery.code:
            self._guesses.take(key)
            raise CodeWrong(attempts_left=self._guesses.left(key))

    @use_case
    async def unassign(self, transaction: Transaction, principal: Principal, order_id: UUID, reason: str) -> None:
        """Give an order back before pick-up, or take it from its courier (support): the next one is asked.

        Raises NotACourier, AssignmentNotFound, OrderCannotChange.
        """
        connection = transaction.connection
        if _is_support(principal):
            order = await self._orders.lock(connection, order_id)
            delivery = await repository.lock_delivery(connection, order_id)
            if delivery is None or delivery.courier_id is None:
                raise AssignmentNotFound()
        else:
            delivery, order = await self._lock_own(connection, principal, order_id)
        if delivery.state not in TAKEN:
            raise OrderCannotChange("The food has been picked up; it cannot be given back.", state=order.state)
        assert delivery.courier_id is not None
        await repository.update_unassigned(connection, order_id)
        ended = AssignmentEnded(order_id=order_id, reason="unassigned")
        self._events.append(transaction, courier_topic(delivery.courier_id), ended)
        self._events.append(transaction, order_topic(order_id), CourierUnassigned(order_id=order_id))
        await self._kitchen.show_courier(transaction, order, None)
        await self._dispatch.search_again(transaction, delivery)
        details = {"order_id": str(order_id), "courier_id": str(delivery.courier_id), "reason": reason}
        await self._accounts.audit(transaction, principal, "assignment.unassigned", details)

    @use_case
    async def fail(self, transaction: Transaction, principal: Principal, order_id: UUID, reason: str) -> None:
        """The food cannot be delivered. Raises NotACourier, AssignmentNotFound, OrderCannotChange."""
        _, order = await self._lock_own(transaction.connection, principal, order_id)
        if order.state is not OrderState.FAILED:
            await self._orders.transition(
                transaction, order, OrderState.FAILED, Actor.COURIER, principal.account_id, reason=reason
            )

    async def find_way(self, principal: Principal, order_id: UUID, start: Point) -> tuple[bool, Way]:
        """The way from `start` to the next stop of an assignment; True: that is the customer. Raises as `advance`."""
        require_courier(principal)
        async with self.database.connection() as connection:
            delivery, _ = await repository.get_delivery(connection, order_id, order_topic(order_id))
        if delivery.courier_id != principal.account_id or delivery.state is DeliveryState.ENDED:
            raise AssignmentNotFound()
        to_customer = delivery.state is DeliveryState.ON_BOARD
        return to_customer, await self._routes.find_way(start, delivery.drop_off if to_customer else delivery.pick_up)

    async def _lock_own(self, connection: Connection, principal: Principal, order_id: UUID) -> Taken:
        """An own assignment and its order, locked in the one order that is allowed."""
        require_courier(principal)
        order = await self._orders.get(connection, order_id)
        if order is None:
            raise AssignmentNotFound()
        order = await self._orders.lock(connection, order_id)
        delivery = await repository.lock_delivery(connection, order_id)
        if delivery is None or delivery.courier_id != principal.account_id:
            raise AssignmentNotFound()
        return delivery, order

    # customers and operations

    async def track(self, principal: Principal, order_id: UUID) -> Tracking:
        """How an order comes, for its customer, and without code and position for support. Raises DeliveryNotFound."""
        async with self.database.snapshot() as connection:
            delivery, position = await repository.get_delivery(connection, order_id, order_topic(order_id))
            own = delivery.customer_id == principal.account_id
            if not own and not _is_support(principal):
                raise DeliveryNotFound()
            on_board = own and delivery.state is DeliveryState.ON_BOARD
            found = await repository.list_shared_locations(connection, [str(order_id)]) if on_board else {}
        way = await self._routes.find_way(delivery.pick_up, delivery.drop_off) if on_board else None
        return Tracking(delivery, own, way, found[str(order_id)][2] if found else None, position)

    @use_case
    async def list_on_duty(self, transaction: Transaction, principal: Principal) -> CourierList:
        """Who is on duty and where; administrators only, and each look is in the audit log."""
        couriers = await repository.list_on_duty(transaction.connection)
        await self._accounts.audit(transaction, principal, LOOKED_AT_COURIERS, {"couriers": len(couriers)})
        return _couriers(couriers)

    async def count_couriers(self, connection: Connection) -> repository.CourierCounts:
        """How many couriers there are and what they have, for features above."""
        return await repository.count_couriers(connection)

    async def view_on_duty(self, connection: Connection) -> CourierList:
        """Who is on duty and where, for features above, which see to it that the look is in the audit log."""
        return _couriers(await repository.list_on_duty(connection))

    async def _require_order(self, connection: Connection, order_id: UUID) -> Order:
        order = await self._orders.get(connection, order_id)
        assert order is not None  # orders are never deleted
        return order

    def _tell(self, transaction: Transaction, courier: Courier, event: Event) -> None:
        self._events.append(transaction, courier_topic(courier.account_id), event)


def _couriers(couriers: list[repository.OnDuty]) -> CourierList:
    return CourierList(
        couriers=[
            CourierOnDuty(
                account_id=one.account_id,
                name=one.name,
                on_duty_since=one.since,
                location=LocationView.of(one.location) if one.location is not None else None,
                order_ids=list(one.order_ids),
            )
            for one in couriers
        ]
    )


def require_courier(principal: Principal) -> None:
    """Raises NotACourier."""
    if not principal.has(Role.COURIER):
        raise NotACourier()


def _is_support(principal: Principal) -> bool:
    return principal.has(Role.AGENT) or principal.has(Role.ADMIN)


def _first(name: str) -> str:
    return name.split(" ")[0]


def _unless_over(delivery: Delivery, order: Order, over: OrderState) -> Taken:
    """Where an assignment stands beyond a step. Raises OrderCannotChange for one that ended otherwise."""
    if order.state is over:
        raise OrderCannotChange(f"The order is {order.state}.", state=order.state)
    return delivery, order
