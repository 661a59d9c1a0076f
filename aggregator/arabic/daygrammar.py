"""The grammar of calendar days as people write them, over the tokens of one line.

Each rule looks a bounded number of tokens ahead, so that reading a line is linear. Nothing
here knows what day it is: `aggregator.arabic.dateplacing` places what was read.
"""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.arabic.clockgrammar import clock_at
from aggregator.arabic.datewords import Line
from aggregator.arabic.stamps import HIJRI_YEARS, Impossible, year_of

_BETWEEN = frozenset("/-.,|–—−؍\\")
_ORDINAL = frozenset(("er", "st", "nd", "rd", "th", "e", "°", "º", "o"))
_FILLER = frozenset(",-–—|•·/()[]:;.،«»*؍@~")


@dataclass(slots=True)
class Day:
    """A calendar day as written. ``year`` None: not written; ``order`` (a, b) of «a/b/year» while it is open which is the day."""

    year: int | None
    month: int
    day: int
    calendar: str = "gregorian"
    order: tuple[int, int] | None = None
    precision: str = "day"


def fillers(line: Line, index: int, most: int = 6) -> tuple[int, int | None]:
    """Step over what stands between a date's parts («، الاثنين - على الساعة»); gives the place after it and a weekday met on the way."""
    weekday = None
    for _ in range(most):
        if line.text(index) in _FILLER and line.text(index):
            index += 1
        elif found := line.phrase("at", index):
            index = found[1]
        elif found := line.phrase("weekday", index):
            weekday, index = int(found[0]), found[1]
        else:
            break
    return index, weekday


def day_at(line: Line, index: int, *, whole: bool) -> tuple[Day, int] | None:
    """Read a calendar day that starts at a place; ``whole`` allows forms that only a text that is a date can mean.

    Raises `Impossible` for a form of a date whose parts contradict each other.
    """
    for rule in (_numeric, _day_first, _month_first, _year_first):
        found = rule(line, index, whole)
        if found is not None:
            day, after = found
            return _with_era(line, day, after)
    return None


def _numeric(line: Line, index: int, whole: bool) -> tuple[Day, int] | None:
    """Read «20/1/2025», «28-7-2025», «2025.01.20», «20/01/25», «20 / 1 / 2025»."""
    if whole and index == 0 and line.digits(2) == 4 and 0 < line.digits(0) <= 2 and 0 < line.digits(1) <= 2:
        return Day(line.number(2, 4), line.number(1), line.number(0), order=(line.number(0), line.number(1))), 3  # «20 01 2025»
    first, sign, second, third = line.number(index, 4), line.text(index + 1), line.number(index + 2), line.number(index + 4, 4)
    if min(first, second, third) < 0 or sign not in _BETWEEN or line.text(index + 3) != sign:
        return None
    if _runs_on(line, index, index + 4):
        return None
    widths = line.digits(index), line.digits(index + 4)
    if widths[0] == 4 and widths[1] <= 2:
        return Day(first, second, third), index + 5
    if widths[0] > 2 or not (widths[1] == 4 or (widths[1] == 2 and (whole or sign == "/"))):
        return None
    return Day(year_of(line.text(index + 4)), second, first, order=(first, second)), index + 5


def _runs_on(line: Line, first: int, last: int) -> bool:
    """Tell whether the number belongs to a longer one, such as an address «10.1.2.2025» or a phone number."""
    before = line.glued(first) and line.text(first - 1) in _BETWEEN and line.digits(first - 2) > 0 and line.glued(first - 1)
    after = line.glued(last + 1) and line.text(last + 1) in _BETWEEN and line.glued(last + 2) and line.digits(last + 2) > 0
    return before or (after and line.text(last + 3) != ":")


def _day_first(line: Line, index: int, whole: bool) -> tuple[Day, int] | None:
    """Read «20 يناير 2025», «20 كانون الثاني/يناير 2025», «1er mai», «28-يوليوز-2025», «فاتح ماي 2025», «20 رجب 1446»."""
    day = line.number(index)
    after = index + 1
    if day < 0:
        named = _named_day(line, index)
        if named is None:
            return None
        day, after = named
    elif line.text(after) in _ORDINAL:
        after += 1
    after = _over(line, after)
    found = _month(line, after)
    if found is None:
        return None
    month, calendar, after = found
    year, after = _year(line, after, whole)
    return Day(year, month, day, calendar), after


def _named_day(line: Line, index: int) -> tuple[int, int] | None:
    """Read «فاتح» and «غرة», and the ordinals with «من» behind them: «الثاني من» (not the one of «تشرين الثاني»)."""
    if first := line.phrase("first", index):
        return 1, first[1]
    ordinal = line.phrase("ordinal", index)
    if ordinal is None or line.text(ordinal[1]) != "من":
        return None
    return int(ordinal[0]), ordinal[1]


