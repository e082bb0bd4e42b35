"""Opening hours on the wire: shifts by the name of the weekday, and dates that differ."""

from datetime import date, time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tiffin.features.catalog.opening_hours import OpeningHours, OverlappingShifts, Shift, SpecialDate

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(examples=["17:30"])]


class ShiftView(BaseModel):
    """From `opens` to `closes`, local time. `closes` not after `opens` is on the next day; equal means 24 hours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opens: LocalTime
    closes: LocalTime

    def to_shift(self) -> Shift:
        """The domain's shift."""
        return Shift(time.fromisoformat(self.opens), time.fromisoformat(self.closes))

    @classmethod
    def of(cls, shift: Shift) -> "ShiftView":
        """On the wire."""
        return cls(opens=shift.opens.isoformat("minutes"), closes=shift.closes.isoformat("minutes"))


Shifts = Annotated[tuple[ShiftView, ...], Field(max_length=6)]


class SpecialDateView(BaseModel):
    """The shifts that begin on one date, instead of its weekday's; none: closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: date
    shifts: Shifts = ()


class OpeningHoursView(BaseModel):
    """A week of shifts, in the restaurant's time zone. A day without shifts is closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    monday: Shifts = ()
    tuesday: Shifts = ()
    wednesday: Shifts = ()
    thursday: Shifts = ()
    friday: Shifts = ()
    saturday: Shifts = ()
    sunday: Shifts = ()
    special_dates: Annotated[tuple[SpecialDateView, ...], Field(max_length=200)] = ()

    @model_validator(mode="after")
    def _must_fit_together(self) -> "OpeningHoursView":
        try:
            self.to_hours()
        except OverlappingShifts:
            raise ValueError("two shifts of one day overlap") from None
        return self

    def to_hours(self) -> OpeningHours:
        """The domain's opening hours. Raises OverlappingShifts, ValueError."""
        weekly = tuple(_to_shifts(getattr(self, day)) for day in _WEEKDAYS)
        special = tuple(SpecialDate(special.date, _to_shifts(special.shifts)) for special in self.special_dates)
        return OpeningHours(weekly, special)

    @classmethod
    def of(cls, hours: OpeningHours) -> "OpeningHoursView":
        """On the wire."""
        days: dict[str, Any] = {day: _of_shifts(shifts) for day, shifts in zip(_WEEKDAYS, hours.weekly, strict=True)}
        special = tuple(
            SpecialDateView(date=special.date, shifts=_of_shifts(special.shifts)) for special in hours.special_dates
        )
        return cls(**days, special_dates=special)


def _to_shifts(views: tuple[ShiftView, ...]) -> tuple[Shift, ...]:
    return tuple(view.to_shift() for view in views)


def _of_shifts(shifts: tuple[Shift, ...]) -> tuple[ShiftView, ...]:
    return tuple(ShiftView.of(shift) for shift in shifts)
