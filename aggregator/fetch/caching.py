"""What HTTP headers say of time: how long an answer is fresh, when to come back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=7)
_SECONDS = re.compile(r"([0-9]+)(?:\.[0-9]*)?")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?([0-9]{1,12})", re.IGNORECASE)


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date; None for what is none."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text.strip()[:60])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Read Retry-After in seconds or as a date, clamped to 1 minute … 7 days; None if there is none that can be read."""
    if not text:
        return None
    value = text.strip()
    if found := _SECONDS.fullmatch(value):
        seconds = LONGEST.total_seconds() if len(found[1]) > 9 else float(found[1])
        return min(max(timedelta(seconds=seconds), SHORTEST), LONGEST)
    moment = http_date(value)
    return min(max(moment - now, SHORTEST), LONGEST) if moment else None


def freshness(headers: Mapping[str, str]) -> timedelta | None:
    """Give for how long a server asks its answer to be used: max-age, else Expires against the server's own Date."""
    control = headers.get("cache-control", "")
    if re.search(r"no-(?:store|cache)", control, re.IGNORECASE):
        return None
    if found := _MAX_AGE.search(control):
        age = headers.get("age", "0")
        used = int(age) if age.isdecimal() and age.isascii() and len(age) < 10 else 0
        return timedelta(seconds=max(0, min(int(found[1]), 10**9) - used))
    expires, date = http_date(headers.get("expires")), http_date(headers.get("date"))
    if expires and date and expires > date:
        return min(expires - date, timedelta(days=3650))
    return None
