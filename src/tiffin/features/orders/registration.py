"""What orders offer to the wiring."""

from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.errors import Unauthenticated
from tiffin.base.principal import Principal
from tiffin.features.orders.domain import FINAL_STATES
from tiffin.features.orders.events import EVENT_OF, EtaChanged, order_topic, read_grants
from tiffin.features.orders.routes import order_routes
from tiffin.features.orders.schemas import OrderView
from tiffin.features.orders.service import OrderService
from tiffin.features.registration import Feature, Stream
from tiffin.realtime import Event, TopicKind
from tiffin.realtime.sse import Snapshot


def orders_feature(
    service: OrderService, clock: Clock, linger_seconds: float, *, further_events: tuple[type[Event], ...] = ()
) -> Feature:
    """The feature's record. An order's stream ends `linger_seconds` after the order has.

    `further_events`: what features above tell on `order.{id}`.
    """

    async def read(principal: Principal | None, order_id: UUID) -> Snapshot:
        if principal is None:
            raise Unauthenticated()
        order, history, position = await service.read_snapshot(principal, order_id, for_stream=True)
        ends_in = None
        if order.ended_at is not None:
            ends_in = linger_seconds - (clock.now() - order.ended_at).total_seconds()
        view = OrderView.of(order, history, str(position))
        return Snapshot(view.model_dump_json().encode(), position, ends_in)

    return Feature(
        "orders",
        routers=(order_routes(service),),
        streams=(
            Stream(
                "/orders/{id}/events",
                order_topic,
                read,
                frozenset(EVENT_OF[state].type for state in FINAL_STATES),
                linger_seconds,
                "An order, live: a snapshot, then each change; ends after the order has.",
            ),
        ),
        topics=(
            TopicKind(
                "order.{id}",
                read_grants,
                (*EVENT_OF.values(), EtaChanged, *further_events),
                "One order, for its customer, and for support",
            ),
        ),
    )
