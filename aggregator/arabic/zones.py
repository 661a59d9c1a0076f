"""Time zones by name, from the `tzdata` package before the system's own, which is often older.

Morocco is why: data of 2025 says UTC+1 with a break in Ramadan; since 20 September 2026 the
country is at UTC+0 for good, which the package knows (2026.6) and many systems don't.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggregator.errors import UsageError

# an IANA key; anything else never becomes a path
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}")

# ISO country -> the zone of its newsrooms
COUNTRIES = {
    "AE": "Asia/Dubai",
    "BH": "Asia/Bahrain",
    "DJ": "Africa/Djibouti",
    "DZ": "Africa/Algiers",
    "EG": "Africa/Cairo",
    "EH": "Africa/El_Aaiun",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "IQ": "Asia/Baghdad",
    "JO": "Asia/Amman",
    "KM": "Indian/Comoro",
    "KW": "Asia/Kuwait",
    "LB": "Asia/Beirut",
    "LY": "Africa/Tripoli",
    "MA": "Africa/Casablanca",
    "MR": "Africa/Nouakchott",
    "OM": "Asia/Muscat",
    "PS": "Asia/Gaza",
    "QA": "Asia/Qatar",
    "SA": "Asia/Riyadh",
    "SD": "Africa/Khartoum",
    "SO": "Africa/Mogadishu",
    "SY": "Asia/Damascus",
    "TN": "Africa/Tunis",
    "YE": "Asia/Aden",
}


@cache
def zone(name: str) -> tzinfo:
    """Give the time zone of an IANA name, from the `tzdata` package where it has it.

    An empty name is UTC. Raises `UsageError` for a name that nobody knows.

    >>> from datetime import datetime
    >>> datetime(2026, 9, 19, 12, tzinfo=zone("Africa/Casablanca")).isoformat()
    '2026-09-19T12:00:00+01:00'
    >>> datetime(2026, 9, 21, 12, tzinfo=zone("Africa/Casablanca")).isoformat()
    '2026-09-21T12:00:00+00:00'
    """
    if name in ("", "UTC", "GMT", "Z"):
        return UTC
    found = _from_package(name) or _from_system(name)
    if found is None:
        raise UsageError(f"There is no time zone {name!r}; use a name like Africa/Casablanca.")
    return found


def is_zone(name: str) -> bool:
    """Tell whether `zone` knows the name."""
    try:
        zone(name)
    except UsageError:
        return False
    return True


def country_zone(country: str) -> str:
    """Give the name of the zone in which a country's newsrooms write their times; "UTC" for an unknown country."""
    return COUNTRIES.get(country.upper(), "UTC")


def versions() -> tuple[str, str]:
    """Give the release of the package's zone data and of the system's, empty where they can't be told."""
    try:
        package = files("tzdata").joinpath("zones")
        from importlib import import_module

        ours = str(import_module("tzdata").IANA_VERSION) if package.is_file() else ""
    except ModuleNotFoundError:
        ours = ""
    return ours, _system_version()


def differences(now: datetime, days: int = 400) -> tuple[str, ...]:
    """Name the Arab zones whose clock in the coming ``days`` differs between the package and the system, with the first such day.

    What `mujaz doctor` shows: other programs on this machine will show other times than Mujaz.
    """
    found = []
    for name in sorted(set(COUNTRIES.values())):
        package, system = _from_package(name), _from_system(name)
        if package is None or system is None:
            continue
        for day in range(days):
            moment = now.replace(hour=12) + timedelta(days=day)  # clocks change at night
            if moment.astimezone(package).utcoffset() != moment.astimezone(system).utcoffset():
                found.append(f"{name} from {moment:%Y-%m-%d}")
                break
    return tuple(found)


def _from_package(name: str) -> ZoneInfo | None:
    if not _KEY.fullmatch(name):
        return None
    try:
        with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (ModuleNotFoundError, OSError, ValueError):
        return None


def _from_system(name: str) -> ZoneInfo | None:
    if not _KEY.fullmatch(name):
        return None
    try:
        return ZoneInfo.no_cache(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return None


def _system_version() -> str:
    from pathlib import Path
    from zoneinfo import TZPATH

    for folder in TZPATH:
        for name in ("+VERSION", "tzdata.zi"):
            try:
                with Path(folder, name).open(encoding="ascii", errors="replace") as file:
                    head = file.readline(80).strip()
            except OSError:
                continue
            return head.removeprefix("# version ")
    return ""
