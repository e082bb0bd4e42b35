"""What alerts offer to the wiring."""

from tiffin.features.alerts.events import OPERATIONS_TOPIC, AlertAcknowledged, AlertRaised, read_grants
from tiffin.features.alerts.routes import alert_routes
from tiffin.features.alerts.service import AlertService
from tiffin.features.registration import Feature
from tiffin.realtime import TopicKind


def alerts_feature(service: AlertService) -> Feature:
    """The feature's record."""
    kind = TopicKind(
        OPERATIONS_TOPIC, read_grants, (AlertRaised, AlertAcknowledged), "What operations must know; administrators"
    )
    return Feature("alerts", routers=(alert_routes(service),), topics=(kind,))
