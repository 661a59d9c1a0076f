"""Read the dates of feeds and newspapers, in Arabic, French and English, on any calendar they use.

Programs' dates (`aggregator.arabic.stamps`) are tried first and cost microseconds; what people
write goes through `daygrammar` and `clockgrammar` and is
put in its place by `dateplacing`. A date is never guessed: what can't be is
None with a reason; what is odd but clear (a weekday that doesn't fit, a year left out) is a
date with a remark. ``now`` is always passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from aggregator.arabic import stamps
from aggregator.arabic.clockgrammar import Clock, Distance, clock_at, distance_at
from aggregator.arabic.dateplacing import Place, Reading, place_reading
from aggregator.arabic.datewords import Line
from aggregator.arabic.daygrammar import Day, day_at, fillers
from aggregator.arabic.stamps import Impossible, Stamp
from aggregator.arabic.zones import zone

MAX_DATE = 200
MAX_LINE = 2_000
_SHORT = 14  # tokens: in a longer line «اليوم» and «منذ يومين» are part of the story
_MONTH_FIRST = frozenset(("US",))
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NULL_DATES = ("0000-00-00", "0001-01-01", "-0001", "1970-01-01T00:00:00", "1970-01-01 00:00:00")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DateResult:
    """A moment in UTC, or None and why not.

    ``problem`` says why there is no date, or what is odd about the one there is; ``precision``
    is ``time``, ``day``, ``month`` or ``year``: a day without a clock is its local midnight,
    a month its first day, and «منذ 3 أيام» is told to the day.
    """

    value: datetime | None
    problem: str = ""
    precision: str = ""

    def __bool__(self) -> bool:
        return self.value is not None


class _Hopeless(Impossible):
    """What makes the whole text no date."""


def parse_date(text: str, *, timezone: str | tzinfo = "UTC", country: str = "", now: datetime, dayfirst: bool | None = None) -> DateResult:
    """Read a text that is a date, such as a feed's ``pubDate`` or a page's date line.

    ``timezone`` and ``country`` (ISO 3166) are the source's: they say what a time without a zone
    means and whether 7/8/2025 is in August (everywhere but in the US, unless ``dayfirst`` says otherwise).
    ``now`` (aware) is what «منذ ساعتين» and a missing year count from. Never raises for what the
    text holds; an unknown ``timezone`` is a `UsageError`.

    >>> now = datetime(2026, 11, 25, 12, tzinfo=fixed.utc)
    >>> parse_date("الثلاثاء16 يوليوز 2024 - 10:15", timezone="Africa/Casablanca", now=now).value.isoformat()
    '2024-07-16T09:15:00+00:00'
    >>> parse_date("31 فبراير 2025", now=now).problem
    '2025-02-31: day is out of range for month'
    """
    place = _place(timezone, country, now, dayfirst)
    text = " ".join(text[: MAX_DATE * 2].split())
    if not text:
        return DateResult(None, "no date is given")
    if len(text) > MAX_DATE:
        return DateResult(None, f"{len(text)} characters are no date")
    if text.startswith(_NULL_DATES) or "-0001" in text:
        return DateResult(None, f"{text[:40]!r} is a program's zero, not a date")
    try:
        stamp = stamps.read(text, country)
        if stamp is not None:
            return _finish(stamp, place)
        return _first([_whole(Line(text), place)], text)
    except Impossible as error:
        return DateResult(None, str(error))


def find_date(text: str, *, timezone: str | tzinfo = "UTC", country: str = "", now: datetime, dayfirst: bool | None = None) -> DateResult:
    """Find the publication date in a longer line, such as a by-line or the head of a page.

    A date marked as published («نشر في») is preferred, one marked as updated («آخر تحديث») comes last.
    Arguments as for `parse_date`.

    >>> now = datetime(2026, 11, 25, 12, tzinfo=fixed.utc)
    >>> find_date("آخر تحديث: 21/01/2025 | نشر في 20 يناير 2025 على الساعة 10:15 - الرباط", now=now).value.isoformat()
    '2025-01-20T10:15:00+00:00'
    """
    place = _place(timezone, country, now, dayfirst)
    line = Line(text[:MAX_LINE])
    readings, problem = _search(line)
    if not readings and len(line) <= _SHORT:
        try:
            reading = _relative(line, whole=False)
        except Impossible as error:
            return DateResult(None, str(error))
        readings = [reading] if reading else []
    for reading in readings:
        try:
            return _finish(place_reading(reading, place), place, reading)
        except Impossible as error:
            problem = problem or str(error)
    return DateResult(None, problem or "no date is found")


def _place(timezone: str | tzinfo, country: str, now: datetime, dayfirst: bool | None) -> Place:
    first = country.upper() not in _MONTH_FIRST if dayfirst is None else dayfirst
    return Place(zone(timezone) if isinstance(timezone, str) else timezone, country.upper(), now, first)


def _first(results: list[DateResult | None], text: str) -> DateResult:
    return next((result for result in results if result is not None), DateResult(None, f"{text[:40]!r} is not a date that is known"))


def _whole(line: Line, place: Place) -> DateResult | None:
    readings, problem = _search(line, whole=True)
    if problem:
        return DateResult(None, problem)
    reading = readings[0] if readings else _relative(line, whole=True) or _bare_clock(line)
    return _finish(place_reading(reading, place), place, reading) if reading else None


# -- searching a line -----------------------------------------------------------------------


def _search(line: Line, *, whole: bool = False) -> tuple[list[Reading], str]:
    """Read the calendar days of a line, published ones first; also why one that looked like a date can't be."""
    found: list[tuple[int, Reading]] = []
    problem, index, clock = "", 0, None
    while index < len(line) and len(found) < 6:
        try:
            day = day_at(line, index, whole=whole)
            if day is None:
                clock_here = _clock_here(line, index, whole)
                if clock_here is not None:
                    clock, index = (clock_here[0], clock_here[1]), clock_here[1]
                else:
                    index += 1
                continue
            reading, after = _around(line, index, day, clock, whole)
        except _Hopeless:
            raise
        except Impossible as error:
            problem, index = problem or str(error), index + 1
            continue
        if reading is not None:
            found.append((_rank(line, index), reading))
        index, clock = max(after, index + 1), None
    found.sort(key=lambda ranked: ranked[0])
    return [reading for _, reading in found], problem if not found else ""


