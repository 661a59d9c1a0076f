"""The grammar of times as people write them, over the tokens of one line: clock, half of the day, zone, and how long ago.

Each rule looks a bounded number of tokens ahead, so that reading a line is linear. Nothing
here knows what time it is: `aggregator.arabic.dateplacing` places what was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from aggregator.arabic.datewords import AND, Line
from aggregator.arabic.stamps import Impossible, offset, on_24_hours
from aggregator.arabic.zones import zone

_HOUR_MARK = frozenset(("h", "heures", "heure", "س"))
_DATE_SIGNS = frozenset("/|–—−؍\\")  # behind a number they make it part of a date, not of an offset


@dataclass(slots=True)
class Clock:
    """A time of day as written; ``zone`` None is the source's own."""

    hour: int
    minute: int = 0
    second: int = 0
    microsecond: int = 0
    zone: tzinfo | None = None


@dataclass(slots=True)
class Distance:
    """How long ago: ``seconds`` and calendar ``months`` (a year is 12); ``unit`` is the smallest that is named."""

    seconds: int = 0
    months: int = 0
    unit: str = "second"


def clock_at(line: Line, index: int, *, labelled: bool = False) -> tuple[Clock, int] | None:
    """Read a time of day at a place: «10:15:30», «3:15 مساء», «14h30», «3 مساء», «م 10:15», and the zone behind it.

    ``labelled`` says that «الساعة» stands before it, which lets «14.30», «10 و30 دقيقة», «الثالثة والنصف» and a bare hour be times.
    """
    before = line.phrase("half", index)
    if before is not None:
        if not (line.number(before[1]) >= 0 and line.text(before[1] + 1) == ":"):
            return None
        index = before[1]
    found = _digits_clock(line, index, labelled) or (_spoken_clock(line, index) if labelled else None)
    if found is None:
        return None
    clock, after = found
    half = line.phrase("half", after) or (line.phrase("half", after + 1) if line.text(after) in ("-", "(", ",") else None)
    if half is not None:
        after = half[1]
    if half or before:
        clock.hour = _halved(clock.hour, (half or before or ("", 0))[0])
    if clock.hour > 24 or clock.minute > 59 or clock.second > 60 or (clock.hour == 24 and clock.minute):
        raise Impossible(f"{clock.hour:02}:{clock.minute:02}:{clock.second:02} is no time of day")
    clock.zone, after = _zone(line, after)
    return clock, after


def _digits_clock(line: Line, index: int, labelled: bool) -> tuple[Clock, int] | None:
    hour = line.number(index)
    if hour < 0:
        return None
    sign, minute = line.text(index + 1), line.number(index + 2)
    if sign == ":" and minute >= 0:
        return _seconds(line, Clock(hour, minute), index + 3)
    if sign in _HOUR_MARK:
        if minute >= 0 and line.digits(index + 2) == 2:
            after = index + 3
            return Clock(hour, minute), after + (1 if line.text(after) in ("min", "mn", "د", "m") else 0)
        return Clock(hour), index + 2
    if labelled and (sign in (".", ",") or sign in AND) and minute >= 0:
        unit = line.phrase("unit", index + 3)
        return Clock(hour, minute), unit[1] if unit and unit[0] == "minute" else index + 3
    if line.phrase("half", index + 1) or labelled:
        return Clock(hour), index + 1
    return None


def _seconds(line: Line, clock: Clock, after: int) -> tuple[Clock, int]:
    if line.text(after) == ":" and line.number(after + 1) >= 0:
        clock.second, after = line.number(after + 1), after + 2
        if line.text(after) in (".", ",") and line.glued(after + 1) and line.digits(after + 1):
            clock.microsecond, after = int(line.text(after + 1)[:6].ljust(6, "0")), after + 2
    return clock, after


