"""When a restaurant is open: weekly shifts in its own time zone, and dates that differ.

A shift belongs to the date on which it begins and may run past midnight, at most to the same time of the next day.
A special date replaces the weekday's shifts of that date; a shift that began the evening before still ends as planned.

Shifts become intervals of instants, so a change of the clocks can neither lose nor double an opening:

- a time that comes twice (clocks go back) opens at its first and closes at its last occurrence;
- a time that does not exist (clocks go forward) means the moment of the jump.

Pure: callers pass the moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

DAYS_AHEAD = 366
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)

Interval = tuple[datetime, datetime]


class OverlappingShifts(ValueError):
    """Two shifts of one date overlap."""


@dataclass(frozen=True, slots=True)
class Shift:
    """From `opens` to `closes`, local times. `closes` not after `opens` means on the next day; equal: 24 hours."""

    opens: time
    closes: time

    @property
    def minutes(self) -> tuple[int, int]:
        """Begin and end in minutes after the midnight before it begins, by the wall clock."""
        begin = self.opens.hour * 60 + self.opens.minute
        end = self.closes.hour * 60 + self.closes.minute
        return begin, end if end > begin else end + 24 * 60


@dataclass(frozen=True, slots=True)
class SpecialDate:
    """The shifts of one date, instead of its weekday's. None at all: closed."""

    date: date
    shifts: tuple[Shift, ...] = ()


def _require_no_overlap(shifts: tuple[Shift, ...]) -> None:
    spans = sorted(shift.minutes for shift in shifts)
    if any(end > begin for (_, end), (begin, _) in pairwise(spans)):
        raise OverlappingShifts


@dataclass(frozen=True)
class OpeningHours:
    """Shifts for Monday (0) to Sunday (6), and special dates. Raises OverlappingShifts, ValueError."""

    weekly: tuple[tuple[Shift, ...], ...] = ((),) * 7
    special_dates: tuple[SpecialDate, ...] = ()

    def __post_init__(self) -> None:
        if len(self.weekly) != 7:
            raise ValueError("a week has seven days")
        if len(self._special) != len(self.special_dates):
            raise ValueError("a special date stands twice")
        for shifts in (*self.weekly, *self._special.values()):
            _require_no_overlap(shifts)

    @cached_property
    def _special(self) -> dict[date, tuple[Shift, ...]]:
        return {special.date: special.shifts for special in self.special_dates}

    def shifts_on(self, day: date) -> tuple[Shift, ...]:
        """The shifts that begin on `day`."""
        return self._special.get(day, self.weekly[day.weekday()])

    def is_open_at(self, moment: datetime, zone: ZoneInfo) -> bool:
        """True from the instant of opening to just before the instant of closing."""
        day = moment.astimezone(zone).date()
        days = (day - _DAY, day, day + _DAY)
        return any(begin <= moment < end for day in days for begin, end in self._intervals_of(day, zone))

    def next_opening_after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first instant after `moment` at which a closed restaurant opens, within a year; else None."""
        return next((begin for begin, _ in self.intervals(moment, zone, DAYS_AHEAD) if begin > moment), None)

    def intervals(self, moment: datetime, zone: ZoneInfo, days: int) -> Iterator[Interval]:
        """Open intervals in order, joined where they touch, from the one at `moment` to `days` ahead."""
        if not any(self.weekly) and not any(special.shifts for special in self.special_dates):
            return
        first = moment.astimezone(zone).date() - _DAY
        current: Interval | None = None
        for number in range(days + 2):
            for begin, end in self._intervals_of(first + number * _DAY, zone):
                if current is not None and begin <= current[1]:
                    current = (current[0], max(current[1], end))
                    continue
                if current is not None and current[1] > moment:
                    yield current
                current = (begin, end)
        if current is not None and current[1] > moment:
            yield current

    def _intervals_of(self, day: date, zone: ZoneInfo) -> Iterator[Interval]:
        for shift in sorted(self.shifts_on(day), key=lambda shift: shift.opens):
            closing_day = day if shift.closes > shift.opens else day + _DAY
            begin = _first_instant(datetime.combine(day, shift.opens), zone)
            end = _last_instant(datetime.combine(closing_day, shift.closes), zone)
            if begin < end:
                yield begin, end


def _first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    return min(_instants(local, zone))


def _last_instant(local: datetime, zone: ZoneInfo) -> datetime:
    return max(_instants(local, zone))


def _instants(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants, in UTC, at which a clock in `zone` shows `local`; the jump's, twice, where it never does."""
    before = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if before <= after:
        return before, after
    jump = _jump_between(after, before, zone)
    return jump, jump


def _jump_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after `early` with the offset of `late`, to the second."""
    new_offset = late.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = early + timedelta(seconds=(late - early) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == new_offset:
            late = middle
        else:
            early = middle
    return late
