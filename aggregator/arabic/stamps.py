"""Read the dates that programs write: RFC 822 with all its accidents, ISO 8601 / W3C-DTF, Unix time.

Each form is one anchored expression over text whose white space is collapsed, so that the cost
is linear; a date that isn't machine-written is None here and is left to `aggregator.arabic.dates`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from aggregator.arabic.zones import is_zone, zone

FIRST_YEAR, LAST_YEAR = 1900, 2999
HIJRI_YEARS = range(1343, 1501)  # what Umm al-Qura's tables cover; no newspaper has these years of our era


@dataclass(slots=True)
class Stamp:
    """A date as it was read, before it is placed in a time zone.

    ``zone`` None means the source's own; ``weekday`` is what the text claims (0 Monday);
    ``precision`` is ``time``, ``day``, ``month`` or ``year``; ``problem`` what was odd.
    """

    year: int
    month: int = 1
    day: int = 1
    hour: int = 0
    minute: int = 0
    second: int = 0
    microsecond: int = 0
    zone: tzinfo | None = None
    weekday: int | None = None
    precision: str = "day"
    problem: str = ""


class Impossible(Exception):
    """The text is a date that can't be; the message says why."""


_MONTH_NAMES = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
MONTHS = {name[:length]: number for number, name in enumerate(_MONTH_NAMES, 1) for length in (3, 4, len(name))} | {"sept": 9}
_DAY_NAMES = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS = {name[:length]: number for number, name in enumerate(_DAY_NAMES) for length in (2, 3, 4, len(name))} | {"thurs": 3}

# RFC 822, RFC 2822, ctime's relatives and what newsrooms and wire services write after a time; hours east of Greenwich
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "nt": -11, "azot": -1,
    "bst": 1, "cet": 1, "west": 1, "met": 1, "wat": 1,
    "cest": 2, "eet": 2, "mest": 2, "sast": 2, "cat": 2, "eest": 3, "msk": 3, "trt": 3, "arst": 3, "eat": 3,
    "gst": 4, "pkt": 5, "hkt": 8, "sgt": 8, "jst": 9, "kst": 9,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "adt": -3, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
_GULF = frozenset(["SA", "KW", "BH", "QA", "YE", "IQ"])
_OFFSET = re.compile(r"(?:(?:gmt|utc|ut|z) ?)?([+-]) ?(\d{1,2})(?::?(\d\d))?(?: ?\([^()]{0,60}\)?)?|([+-])(\d)(\d\d)")
_ETC = re.compile(r"etc/gmt([+-])(\d{1,2})")
_COMMENT = re.compile(r"([a-z]{1,5})(?: \([^()]{0,60}\)?)?")

_ZONE_LIKE = re.compile(r"[A-Za-z]{1,5}|[+-]\d\d:?\d\d")

_RFC822 = re.compile(
    r"(?:([A-Za-z]{2,9})\.?,? ?,? ?)?(\d{1,2})[ -]([A-Za-z]{3,9})\.?,?[ -](\d{2,4})"
    r"(?:,? ?[Tt]?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?(?: ?([AaPp])\.?[Mm]\.?)? ?(.{0,60}))?"
)
_ISO = re.compile(
    r"([+-]?\d{4,6})-(\d\d)-(\d\d)(?:(?:[Tt]| ?[Tt]? ?)(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?(?: ?([AaPp])\.?[Mm]\.?)? ?(.{0,60}))?"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[Tt ]?(\d\d):?(\d\d):?(\d\d)?(?:[.,](\d{1,9}))? ?([A-Za-z+-].{0,30})?)?")
_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?")
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})")
_WEEK = re.compile(r"(\d{4})-?[Ww](\d\d)-?([1-7])?")
_UNIX = re.compile(r"(\d{10})(\d{3}|\d{6})?(?:\.\d{1,9})?")


def read(text: str, country: str = "") -> Stamp | None:
    """Read a machine-written date; None if the text isn't one.

    ``text`` has its white space collapsed and its digits in ASCII. Raises `Impossible` for
    what is a date in form but not in the calendar.
    """
    if text[:1].isdigit():
        return _iso(text, country) or _rfc822(text, country) or _bare(text, country)
    if text[:1] in "-+":
        return _iso(text, country)
    return _rfc822(text, country)


@lru_cache(maxsize=512)
def offset(text: str, country: str = "") -> tzinfo | None:
    """Read a zone as it stands behind a time: ``+0100``, ``GMT+1``, ``EST``, ``Africa/Cairo``; None for what isn't one.

    AST is Arabia's in the Gulf and the Atlantic's elsewhere; ``Etc/GMT-1`` has POSIX's inverted sign.
    """
    lower = text.strip().lower()
    if lower in ("z", "gmt", "utc", "+0000", "+00:00"):
        return UTC
    if match := _OFFSET.fullmatch(lower):
        sign, hours, minutes, sign3, hours3, minutes3 = match.groups()
        return _fixed(sign or sign3, int(hours or hours3), int(minutes or minutes3 or 0))
    if match := _ETC.fullmatch(lower):
        return _fixed("-" if match[1] == "+" else "+", int(match[2]), 0)
    if match := _COMMENT.fullmatch(lower):
        if match[1] == "ast":
            return _fixed("+" if country in _GULF else "-", 3 if country in _GULF else 4, 0)
        hours_east = _ZONES.get(match[1])
        if hours_east is not None:
            return timezone(timedelta(hours=hours_east)) if hours_east else UTC
        if len(match[1]) == 1:
            return UTC  # military letters: RFC 2822 4.3 says to take them for -0000, so often were they inverted
    if "/" in text and is_zone(text.strip()):
        return zone(text.strip())
    return None