def _month_first(line: Line, index: int, whole: bool) -> tuple[Day, int] | None:
    """Read «يناير 20, 2025», «January 20th, 2025», ctime's «Jan 20 10:15:00 2025», and as a whole text «يناير 2025»."""
    found = _month(line, index)
    if found is None:
        return None
    month, calendar, after = found
    after = _over(line, after)
    day = line.number(after)
    if day < 0:
        year = line.number(after, 4)
        if whole and line.digits(after) == 4 and fillers(line, 0)[0] >= index and after + 1 == len(line):
            return Day(year, month, 1, calendar, precision="month"), after + 1
        return None
    if line.text(after + 1) == ":":
        return None
    after += 1
    if line.text(after) in _ORDINAL:
        after += 1
    if _one_month(line, _over(line, after)) is not None:
        return None  # «mar. 21 janv.»: a Tuesday
    year_found, beyond = _year(line, after, whole)
    if year_found is None and (clock := clock_at(line, fillers(line, after)[0])) is not None and line.digits(clock[1]) == 4:
        # ctime writes the year behind the clock; the clock is read again by whoever asks for it
        return Day(line.number(clock[1], 4), month, day, calendar), after
    return Day(year_found, month, day, calendar), beyond


def _year_first(line: Line, index: int, whole: bool) -> tuple[Day, int] | None:
    """Read «2025 يناير 20», «2025, 20 يناير», «2025-Jan-20»."""
    if line.digits(index) != 4:
        return None
    year, after = line.number(index, 4), _over(line, index + 1)
    if line.number(after) >= 0:
        found = _month(line, _over(line, after + 1))
        return (Day(year, found[0], line.number(after), found[1]), found[2]) if found else None
    found = _month(line, after)
    if found is None:
        return None
    after = _over(line, found[2])
    if line.number(after) >= 0 and line.text(after + 1) != ":":
        return Day(year, found[0], line.number(after), found[1]), after + 1
    if whole and index == 0 and found[2] == len(line):
        return Day(year, found[0], 1, found[1], precision="month"), after
    return None


def _over(line: Line, index: int) -> int:
    """Step over a sign or two and «من شهر», «de», «سنة»."""
    for _ in range(3):
        if line.text(index) in _BETWEEN and line.text(index):
            index += 1
        elif found := line.phrase("of", index):
            index = found[1]
        else:
            break
    return index


def _month(line: Line, index: int) -> tuple[int, str, int] | None:
    """Read a month and its name in another family beside it («نيسان/أبريل», «آب (أغسطس)»): number, calendar, place after."""
    found = _one_month(line, index)
    if found is None:
        return None
    month, calendar, after = found
    if line.text(after) == ".":
        after += 1
    beside = after + 1 if line.text(after) in ("/", "(", "-", "–") else after
    if beside < len(line):
        again = _one_month(line, beside)
        if again is not None and again[1] == calendar:
            if again[0] != month:
                raise Impossible("two months are named")
            after = again[2] + (1 if line.text(again[2]) == ")" else 0)
    return month, calendar, after


def _one_month(line: Line, index: int) -> tuple[int, str, int] | None:
    gregorian, hijri = line.phrase("month", index), line.phrase("hijri", index)
    if hijri and (not gregorian or hijri[1] > gregorian[1]):
        return int(hijri[0]), "hijri", hijri[1]
    return (int(gregorian[0]), "gregorian", gregorian[1]) if gregorian else None


def _year(line: Line, index: int, whole: bool) -> tuple[int | None, int]:
    """Read the year behind a month: four digits, «'25», «-25», or as the end of a text two digits."""
    after = _over(line, index + 1 if line.text(index) == ")" else index)
    if line.text(after) == "'" and line.digits(after + 1) == 2:
        return year_of(line.text(after + 1)), after + 2
    width = line.digits(after)
    clock = line.text(after + 1) in (":", "h") or line.phrase("half", after + 1) is not None
    if width == 4 and line.text(after + 1) != ":":
        return line.number(after, 4), after + 1
    if width == 2 and not clock and (after > index or (whole and after + 1 == len(line))):
        return year_of(line.text(after)), after + 1
    if whole and width >= 3:
        raise Impossible(f"{line.text(after)[:12]} is no year")
    return None, index


def _with_era(line: Line, day: Day, after: int) -> tuple[Day, int]:
    """Take «هـ» and «م» behind the year, and see that year, month and era go together."""
    era = line.phrase("era", after) or (line.phrase("era", after + 1) if line.text(after) in ("(", ".") else None)
    hijri_year = day.year is not None and day.year in HIJRI_YEARS
    if era is not None and day.year is not None:
        after = era[1] + (1 if line.text(era[1]) == ")" else 0)
        if (era[0] == "hijri") != hijri_year:
            raise Impossible(f"the year {day.year} is not of the era that is written beside it")
    if day.calendar == "gregorian" and hijri_year:
        if day.order is None and line.phrase("month", after - 2):
            raise Impossible(f"a Gregorian month with the Hijri year {day.year}")
        day.calendar = "hijri"
    elif day.calendar == "hijri" and day.year is not None and not hijri_year:
        raise Impossible(f"a Hijri month with the year {day.year}")
    return day, after
