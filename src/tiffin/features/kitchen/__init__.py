"""Kitchen: order tickets to every device of a restaurant, none missed.

Who may: members of the restaurant, all alike. A placed order comes through the durable queue; every board shows it,
rings until a person has seen it, and one person answers. Timers (rows of work) tell operations when no device has a
ticket, make it louder when nobody looks, and let the order expire when nobody answers.

Topic: `restaurant.{id}`.
"""

from tiffin.features.kitchen.consumers import KitchenConsumers
from tiffin.features.kitchen.registration import kitchen_feature
from tiffin.features.kitchen.schemas import TicketCourier
from tiffin.features.kitchen.service import KitchenService

__all__ = ["KitchenConsumers", "KitchenService", "TicketCourier", "kitchen_feature"]
