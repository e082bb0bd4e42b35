from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.features.catalog.opening_hours import OpeningHours, OverlappingShifts, Shift, SpecialDate

HELSINKI = ZoneInfo("Europe/Helsinki")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = (HELSINKI, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("UTC"))
# forward and back, in each zone that changes
CHANGES = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5))


def at(text: str) -> time:
    return time.fromisoformat(text)


def shift(text: str) -> Shift:
    opens, closes = text.split("-")
    return Shift(at(opens), at(closes))


def every_day(*shifts: str) -> OpeningHours:
    return OpeningHours((tuple(shift(text) for text in shifts),) * 7)


def local(zone: ZoneInfo, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


# strategies

minutes_of_day = st.integers(0, 24 * 60 - 1)
days_around_changes = st.builds(
    lambda day, offset: day + timedelta(days=offset), st.sampled_from(CHANGES), st.integers(-2, 2)
)
moments = st.builds(
    lambda day, minute: datetime.combine(day, time(), UTC) + timedelta(minutes=minute),
    days_around_changes,
    st.integers(-720, 2160),
)


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)


@st.composite
def day_shifts(draw: st.DrawFn) -> tuple[Shift, ...]:
    """Up to three shifts without overlap, the last perhaps past midnight."""
    edges = sorted(draw(st.lists(minutes_of_day, max_size=6, unique=True)))
    shifts = [Shift(_time(begin), _time(end)) for begin, end in zip(edges[::2], edges[1::2], strict=False)]
    if len(edges) % 2:
        shifts.append(Shift(_time(edges[-1]), _time(draw(st.integers(0, edges[-1])))))
    return tuple(draw(st.permutations(shifts)))


@st.composite
def opening_hours(draw: st.DrawFn) -> OpeningHours:
    weekly = tuple(draw(day_shifts()) for _ in range(7))
    days = draw(st.lists(days_around_changes, max_size=3, unique=True))
    return OpeningHours(weekly, tuple(SpecialDate(day, draw(day_shifts())) for day in days))


def shown_open(hours: OpeningHours, moment: datetime, zone: ZoneInfo) -> bool:
    """The rule as the wall clock reads: within a shift of today, or of yesterday past midnight."""
    wall = moment.astimezone(zone)
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    return any(begin <= minute < end for begin, end in (shift.minutes for shift in hours.shifts_on(today))) or any(
        minute + 24 * 60 < end for _, end in (shift.minutes for shift in hours.shifts_on(yesterday))
    )