def _clock_here(line: Line, index: int, whole: bool) -> tuple[Clock, int] | None:
    """Read a clock that can be nothing else; where the whole text should be a date, an impossible one ends the matter."""
    label = line.phrase("at", index)
    try:
        if label is not None and line.text(label[1] - 1) == "الساعه":
            return clock_at(line, label[1], labelled=True)
        if line.digits(index) and line.text(index + 1) in (":", "h"):
            return clock_at(line, index)
    except Impossible as error:
        if whole:
            raise _Hopeless(str(error)) from None
    return None


def _around(line: Line, index: int, day: tuple[Day, int], clock: tuple[Clock, int] | None, whole: bool) -> tuple[Reading | None, int]:
    """Take what belongs to a day: the weekday, the same day on the other calendar, the clock before or behind it."""
    reading = Reading(day=day[0], weekday=_weekday_before(line, index))
    after = day[1]
    reading.other, after = _other_calendar(line, day[0], after)
    beyond, weekday = fillers(line, after)
    if reading.weekday is None:
        reading.weekday = weekday
    labelled = any(line.text(n) == "الساعه" for n in range(after, beyond))
    timed = clock_at(line, beyond, labelled=labelled)
    if timed is not None:
        reading.clock, after = timed
    elif clock is not None and fillers(line, clock[1])[0] >= index - 1:
        reading.clock = clock[0]
    if day[0].year is None and not whole and reading.weekday is None and reading.clock is None:
        return None, after  # «5 مارس» in a sentence may be of any year
    return reading, after


def _weekday_before(line: Line, index: int) -> int | None:
    for start in range(max(0, index - 4), index):
        found = line.phrase("weekday", start)
        if found is not None and fillers(line, found[1])[0] >= index:
            return int(found[0])
    return None


def _other_calendar(line: Line, day: Day, after: int) -> tuple[Day | None, int]:
    """Read the second half of «20 رجب 1446 الموافق 20 يناير 2025»."""
    index, same = after, False
    for _ in range(6):
        if found := line.phrase("same", index):
            index, same = found[1], True
            continue
        beyond, _weekday = fillers(line, index, most=1)
        if beyond == index:
            break
        index = beyond
    try:
        found_day = day_at(line, index, whole=False)
    except Impossible:
        return None, after
    if found_day is None or found_day[0].calendar == day.calendar or (found_day[0].year is None and not same):
        return None, after
    return found_day


def _rank(line: Line, index: int) -> int:
    """Order dates by the label before them: published, unmarked, updated."""
    for start in range(index - 1, max(-1, index - 9), -1):
        if line.phrase("published", start):
            return 0
        if line.phrase("updated", start):
            return 2
    return 1


def _relative(line: Line, *, whole: bool) -> Reading | None:
    for index in range(len(line)):
        if line.phrase("now", index):
            return Reading(distance=Distance())
        distance = distance_at(line, index)
        if distance is not None and (whole or line.text(distance[1]) != "من"):
            return Reading(distance=distance[0])
        day = line.phrase("dayword", index)
        if day is not None:
            beyond, weekday = fillers(line, day[1])
            labelled = any(line.text(n) == "الساعه" for n in range(day[1], beyond))
            clock = clock_at(line, beyond, labelled=labelled) or _clock_before(line, index)
            if whole or clock or len(line) <= 6:
                return Reading(days_ago=-int(day[0]), clock=clock[0] if clock else None, weekday=weekday)
    return None


def _clock_before(line: Line, index: int) -> tuple[Clock, int] | None:
    for start in range(max(0, index - 8), index):
        clock = _clock_here(line, start, whole=False)
        if clock is not None and fillers(line, clock[1])[0] >= index:
            return clock
    return None


def _bare_clock(line: Line) -> Reading | None:
    """Read a text that is a clock alone or with a weekday: the last time that it was so («الخميس 14:30», «10:15»)."""
    index, weekday = fillers(line, 0)
    labelled = any(line.text(n) == "الساعه" for n in range(index))
    clock = clock_at(line, index, labelled=labelled)
    if clock is None:
        return None
    beyond, later = fillers(line, clock[1])
    if beyond < len(line):
        return None
    return Reading(clock=clock[0], weekday=weekday if weekday is not None else later)


def _finish(stamp: Stamp, place: Place, reading: Reading | None = None) -> DateResult:
    value = stamps.moment(stamp, place.zone)
    if value == _EPOCH and reading is None:
        return DateResult(None, "Unix time zero is a program's zero, not a date")
    problem = stamp.problem
    if stamp.weekday is not None and not problem:
        actual = date(stamp.year, stamp.month, stamp.day).weekday()
        if actual != stamp.weekday:
            problem = f"it is a {_DAY_NAMES[actual]}, not a {_DAY_NAMES[stamp.weekday]}"
    return DateResult(value, problem, stamp.precision)
