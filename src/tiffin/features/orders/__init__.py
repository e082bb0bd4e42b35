"""Orders: from a priced basket to delivered, tracked live.

Who may: a customer prices, places, follows and (before confirmation) cancels; members of the restaurant read;
support cancels later, too. Kitchen drives the states in between, by `OrderService.transition` in its own transactions.

Topics: `order.{id}` for the customer and support; summaries on `user.{customer}`. Work: `order.placed`,
`order.cancelled`.
"""

from tiffin.features.orders.domain import Actor, Order, OrderState, Transition
from tiffin.features.orders.errors import OrderCannotChange, OrderNotFound
from tiffin.features.orders.events import OrderCancelledFact, OrderChanged, OrderPlacedFact, order_topic
from tiffin.features.orders.registration import orders_feature
from tiffin.features.orders.service import OrderService

__all__ = [
    "Actor",
    "Order",
    "OrderCancelledFact",
    "OrderCannotChange",
    "OrderChanged",
    "OrderNotFound",
    "OrderPlacedFact",
    "OrderService",
    "OrderState",
    "Transition",
    "order_topic",
    "orders_feature",
]
