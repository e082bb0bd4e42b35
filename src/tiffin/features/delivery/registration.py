"""What delivery offers to the wiring."""

from tiffin.features.delivery.commands import delivery_commands
from tiffin.features.delivery.dispatch import Dispatch
from tiffin.features.delivery.events import (
    COURIER_EVENTS,
    read_courier_grants,
    read_latest_locations,
    read_location_grants,
)
from tiffin.features.delivery.location import LocationService
from tiffin.features.delivery.repository import delete_void_locations
from tiffin.features.delivery.routes import courier_routes, delivery_routes
from tiffin.features.delivery.schemas import SharedLocation
from tiffin.features.delivery.service import DeliveryService
from tiffin.features.registration import Feature
from tiffin.realtime import TopicKind


def delivery_feature(service: DeliveryService, locations: LocationService, dispatch: Dispatch) -> Feature:
    """The feature's record."""
    return Feature(
        "delivery",
        routers=(courier_routes(service), delivery_routes(service)),
        topics=(
            TopicKind("courier.{id}", read_courier_grants, COURIER_EVENTS, "A courier's offers and assignments"),
            TopicKind(
                "order.{id}.location",
                read_location_grants,
                (),
                "Where the courier is, for the customer who ordered, from pick-up to delivery; only the newest is kept",
                durability="latest",
                read_latest=read_latest_locations,
                value=SharedLocation,
            ),
        ),
        commands=delivery_commands(service, locations),
        consumers=dispatch.consumers(),
        chores=(delete_void_locations,),
        postpone=dispatch.postpone,
    )