def comes_twice(moment: datetime, zone: ZoneInfo) -> bool:
    wall = moment.astimezone(zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


# properties


@given(opening_hours(), moments, st.sampled_from(ZONES))
def test_open_is_what_the_wall_clock_says_except_that_a_doubled_hour_is_not_interrupted(
    hours: OpeningHours, moment: datetime, zone: ZoneInfo
) -> None:
    is_open, shown = hours.is_open_at(moment, zone), shown_open(hours, moment, zone)
    assert is_open == shown or (is_open and comes_twice(moment, zone))


@given(opening_hours(), moments, st.sampled_from(ZONES))
def test_intervals_say_the_same_as_asking_for_a_moment(hours: OpeningHours, moment: datetime, zone: ZoneInfo) -> None:
    intervals = list(hours.intervals(moment, zone, 5))
    assert all(begin < end for begin, end in intervals)
    assert all(before[1] < after[0] for before, after in pairwise(intervals))
    for later in (moment + timedelta(minutes=17 * step) for step in range(300)):
        assert hours.is_open_at(later, zone) == any(begin <= later < end for begin, end in intervals)


@given(opening_hours(), moments, st.sampled_from(ZONES), st.floats(0, 1))
def test_the_next_opening_is_the_first_one(hours: OpeningHours, moment: datetime, zone: ZoneInfo, share: float) -> None:
    opening = hours.next_opening_after(moment, zone)
    if opening is None:
        return
    assert opening > moment
    assert hours.is_open_at(opening, zone)
    assert not hours.is_open_at(opening - timedelta(seconds=1), zone)
    between = moment + (opening - moment) * share
    if not hours.is_open_at(between, zone) and between < opening:
        assert hours.next_opening_after(between, zone) == opening


# examples


def test_split_shifts() -> None:
    hours = every_day("11:00-14:00", "17:00-22:00")
    expected = {"10:59": False, "11:00": True, "13:59": True, "14:00": False, "16:59": False, "17:00": True}
    assert {clock: hours.is_open_at(local(HELSINKI, f"2026-06-03T{clock}"), HELSINKI) for clock in expected} == expected


def test_a_shift_past_midnight_belongs_to_the_day_it_begins() -> None:
    friday_only = OpeningHours(tuple((shift("18:00-02:00"),) if day == 4 else () for day in range(7)))
    friday, saturday = "2026-06-05", "2026-06-06"
    assert friday_only.is_open_at(local(HELSINKI, f"{saturday}T01:59"), HELSINKI)
    assert not friday_only.is_open_at(local(HELSINKI, f"{saturday}T02:00"), HELSINKI)
    assert not friday_only.is_open_at(local(HELSINKI, f"{friday}T01:00"), HELSINKI)
    assert friday_only.next_opening_after(local(HELSINKI, f"{saturday}T01:00"), HELSINKI) == local(
        HELSINKI, "2026-06-12T18:00"
    )


def test_round_the_clock_never_opens_again_because_it_never_closes() -> None:
    hours = every_day("00:00-00:00")
    moment = local(NEW_YORK, "2026-03-07T12:00")
    assert hours.is_open_at(moment, NEW_YORK)
    assert hours.next_opening_after(moment, NEW_YORK) is None
    assert len(list(hours.intervals(moment, NEW_YORK, 20))) == 1


def test_always_closed() -> None:
    assert OpeningHours().next_opening_after(datetime(2026, 1, 1, tzinfo=UTC), HELSINKI) is None
    assert not OpeningHours().is_open_at(datetime(2026, 1, 1, tzinfo=UTC), HELSINKI)


@pytest.mark.parametrize(("zone", "day"), [(HELSINKI, "2026-03-29"), (NEW_YORK, "2026-03-08")])
def test_a_night_in_which_clocks_go_forward_is_an_hour_shorter(zone: ZoneInfo, day: str) -> None:
    hours = every_day("20:00-06:00")
    evening = local(zone, day) - timedelta(hours=4)
    ((begin, end), *_) = hours.intervals(evening, zone, 2)
    assert end - begin == timedelta(hours=9)
    assert end == local(zone, f"{day}T06:00")


@pytest.mark.parametrize(("zone", "day"), [(HELSINKI, "2026-10-25"), (NEW_YORK, "2026-11-01")])
def test_a_night_in_which_clocks_go_back_is_an_hour_longer(zone: ZoneInfo, day: str) -> None:
    hours = every_day("20:00-06:00")
    evening = local(zone, day) - timedelta(hours=4)
    ((begin, end), *_) = hours.intervals(evening, zone, 2)
    assert end - begin == timedelta(hours=11)


@pytest.mark.parametrize(
    ("zone", "day", "hour"), [(HELSINKI, "2026-03-29", 3), (NEW_YORK, "2026-03-08", 2)], ids=["helsinki", "new-york"]
)
def test_times_that_do_not_exist_mean_the_jump(zone: ZoneInfo, day: str, hour: int) -> None:
    jump = local(zone, f"{day}T{hour + 1:02}:00")
    midnight = local(zone, f"{day}T00:00")
    opens_in_gap = every_day(f"{hour:02}:30-08:00")
    assert opens_in_gap.next_opening_after(midnight, zone) == jump
    closes_in_gap = every_day(f"00:30-{hour:02}:30")
    assert closes_in_gap.is_open_at(jump - timedelta(seconds=1), zone)
    assert not closes_in_gap.is_open_at(jump, zone)
    within_gap = every_day(f"{hour:02}:10-{hour:02}:50")
    assert within_gap.next_opening_after(midnight, zone) == local(zone, f"{day}T{hour:02}:10") + timedelta(hours=23)


@pytest.mark.parametrize(
    ("zone", "day", "hour"), [(HELSINKI, "2026-10-25", 3), (NEW_YORK, "2026-11-01", 1)], ids=["helsinki", "new-york"]
)
def test_a_doubled_hour_opens_at_its_first_and_closes_at_its_last_occurrence(
    zone: ZoneInfo, day: str, hour: int
) -> None:
    hours = every_day(f"{hour:02}:10-{hour:02}:50")
    midnight = local(zone, f"{day}T00:00")
    ((begin, end), *_) = hours.intervals(midnight, zone, 1)
    assert begin == local(zone, f"{day}T{hour:02}:10", fold=0)
    assert end == local(zone, f"{day}T{hour:02}:50", fold=1)
    assert end - begin == timedelta(minutes=100)


def test_special_dates_replace_the_weekday_and_leave_the_evening_before_alone() -> None:
    closed, short = date(2026, 12, 24), date(2026, 12, 25)
    hours = OpeningHours(
        ((shift("11:00-01:00"),),) * 7, (SpecialDate(closed), SpecialDate(short, (shift("12:00-15:00"),)))
    )
    assert hours.is_open_at(local(HELSINKI, "2026-12-24T00:30"), HELSINKI)
    assert not hours.is_open_at(local(HELSINKI, "2026-12-24T12:00"), HELSINKI)
    assert not hours.is_open_at(local(HELSINKI, "2026-12-25T00:30"), HELSINKI)
    assert hours.next_opening_after(local(HELSINKI, "2026-12-24T12:00"), HELSINKI) == local(
        HELSINKI, "2026-12-25T12:00"
    )
    assert not hours.is_open_at(local(HELSINKI, "2026-12-25T15:00"), HELSINKI)
    assert hours.is_open_at(local(HELSINKI, "2026-12-26T11:00"), HELSINKI)


def test_open_only_on_a_special_date_months_ahead() -> None:
    hours = OpeningHours(special_dates=(SpecialDate(date(2026, 12, 31), (shift("18:00-04:00"),)),))
    opening = hours.next_opening_after(local(HELSINKI, "2026-03-01T12:00"), HELSINKI)
    assert opening == local(HELSINKI, "2026-12-31T18:00")


@pytest.mark.parametrize(
    "shifts", [("10:00-12:00", "11:00-13:00"), ("00:00-00:00", "12:00-13:00"), ("10:00-02:00", "11:00-12:00")]
)
def test_overlapping_shifts_are_refused(shifts: tuple[str, ...]) -> None:
    with pytest.raises(OverlappingShifts):
        every_day(*shifts)


def test_a_special_date_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        OpeningHours(special_dates=(SpecialDate(date(2026, 1, 1)), SpecialDate(date(2026, 1, 1))))
