"""What the kitchen offers to the wiring."""

from tiffin.features.catalog import read_membership_grants
from tiffin.features.catalog.events import RestaurantCreated
from tiffin.features.kitchen.commands import kitchen_commands
from tiffin.features.kitchen.consumers import KitchenConsumers
from tiffin.features.kitchen.events import TICKET_EVENTS, PresenceChanged
from tiffin.features.kitchen.routes import kitchen_routes
from tiffin.features.kitchen.service import KitchenService
from tiffin.features.registration import Feature
from tiffin.realtime import TopicKind


def kitchen_feature(service: KitchenService, consumers: KitchenConsumers) -> Feature:
    """The feature's record."""
    return Feature(
        "kitchen",
        routers=(kitchen_routes(service),),
        topics=(
            TopicKind(
                "restaurant.{id}",
                read_membership_grants,
                (RestaurantCreated, *TICKET_EVENTS),
                "A restaurant's tickets, for its members; who follows it by WebSocket is present",
                on_ack=service.receive_up_to,
                on_presence=service.tell_presence,
            ),
            TopicKind(
                "presence.{id}",
                read_membership_grants,
                (PresenceChanged,),
                "Who is connected to a restaurant's board, for its members",
            ),
        ),
        commands=kitchen_commands(service),
        consumers=consumers.all(),
        postpone=consumers.postpone,
    )
