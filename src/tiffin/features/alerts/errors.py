"""What can go wrong with alerts."""

from tiffin.base.errors import NotFound


class AlertNotFound(NotFound):
    code = "alert_not_found"
    message = "There is no such alert, or it has been acknowledged already."
