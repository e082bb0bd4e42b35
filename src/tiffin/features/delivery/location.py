"""Where couriers are: reports in, the last position kept, customers of orders on board told.

Reports of many couriers that come within a few milliseconds are one read and one write. Who may see a position is read
with it, every time: a report goes to the orders that are on board at that moment and to nobody else. Arrival times are
estimated anew at most every half minute an order.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.errors import RateLimited, TiffinError
from tiffin.base.geo import distance_meters
from tiffin.base.principal import Principal
from tiffin.base.telemetry import get_logger
from tiffin.db import Database, Transaction, use_case
from tiffin.features.delivery import repository
from tiffin.features.delivery.domain import (
    ETA_TOLERANCE,
    HANDOVER,
    NEAR_METERS,
    LastFix,
    Location,
    OnBoard,
    is_shared,
    refuse_report,
)
from tiffin.features.delivery.errors import OffDuty
from tiffin.features.delivery.events import CourierNear, location_value
from tiffin.features.delivery.repository import Reporting
from tiffin.features.delivery.schemas import LocationAnswer, LocationReport, RefusedReport
from tiffin.features.delivery.service import require_courier
from tiffin.features.orders import OrderService, order_topic
from tiffin.http.limits import RateLimiter
from tiffin.realtime import EventLog, LatestValue
from tiffin.realtime.batcher import Batcher
from tiffin.routing import Routes

_log = get_logger("delivery.location")
_ETA_SECONDS = 30.0

Publish = Callable[[Sequence[LatestValue]], None]
# a courier and their reports, the oldest first
_Reports = tuple[UUID, tuple[Location, ...]]


class LocationService:
    """Takes reports. `publish` tells who follows `order.{id}.location`."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        clock: Clock,
        orders: OrderService,
        routes: Routes,
        publish: Publish,
    ) -> None:
        self.database = database
        self._events = events
        self._clock = clock
        self._orders = orders
        self._routes = routes
        self._publish = publish
        self._batcher: Batcher[_Reports, LocationAnswer | None] = Batcher(self._take, window_seconds=0.025)
        self._estimates = RateLimiter(1, _ETA_SECONDS)
        # what reports cause beside their answers
        self.pending: set[asyncio.Task[None]] = set()

    async def report(self, principal: Principal, body: LocationReport) -> LocationAnswer:
        """Take where a courier was, the oldest first; only the last is kept. Raises NotACourier, OffDuty."""
        require_courier(principal)
        now = self._clock.now()
        reports = tuple(report.to_location(now) for report in body.reports)
        answer = await self._batcher.ask((principal.account_id, reports))
        if answer is None:
            raise OffDuty()
        return answer

    async def _take(self, batch: Sequence[_Reports]) -> list[LocationAnswer | None]:
        async with self.database.connection() as connection:
            reporting = await repository.list_reporting(connection, list({courier_id for courier_id, _ in batch}))
            answers: list[LocationAnswer | None] = []
            newest: dict[UUID, tuple[UUID, int, Location]] = {}
            for courier_id, reports in batch:
                known = reporting.get(courier_id)
                answer, last = _judge(known, reports)
                answers.append(answer)
                if known is not None and last is not None:
                    before = newest.get(courier_id)
                    if before is None or last.at > before[2].at:
                        newest[courier_id] = (courier_id, known.shift, last)
            kept = await repository.upsert_locations(connection, list(newest.values())) if newest else set()
        shared = [
            (order, newest[courier_id][2])
            for courier_id in kept
            for order in reporting[courier_id].on_board
            if is_shared(order, newest[courier_id][2])
        ]
        self._publish([location_value(order.order_id, order.assignment, location) for order, location in shared])
        for order, location in shared:
            self._tell_progress(order, location)
        return answers

    def _tell_progress(self, order: OnBoard, location: Location) -> None:
        if not order.is_near_told and distance_meters(location.point, order.drop_off) <= NEAR_METERS:
            self._spawn(self._tell_near(order.order_id))
        try:
            self._estimates.take(str(order.order_id))
        except RateLimited:
            return
        self._spawn(self._estimate(order, location))

    @use_case
    async def _tell_near(self, transaction: Transaction, order_id: UUID) -> None:
        if await repository.update_near(transaction.connection, order_id):
            self._events.append(transaction, order_topic(order_id), CourierNear(order_id=order_id))

    async def _estimate(self, order: OnBoard, location: Location) -> None:
        """Tell another time of arrival, if the one that was told is off."""
        seconds = await self._routes.travel_seconds(location.point, order.drop_off)
        eta_at = location.at + timedelta(seconds=round(seconds)) + HANDOVER
        if order.told_eta_at is None or abs(eta_at - order.told_eta_at) >= ETA_TOLERANCE:
            await self._move_eta(order.order_id, eta_at)

    @use_case
    async def _move_eta(self, transaction: Transaction, order_id: UUID, eta_at: Any) -> None:
        order = await self._orders.lock(transaction.connection, order_id)
        if await repository.update_told_eta(transaction.connection, order_id, eta_at):
            await self._orders.move_eta(transaction, order, eta_at)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(_logged(work))
        self.pending.add(task)
        task.add_done_callback(self.pending.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    """What is told beside a report: if it fails, the next report tells it."""
    try:
        await work
    except TiffinError as error:
        _log.warning("progress_not_told", error=repr(error))
    except Exception:
        _log.exception("progress_not_told")


def _judge(known: Reporting | None, reports: tuple[Location, ...]) -> tuple[LocationAnswer | None, Location | None]:
    """The answer to a courier's reports (None: off duty), and the last one that was taken."""
    if known is None:
        return None, None
    last, newest, refused = known.last, None, []
    for index, report in enumerate(reports):
        code = refuse_report(last, report)
        if code is not None:
            refused.append(RefusedReport.model_validate({"index": index, "code": code}))
        else:
            newest = report
            last = LastFix(report.point, report.accuracy_meters, report.at)
    return LocationAnswer(accepted=len(reports) - len(refused), refused=refused), newest
