"""Endpoints of alerts; administrators only."""

from uuid import UUID

from fastapi import APIRouter

from tiffin.features.alerts.schemas import AlertList, AlertView
from tiffin.features.alerts.service import AlertService
from tiffin.http import V1
from tiffin.http.authentication import Administrator


def alert_routes(service: AlertService) -> APIRouter:
    """The endpoints on a service."""
    router = APIRouter(prefix=V1, tags=["alerts"])

    @router.get("/alerts")
    async def list_alerts(_: Administrator) -> AlertList:
        """The open alerts; follow `alerts.operations` from their position."""
        alerts, position = await service.list_open()
        return AlertList(position=str(position), alerts=[AlertView.of(alert) for alert in alerts])

    @router.post("/alerts/{alert_id}/acknowledge")
    async def acknowledge_alert(alert_id: UUID, principal: Administrator) -> AlertView:
        """Take notice of an alert; it leaves the list."""
        return AlertView.of(await service.acknowledge(principal, alert_id))

    return router