def _spoken_clock(line: Line, index: int) -> tuple[Clock, int] | None:
    """Read «الثالثة والنصف», «العاشرة و20 دقيقة», «الثانية عشرة إلا ربعا»."""
    hour = line.phrase("hourword", index)
    if hour is None:
        return None
    minutes, after = 0, hour[1]
    if line.text(after) in ("و", "الا"):
        sign = 1 if line.text(after) == "و" else -1
        found = line.phrase("part", after + 1) or _number(line, after + 1)
        if found is not None:
            minutes, after = sign * int(found[0]), found[1]
            unit = line.phrase("unit", after)
            after = unit[1] if unit and unit[0] == "minute" else after
    total = int(hour[0]) * 60 + minutes
    return Clock(total // 60 % 24, total % 60), after


def _halved(hour: int, half: str) -> int:
    """Place an hour in its half of the day: noon reaches from 10 to 5 («1 ظهرا» is 13), night from 6 in the evening to 5."""
    if half == "noon":
        return on_24_hours(hour, hour not in (10, 11))
    if half == "night":
        return on_24_hours(hour, 6 <= hour < 12)
    return on_24_hours(hour, half == "pm")


def _zone(line: Line, index: int) -> tuple[tzinfo | None, int]:
    """Read «بتوقيت غرينتش», «GMT+1», «+03:00», «(CET)» behind a clock."""
    start = index + 1 if line.text(index) in ("(", ",", "[") else index
    if named := line.phrase("zone", start):
        return (None if named[0] == "local" else zone(named[0])), named[1] + (1 if line.text(named[1]) == ")" else 0)
    after, text = start, ""
    if line.text(after).isascii() and line.text(after).isalpha() and len(line.text(after)) <= 4:
        text, after = line.text(after), after + 1
    if line.text(after) in ("+", "-", "−") and line.glued(after + 1) and line.digits(after + 1) in (1, 2, 4):
        hours = line.text(after + 1)
        signed = ("+" if line.text(after) == "+" else "-") + hours
        if line.text(after + 2) == ":" and line.digits(after + 3) == 2:
            signed, beyond = f"{signed}:{line.text(after + 3)}", after + 4
        else:
            beyond = after + 2
        # «10:15 -20/1/2025»: a day, not an offset
        if (text or len(hours) == 4 or beyond == after + 4) and line.text(beyond) not in _DATE_SIGNS:
            text, after = text + signed, beyond
    found = offset(text) if text else None
    if found is None:
        return None, index
    return found, after + (1 if line.text(after) in (")", "]") else 0)


_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


def distance_at(line: Line, index: int) -> tuple[Distance, int] | None:
    """Read how long ago at a place: «منذ ساعتين», «قبل 3 أيام», «il y a une heure et demie», «5 minutes ago»."""
    since = line.phrase("since", index)
    found = _amounts(line, since[1] if since else index)
    if found is None:
        return None
    distance, after = found
    past = line.phrase("past", after)
    if not (since or past):
        return None
    return distance, past[1] if past else after


def _amounts(line: Line, index: int) -> tuple[Distance, int] | None:
    distance, after, last = Distance(), index, ""
    for turn in range(3):
        start = after
        if turn:
            if line.text(after) not in AND and line.text(after) != ",":
                break
            start = after + 1
            part = line.phrase("part", start)
            if part and last in _SECONDS and not line.phrase("unit", part[1]):
                distance.seconds += _SECONDS[last] * int(part[0]) // 60
                return distance, part[1]
        found = _amount(line, start)
        if found is None:
            break
        count, last, after = found
        distance.unit = last
        if last in _SECONDS:
            distance.seconds += int(count * _SECONDS[last])
        elif count != int(count):
            return None
        else:
            distance.months += int(count) * (12 if last == "year" else 1)
    return (distance, after) if after > index else None


def _amount(line: Line, index: int) -> tuple[float, str, int] | None:
    """Read one count with its unit: «3 أيام», «ساعتين», «ساعة», «نصف ساعة», «خمس وعشرين دقيقة»."""
    if dual := line.phrase("dual", index):
        return 2, dual[0], dual[1]
    count: float = 1
    if part := line.phrase("part", index):
        count, index = int(part[0]) / 60, part[1]
    elif number := _number(line, index):
        count, index = number
    unit = line.phrase("unit", index)
    if unit is None:
        return None
    after = unit[1]
    if count == 1 and line.phrase("number", after) and line.phrase("number", after)[0] == "1":  # type: ignore[index]
        after += 1  # «يوم واحد»
    return count, unit[0], after


def _number(line: Line, index: int) -> tuple[int, int] | None:
    if line.digits(index):
        value = line.number(index, 4)
        return (value, index + 1) if value >= 0 else None
    units = line.phrase("number", index)
    if units is None:
        return None
    value, after = int(units[0]), units[1]
    if value < 10 and line.text(after) in AND and (tens := line.phrase("number", after + 1)) and int(tens[0]) >= 20:
        return value + int(tens[0]), tens[1]
    return value, after
