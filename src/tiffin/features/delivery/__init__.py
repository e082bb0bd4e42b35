"""Delivery: couriers, offers, assignments, and where the courier is.

Who may: couriers (a platform role) go on duty, answer offers and bring orders; the customer who ordered sees who
comes, and from pick-up to delivery where; support may take an order from its courier; administrators see who is on
duty, and every look is in the audit log. A confirmed order is held out to one courier after the other, the nearest free
one first.

Topics: `courier.{account}`, `order.{id}.location` (newest value only), and events on `order.{id}`.
"""

from tiffin.features.delivery.dispatch import Dispatch, DispatchRules
from tiffin.features.delivery.events import CUSTOMER_EVENTS
from tiffin.features.delivery.location import LocationService
from tiffin.features.delivery.registration import delivery_feature
from tiffin.features.delivery.schemas import CourierList
from tiffin.features.delivery.service import LOOKED_AT_COURIERS, DeliveryService

__all__ = [
    "CUSTOMER_EVENTS",
    "LOOKED_AT_COURIERS",
    "CourierList",
    "DeliveryService",
    "Dispatch",
    "DispatchRules",
    "LocationService",
    "delivery_feature",
]
