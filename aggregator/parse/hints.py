"""Read what a feed asks of those who poll it: ``<ttl>``, ``sy:update*``, ``<skipHours>``, ``<skipDays>``."""

from __future__ import annotations

import re
from datetime import timedelta

from aggregator.model import FeedHints

_DAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_MAX = 31_536_000
_FIRST_ENTRY = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(?:item|entry)[\s>]", re.IGNORECASE)
_TAIL = 4_000


def of_feed(data: bytes) -> FeedHints:
    """Give the hints that stand before a feed's first entry or behind its last; nonsense counts as absent.

    >>> of_feed(b"<rss><channel><ttl> 60 </ttl><skipHours><hour>24</hour><HOUR>3</HOUR></skipHours></channel></rss>")
    FeedHints(interval=datetime.timedelta(seconds=3600), skip_hours=frozenset({0, 3}), skip_days=frozenset())
    """
    first = _FIRST_ENTRY.search(data)
    last = max(data.rfind(b"</item>"), data.rfind(b"</entry>"))
    around = data if first is None else data[: first.start()] + (data[last:][:_TAIL] if last > 0 else b"")
    return FeedHints(_interval(around), frozenset(_hours(around)), frozenset(_days(around)))


def _field(data: bytes, name: bytes) -> str:
    found = re.search(rb"<(?:[\w.-]+:)?" + name + rb"(?:\s[^>]*)?>\s*(?:<!\[CDATA\[)?\s*([^<\]]{0,60})", data, re.IGNORECASE)
    return found[1].decode("utf-8", "replace").strip().lower() if found else ""


def _interval(data: bytes) -> timedelta | None:
    seconds = 0
    ttl = _field(data, b"ttl")
    if ttl.isascii() and ttl.isdigit() and len(ttl) < 8:
        seconds = int(ttl) * 60
    period = _PERIODS.get(_field(data, b"updatePeriod"), 0)
    if period:
        frequency = _field(data, b"updateFrequency")
        times = int(frequency) if frequency.isascii() and frequency.isdigit() and len(frequency) < 6 else 1
        seconds = max(seconds, period // max(times, 1))
    return timedelta(seconds=min(seconds, _MAX)) if seconds else None


def _block(data: bytes, name: bytes, inner: bytes) -> list[str]:
    found = re.search(rb"<" + name + rb"(?:\s[^>]*)?>(.{0,4000}?)</" + name + rb"\s*>", data, re.IGNORECASE | re.DOTALL)
    if found is None:
        return []
    return [
        value.decode("ascii", "replace").strip()
        for value in re.findall(rb"<" + inner + rb"(?:\s[^>]*)?>\s*([^<]{1,20})", found[1], re.IGNORECASE)
    ]


def _hours(data: bytes) -> list[int]:
    hours = [int(value) for value in _block(data, b"skipHours", b"hour") if value.isascii() and value.isdigit() and len(value) < 3]
    hours = [hour % 24 for hour in hours if hour <= 24]
    return hours if len(set(hours)) < 24 else []


def _days(data: bytes) -> list[int]:
    days = [_DAYS[value[:3].lower()] for value in _block(data, b"skipDays", b"day") if value[:3].lower() in _DAYS]
    return days if len(set(days)) < 7 else []
