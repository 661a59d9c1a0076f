"""The Hijri calendar (Umm al-Qura) by the `hijridate` package, loaded when a Hijri date is first met.

Countries that go by sighting (Morocco, for one) may be a day or two apart from it.
"""

from __future__ import annotations

from datetime import date

from aggregator.arabic.stamps import Impossible


def to_gregorian(year: int, month: int, day: int) -> date:
    """Give the Gregorian day of a Hijri one; raises `Impossible` if the calendar has no such day."""
    from hijridate import Hijri

    try:
        found = Hijri(year, month, day).to_gregorian()
    except (ValueError, OverflowError) as error:
        raise Impossible(f"{year}/{month}/{day} is no Hijri date: {error}") from None
    return date(found.year, found.month, found.day)


def from_gregorian(day: date) -> tuple[int, int, int] | None:
    """Give year, month and day of the Hijri calendar; None outside of 1924 to 2077."""
    from hijridate import Gregorian

    try:
        hijri = Gregorian(day.year, day.month, day.day).to_hijri()
    except (ValueError, OverflowError):
        return None
    return hijri.year, hijri.month, hijri.day
