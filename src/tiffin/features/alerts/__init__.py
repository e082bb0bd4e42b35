"""Alerts: what operations must know, stored and live on `alerts.operations`; administrators see and acknowledge them.

Anything may raise one inside its own transaction: nobody connected, a dead letter, an order nobody takes. An open
alert with the same kind and key is counted, not repeated.
"""

from tiffin.features.alerts.events import OPERATIONS_TOPIC
from tiffin.features.alerts.registration import alerts_feature
from tiffin.features.alerts.service import AlertService

__all__ = ["OPERATIONS_TOPIC", "AlertService", "alerts_feature"]
