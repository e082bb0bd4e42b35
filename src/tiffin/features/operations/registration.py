"""What operations offer to the wiring."""

from tiffin.features.delivery import CourierList
from tiffin.features.operations.schemas import OperationsNow
from tiffin.features.operations.service import COURIERS_TOPIC, NOW_TOPIC, OperationsService
from tiffin.features.registration import Feature
from tiffin.realtime import TopicKind


def operations_feature(service: OperationsService) -> Feature:
    """The feature's record."""
    return Feature(
        "operations",
        topics=(
            TopicKind(
                NOW_TOPIC,
                service.read_now_grants,
                (),
                "Orders, tickets, restaurants, couriers, support and parts, every second; administrators",
                durability="latest",
                read_latest=service.read_now,
                sampled=True,
                value=OperationsNow,
            ),
            TopicKind(
                COURIERS_TOPIC,
                service.read_courier_grants,
                (),
                "Where everybody on duty is, every second; administrators, for an hour after `GET /v1/couriers`",
                durability="latest",
                read_latest=service.read_couriers,
                sampled=True,
                value=CourierList,
            ),
        ),
    )