def _fixed(sign: str, hours: int, minutes: int) -> tzinfo | None:
    if hours > 14 or minutes > 59:
        return None
    total = timedelta(hours=hours, minutes=minutes)
    return timezone(total if sign == "+" else -total) if total else UTC


def year_of(digits: str) -> int:
    """Complete a short year as RFC 2822 4.3 does: 25 is 2025, 87 is 1987, 125 (JavaScript's getYear) is 2025."""
    value = int(digits)
    if len(digits) == 2:
        return value + (2000 if value < 50 else 1900)
    if len(digits) == 3:
        return value + 1900
    return value


def _rfc822(text: str, country: str) -> Stamp | None:
    match = _RFC822.fullmatch(text)
    if match is None:
        return None
    weekday, day, month_name, year, *clock = match.groups()
    month = MONTHS.get(month_name.lower())
    if month is None or (weekday is not None and weekday.lower() not in WEEKDAYS):
        return None
    stamp = Stamp(year_of(year), month, int(day), weekday=WEEKDAYS.get(weekday.lower()) if weekday else None)
    return _with_clock(stamp, clock, country)


def _iso(text: str, country: str) -> Stamp | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, *clock = match.groups()
    if int(year) in HIJRI_YEARS:
        return None
    return _with_clock(Stamp(int(year), int(month), int(day)), clock, country)


def _with_clock(stamp: Stamp, clock: list[str | None], country: str) -> Stamp | None:
    hour, minute, second, fraction, half, zone_text = clock
    if hour is None:
        return stamp
    stamp.precision = "time"
    stamp.hour, stamp.minute, stamp.second = int(hour), int(minute or 0), int(second or 0)
    if fraction:
        stamp.microsecond = int(fraction[:6].ljust(6, "0"))
    if half:
        stamp.hour = on_24_hours(stamp.hour, half.lower() == "p")
    if zone_text:
        stamp.zone = offset(zone_text, country)
        if stamp.zone is None:
            if not _ZONE_LIKE.fullmatch(zone_text):
                return None  # not a zone but more text
            stamp.problem = f"the zone {zone_text!r} is unknown; the source's is used"
    return stamp


def _bare(text: str, country: str) -> Stamp | None:
    if match := _UNIX.fullmatch(text):
        return _unix(int(match[1]), match[2] or "")
    if match := _COMPACT.fullmatch(text):
        year, month, day, hour, minute, second, fraction, zone_text = match.groups()
        return _with_clock(Stamp(int(year), int(month), int(day)), [hour, minute, second, fraction, None, zone_text], country)
    if match := _MONTH.fullmatch(text):
        return Stamp(int(match[1]), int(match[2] or 1), precision="month" if match[2] else "year")
    if match := _WEEK.fullmatch(text):
        return _week(int(match[1]), int(match[2]), int(match[3] or 1))
    if match := _ORDINAL.fullmatch(text):
        return _ordinal(int(match[1]), int(match[2]))
    return None


def _week(year: int, week: int, weekday: int) -> Stamp:
    try:
        day = date.fromisocalendar(year, week, weekday)
    except ValueError as error:
        raise Impossible(str(error)) from None
    return Stamp(day.year, day.month, day.day)


def _ordinal(year: int, number: int) -> Stamp:
    check_year(year)
    day = date(year, 1, 1) + timedelta(days=number - 1)
    if number < 1 or day.year != year:
        raise Impossible(f"{year} has no day {number}")
    return Stamp(day.year, day.month, day.day)


def _unix(seconds: int, fraction: str) -> Stamp:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return Stamp(
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        int(fraction.ljust(6, "0")),
        UTC,
        precision="time",
    )


def check_year(year: int) -> None:
    """Refuse a year in which no newspaper of ours appears (raises `Impossible`)."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Impossible(f"the year {year} is out of range")


def on_24_hours(hour: int, afternoon: bool) -> int:
    """Turn an hour with AM or PM to 0..23; one that is past 12 already stays («14:30 مساء»)."""
    if hour > 12:
        return hour
    return hour % 12 + (12 if afternoon else 0)


def moment(stamp: Stamp, source_zone: tzinfo) -> datetime:
    """Place a stamp in its zone (or the source's) and give it in UTC; raises `Impossible` for what no calendar or clock has.

    24:00 is the next day's midnight, a leap second the second before it. A local time that
    occurs twice means the first, one that is skipped is read with the offset before the gap.
    """
    check_year(stamp.year)
    hour, days = stamp.hour, 0
    if hour == 24 and stamp.minute == stamp.second == 0:
        hour, days = 0, 1
    second = 59 if stamp.second == 60 else stamp.second
    where = stamp.zone if stamp.zone is not None else source_zone
    try:
        local = datetime(stamp.year, stamp.month, stamp.day, hour, stamp.minute, second, stamp.microsecond, where)
    except ValueError as error:
        raise Impossible(f"{stamp.year:04}-{stamp.month:02}-{stamp.day:02} {stamp.hour:02}:{stamp.minute:02}: {error}") from None
    if days:
        local += timedelta(days=days)
    return local if where is UTC else local.astimezone(UTC)
