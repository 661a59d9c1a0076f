"""Time zones: the package's data before the system's, Morocco's clock on both sides of its change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.arabic import zones
from aggregator.arabic.dates import parse_date
from aggregator.errors import UsageError


def offset(name: str, *moment: int) -> timedelta | None:
    return datetime(*moment, tzinfo=zones.zone(name)).utcoffset()  # type: ignore[misc,arg-type]


def test_morocco_is_an_hour_ahead_until_20_september_2026_and_on_greenwich_time_after() -> None:
    assert offset("Africa/Casablanca", 2026, 9, 19, 12) == timedelta(hours=1)
    assert offset("Africa/Casablanca", 2026, 9, 21, 12) == timedelta(0)
    assert offset("Africa/Casablanca", 2027, 7, 1, 12) == timedelta(0)


def test_morocco_leaves_summer_time_in_ramadan() -> None:
    assert offset("Africa/Casablanca", 2025, 2, 1, 12) == timedelta(hours=1)
    assert offset("Africa/Casablanca", 2025, 3, 10, 12) == timedelta(0)  # Ramadan 1446
    assert offset("Africa/Casablanca", 2025, 4, 20, 12) == timedelta(hours=1)
    assert offset("Africa/Casablanca", 2026, 3, 1, 12) == timedelta(0)  # Ramadan 1447


def test_a_moroccan_date_goes_by_morocco_s_clock() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    for text, expected in {
        "19 شتنبر 2026 - 12:00": 11,
        "21 شتنبر 2026 - 12:00": 12,
        "10 مارس 2025 - 12:00": 12,
        "10 ماي 2025 - 12:00": 11,
    }.items():
        value = parse_date(text, timezone="Africa/Casablanca", now=now).value
        assert value is not None
        assert value.hour == expected, text


def test_the_package_comes_before_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(name: str) -> ZoneInfo | None:
        raise AssertionError(f"the system was asked for {name}")

    zones.zone.cache_clear()
    monkeypatch.setattr(zones, "_from_system", never)
    assert isinstance(zones.zone("Africa/Casablanca"), ZoneInfo)
    zones.zone.cache_clear()


def test_the_system_serves_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = ZoneInfo("Asia/Riyadh")
    zones.zone.cache_clear()
    monkeypatch.setattr(zones, "_from_package", lambda name: None)
    monkeypatch.setattr(zones, "_from_system", lambda name: elsewhere if name == "Asia/Riyadh" else None)
    assert zones.zone("Asia/Riyadh") is elsewhere
    with pytest.raises(UsageError):
        zones.zone("Asia/Nowhere")
    zones.zone.cache_clear()


@pytest.mark.parametrize(
    "name", ["Nowhere", "../../etc/passwd", "/etc/localtime", "Africa", "Africa/", "a" * 500, "Africa/Casa blanca", "\x00"]
)
def test_what_is_no_zone_is_an_error_in_a_sentence(name: str) -> None:
    assert not zones.is_zone(name)
    with pytest.raises(UsageError, match="There is no time zone"):
        zones.zone(name)


def test_utc_has_several_names() -> None:
    assert zones.zone("") is zones.zone("UTC") is zones.zone("GMT") is UTC


def test_every_country_has_a_zone_that_exists() -> None:
    for country, name in zones.COUNTRIES.items():
        assert zones.is_zone(name), country
        assert zones.country_zone(country.lower()) == name
    assert zones.country_zone("XX") == "UTC"


def test_differences_name_the_zone_and_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    def old_system(name: str) -> tzinfo | None:
        from datetime import timezone

        return timezone(timedelta(hours=1)) if name == "Africa/Casablanca" else zones._from_package(name)

    monkeypatch.setattr(zones, "_from_system", old_system)
    found = zones.differences(datetime(2026, 9, 10, tzinfo=UTC), days=30)
    assert found == ("Africa/Casablanca from 2026-09-20",)


def test_a_machine_without_zone_data_of_its_own_differs_in_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "_from_system", lambda name: None)
    assert zones.differences(datetime(2026, 9, 10, tzinfo=UTC), days=30) == ()


def test_without_the_package_no_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(zones, "files", missing)
    assert zones.versions()[0] == ""
    assert zones._from_package("Africa/Cairo") is None


def test_versions_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours, system = zones.versions()
    assert ours.startswith("20")
    assert isinstance(system, str)
    (tmp_path / "tzdata.zi").write_text("# version 2025b\nR x\n")
    monkeypatch.setattr("zoneinfo.TZPATH", (str(tmp_path / "missing"), str(tmp_path)))
    assert zones.versions()[1] == "2025b"
    monkeypatch.setattr("zoneinfo.TZPATH", ())
    assert zones.versions()[1] == ""
