"""Dates under hypothesis: whatever is written, it is read back; whatever comes, nothing breaks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.arabic import hijri
from aggregator.arabic.dates import find_date, parse_date
from aggregator.arabic.plural import MONTHS, MONTHS_EGYPT, MONTHS_FRENCH, MONTHS_HIJRI, say_date
from aggregator.arabic.zones import COUNTRIES

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
days = st.dates(date(1950, 1, 1), date(2070, 1, 1))
offsets = st.integers(-47, 56).map(lambda quarters: timedelta(minutes=15 * quarters))
words = st.sampled_from(
    [
        "20",
        "1",
        "2025",
        "1446",
        ":",
        "/",
        "-",
        ".",
        "،",
        "(",
        ")",
        "منذ",
        "قبل",
        "ساعتين",
        "أيام",
        "دقيقة",
        "و",
        "نصف",
        "الساعة",
        "يناير",
        "كانون",
        "الثاني",
        "رجب",
        "الاثنين",
        "م",
        "ص",
        "هـ",
        "الموافق",
        "أمس",
        "GMT",
        "+",
        "0300",
        "à",
        "h",
        "il",
        "y",
        "a",
    ]
)


@given(moments, offsets)
def test_what_rfc_822_and_iso_write_is_read_back(moment: datetime, offset: timedelta) -> None:
    from datetime import timezone

    local = moment.astimezone(timezone(offset))
    for text in (
        format_datetime(local),
        local.isoformat(),
        local.isoformat(" "),
        str(int(moment.timestamp())) if moment.year > 2001 else local.isoformat(),
    ):
        result = parse_date(text, timezone="Asia/Riyadh", now=NOW)
        assert result.value == moment, text
        assert result.problem == ""


@given(moments, st.sampled_from(sorted(COUNTRIES)))
def test_what_we_say_is_read_back_in_every_country(moment: datetime, country: str) -> None:
    moment = moment.replace(second=0)
    zone = COUNTRIES[country]
    for language in ("ar", "fr", "en"):
        said = say_date(moment, country, language, zone)
        result = parse_date(said, timezone=zone, country=country, now=NOW)
        assert result.value is not None, said
        assert result.problem == "", said
        assert say_date(result.value, country, language, zone) == said  # an hour that a clock shows twice is the first one


@given(
    days,
    st.sampled_from([MONTHS_EGYPT, MONTHS_FRENCH, *MONTHS.values()]),
    st.sampled_from(["{d} {m} {y}", "{d}{m}{y}", "{d}-{m}-{y}", "{m} {d}, {y}", "{y} {m} {d}"]),
)
def test_a_day_in_words_is_read_in_every_order(day: date, names: tuple[str, ...], shape: str) -> None:
    text = shape.format(d=day.day, m=names[day.month - 1], y=day.year)
    assert parse_date(text, now=NOW).value == datetime(day.year, day.month, day.day, tzinfo=UTC), text


@given(days, st.sampled_from("/-."), st.sampled_from(["{d}{s}{m}{s}{y}", "{d:02}{s}{m:02}{s}{y}", "{y}{s}{m:02}{s}{d:02}"]))
def test_a_day_in_numbers_is_read(day: date, sign: str, shape: str) -> None:
    text = shape.format(d=day.day, m=day.month, y=day.year, s=sign)
    assert parse_date(text, country="MA", now=NOW).value == datetime(day.year, day.month, day.day, tzinfo=UTC), text


@given(days)
def test_a_hijri_day_is_read_with_and_without_its_sign(day: date) -> None:
    year, month, number = hijri.from_gregorian(day) or (0, 0, 0)
    for text in (
        f"{number} {MONTHS_HIJRI[month - 1]} {year}",
        f"{number}/{month}/{year} هـ",
        f"{number} {MONTHS_HIJRI[month - 1]} {year}هـ - {day.day}/{day.month}/{day.year}م",
    ):
        result = parse_date(text, now=NOW)
        assert result.value == datetime(day.year, day.month, day.day, tzinfo=UTC), text
        assert result.problem == ""


@given(
    st.integers(1, 500),
    st.sampled_from([("دقيقة", 60), ("ساعة", 3600), ("يوم", 86_400), ("minutes", 60), ("heures", 3600), ("jours", 86_400)]),
)
def test_a_distance_counts_back_from_now(n: int, unit: tuple[str, int]) -> None:
    since = "منذ" if unit[0] > "z" else "il y a"
    assert parse_date(f"{since} {n} {unit[0]}", now=NOW).value == NOW - timedelta(seconds=n * unit[1])


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=400), st.lists(words, max_size=40).map(" ".join), st.lists(words, max_size=40).map("".join)))
def test_nothing_from_outside_raises(text: str) -> None:
    for read in (parse_date, find_date):
        result = read(text, timezone="Africa/Casablanca", country="MA", now=NOW)
        if result.value is None:
            assert result.problem
        else:
            assert result.value.tzinfo is UTC
            assert 1899 <= result.value.year <= 3000
            assert result.precision in ("time", "day", "month", "year")
