"""Place what the grammar of dates read: in a year, in a calendar, before ``now``, in the order of day and month of its country."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from aggregator.arabic import hijri, stamps
from aggregator.arabic.clockgrammar import Clock, Distance
from aggregator.arabic.daygrammar import Day
from aggregator.arabic.stamps import Impossible, Stamp

_PRECISION = {"day": "day", "week": "day", "month": "month", "year": "year"}


@dataclass(slots=True)
class Reading:
    """What the grammar found in one line."""

    day: Day | None = None
    other: Day | None = None  # the same day on the other calendar
    clock: Clock | None = None
    weekday: int | None = None
    distance: Distance | None = None
    days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a text is read: decides what it leaves open."""

    zone: tzinfo
    country: str
    now: datetime
    day_first: bool

    @property
    def today(self) -> date:
        """Give the day it is for the source."""
        return self.now.astimezone(self.zone).date()


def place_reading(reading: Reading, place: Place) -> Stamp:
    """Give the stamp that a reading means for its source; raises `Impossible` for what no calendar has."""
    if reading.distance is not None:
        return _ago(reading.distance, place)
    if reading.day is not None:
        stamp = _of_day(reading, place)
    elif reading.days_ago is not None:
        stamp = _on(place.today - timedelta(days=reading.days_ago))
    else:
        return _last_clock(reading, place)
    stamp.weekday = reading.weekday
    if reading.clock is not None:
        _set_clock(stamp, reading.clock)
    return stamp


def _on(day: date, problem: str = "") -> Stamp:
    return Stamp(day.year, day.month, day.day, problem=problem)


def _set_clock(stamp: Stamp, clock: Clock) -> None:
    stamp.hour, stamp.minute, stamp.second, stamp.microsecond = clock.hour, clock.minute, clock.second, clock.microsecond
    stamp.zone, stamp.precision = clock.zone, "time"


def _ago(distance: Distance, place: Place) -> Stamp:
    local = place.now.astimezone(place.zone)
    months = local.year * 12 + local.month - 1 - distance.months
    year, month = divmod(months, 12)
    stamps.check_year(year)
    local = local.replace(year=year, month=month + 1, day=min(local.day, calendar.monthrange(year, month + 1)[1]))
    moment = local.astimezone(UTC) - timedelta(seconds=distance.seconds)  # four digits of weeks at most: no overflow
    stamp = _on(moment.date())
    _set_clock(stamp, Clock(moment.hour, moment.minute, moment.second, moment.microsecond, UTC))
    stamp.precision = _PRECISION.get(distance.unit, "time")
    return stamp


def _last_clock(reading: Reading, place: Place) -> Stamp:
    clock = reading.clock or Clock(0)

    def back(days: int) -> Stamp:
        stamp = _on(place.today - timedelta(days=days), "no day is given; the last such time is meant")
        _set_clock(stamp, clock)
        return stamp

    def fits(stamp: Stamp) -> bool:
        soon = place.now + timedelta(minutes=5)  # the source's clock may be a little ahead
        day = date(stamp.year, stamp.month, stamp.day).weekday()
        return stamps.moment(stamp, place.zone) <= soon and reading.weekday in (None, day)

    # each weekday is among nine days of which the last is at most a day ahead
    return next(stamp for stamp in map(back, range(-1, 10)) if fits(stamp))


def _of_day(reading: Reading, place: Place) -> Stamp:
    day, other = reading.day, reading.other
    assert day is not None
    if day.calendar == "hijri" and other is not None:
        day, other = other, day
    if day.year is None and other is not None:
        day, other = other, None  # «20 رجب 1446 الموافق 20 يناير»: the Hijri year tells
    if day.calendar == "hijri":
        return _of_hijri(day, reading.weekday, place)
    stamp = _of_gregorian(day, reading.weekday, place)
    if other is not None and other.year is not None:
        _compare(stamp, other)
    return stamp


def _compare(stamp: Stamp, other: Day) -> None:
    """Remark a Hijri date that can't be, or is more than two days away from the Gregorian one beside it (sightings differ by less)."""
    try:
        beside = hijri.to_gregorian(other.year or 0, other.month, other.day)
    except Impossible as error:
        stamp.problem = str(error)
        return
    try:
        apart = (beside - date(stamp.year, stamp.month, stamp.day)).days
    except ValueError:
        return  # the Gregorian one can't be; whoever places it says so
    if abs(apart) > 2:
        stamp.problem = f"the Hijri date beside it is {abs(apart)} days away"


def _of_gregorian(day: Day, weekday: int | None, place: Place) -> Stamp:
    month, number, problem = day.month, day.day, ""
    if day.order is not None:
        month, number, problem = _ordered(day, weekday, place)
    if day.year is not None:
        return Stamp(day.year, month, number, precision=day.precision, problem=problem)
    this = place.today.year
    return _without_year(lambda year: date(year, month, number), range(this + 1, this - 9, -1), weekday, place)


def _ordered(day: Day, weekday: int | None, place: Place) -> tuple[int, int, str]:
    """Decide which of «7/8/2025» is the month: the other order only where the usual one can't be, or where the weekday says so."""
    a, b = day.order or (0, 0)
    usual, other = ((b, a), (a, b)) if place.day_first else ((a, b), (b, a))
    if usual[0] > 12 >= other[0]:
        return *other, "day and month stand in the other order"
    if weekday is not None and not place.country and day.year is not None:
        try:
            days = date(day.year, *usual).weekday(), date(day.year, *other).weekday()
        except ValueError:
            return *usual, ""
        if days[0] != weekday == days[1]:
            return *other, "the weekday tells that day and month stand in the other order"
    return *usual, ""


def _of_hijri(day: Day, weekday: int | None, place: Place) -> Stamp:
    if day.order is not None and day.month > 12 >= day.day:
        day.month, day.day = day.day, day.month
    if day.year is None:
        this = (hijri.from_gregorian(place.today) or (0, 0, 0))[0]
        return _without_year(lambda year: hijri.to_gregorian(year, day.month, day.day), range(this + 1, this - 9, -1), weekday, place)
    found = hijri.to_gregorian(day.year, day.month, day.day)
    if day.precision != "day":
        return Stamp(found.year, found.month, found.day, precision=day.precision)
    if weekday is not None and place.country not in ("", "SA"):
        # the country's own sighting: «الاثنين 20 رجب» where Umm al-Qura has a Sunday
        for shift in (1, -1):
            if found.weekday() != weekday == (found + timedelta(days=shift)).weekday():
                return _on(
                    found + timedelta(days=shift), "the weekday tells that the country's Hijri calendar is a day apart from Umm al-Qura"
                )
    return _on(found)


def _without_year(make: Callable[[int], date], years: range, weekday: int | None, place: Place) -> Stamp:
    """Take the last such day that isn't to come (tomorrow is allowed: the source's clock may be ahead), with the weekday if one is given."""
    possible, problem = [], "the day is in no year"
    for year in years:
        try:
            found = make(year)
        except (ValueError, Impossible) as error:
            problem = str(error)
            continue
        if found <= place.today + timedelta(days=1):
            possible.append(found)
    if not possible:
        raise Impossible(problem)
    fitting = [found for found in possible if weekday is None or found.weekday() == weekday]
    return _on((fitting or possible)[0], "no year is given; the last such day is meant")
