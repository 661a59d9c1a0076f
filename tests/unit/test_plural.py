"""Counts, ages and dates in words."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.arabic import plural
from aggregator.arabic.plural import MONTHS, MONTHS_EGYPT, NOUNS, ago, count, say_date, say_hijri

MOMENT = datetime(2026, 11, 25, 14, 5, tzinfo=UTC)  # a Wednesday


def test_the_examples_of_the_module_hold() -> None:
    assert doctest.testmod(plural).failed == 0


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "لا أخبار"),
        (1, "خبر واحد"),
        (2, "خبران"),
        (3, "3 أخبار"),
        (10, "10 أخبار"),
        (11, "11 خبرا"),
        (12, "12 خبرا"),
        (99, "99 خبرا"),
        (100, "100 خبر"),
        (101, "101 خبر"),
        (102, "102 خبر"),
        (103, "103 أخبار"),
        (110, "110 أخبار"),
        (111, "111 خبرا"),
        (1000, "1000 خبر"),
        (1500, "1500 خبر"),
        (2011, "2011 خبرا"),
    ],
)
def test_a_count_agrees_with_its_noun(n: int, said: str) -> None:
    assert count(n, "خبر") == said


def test_a_feminine_noun_has_a_feminine_one() -> None:
    assert count(1, "دقيقة") == "دقيقة واحدة"
    assert count(1, "يوم") == "يوم واحد"
    assert count(11, "صورة") == "11 صورة"


def test_a_dual_after_a_preposition_is_oblique() -> None:
    assert "من " + count(2, "مصدر", oblique=True) == "من مصدرين"
    for noun in NOUNS.values():
        assert noun.dual.endswith("ان")
        assert noun.oblique == noun.dual.removesuffix("ان") + "ين"


@pytest.mark.parametrize(
    ("age", "arabic", "french", "english"),
    [
        (timedelta(seconds=-90), "قبل لحظات", "à l’instant", "just now"),
        (timedelta(seconds=59), "قبل لحظات", "à l’instant", "just now"),
        (timedelta(seconds=60), "قبل دقيقة", "il y a 1 minute", "1 minute ago"),
        (timedelta(minutes=2, seconds=59), "قبل دقيقتين", "il y a 2 minutes", "2 minutes ago"),
        (timedelta(minutes=10), "قبل 10 دقائق", "il y a 10 minutes", "10 minutes ago"),
        (timedelta(minutes=59), "قبل 59 دقيقة", "il y a 59 minutes", "59 minutes ago"),
        (timedelta(hours=1), "قبل ساعة", "il y a 1 heure", "1 hour ago"),
        (timedelta(hours=23), "قبل 23 ساعة", "il y a 23 heures", "23 hours ago"),
        (timedelta(days=2), "قبل يومين", "il y a 2 jours", "2 days ago"),
        (timedelta(days=6), "قبل 6 أيام", "il y a 6 jours", "6 days ago"),
        (timedelta(days=14), "قبل أسبوعين", "il y a 2 semaines", "2 weeks ago"),
        (timedelta(days=31), "قبل شهر", "il y a 1 mois", "1 month ago"),
        (timedelta(days=330), "قبل 11 شهرا", "il y a 11 mois", "11 months ago"),
        (timedelta(days=366), "قبل سنة", "il y a 1 an", "1 year ago"),
        (timedelta(days=1100), "قبل 3 سنوات", "il y a 3 ans", "3 years ago"),
    ],
)
def test_an_age_is_said_in_three_languages(age: timedelta, arabic: str, french: str, english: str) -> None:
    assert (ago(age), ago(age, "fr"), ago(age, "en")) == (arabic, french, english)


@pytest.mark.parametrize(
    ("country", "month"),
    [
        ("MA", "غشت"),
        ("DZ", "أوت"),
        ("TN", "أوت"),
        ("EG", "أغسطس"),
        ("SA", "أغسطس"),
        ("LB", "آب"),
        ("SY", "آب"),
        ("IQ", "آب"),
        ("MR", "أغشت"),
        ("", "أغسطس"),
        ("ma", "غشت"),
    ],
)
def test_each_country_has_its_own_month_names(country: str, month: str) -> None:
    assert say_date(datetime(2026, 8, 2, 9, tzinfo=UTC), country) == f"الأحد 2 {month} 2026، 09:00"


def test_a_date_is_said_in_the_reader_s_zone() -> None:
    assert say_date(MOMENT, "SA", timezone="Asia/Riyadh") == "الأربعاء 25 نوفمبر 2026، 17:05"
    assert say_date(MOMENT, "MA", timezone="Africa/Casablanca") == "الأربعاء 25 نونبر 2026، 14:05"
    assert say_date(datetime(2026, 11, 25, 22, tzinfo=UTC), timezone="Asia/Dubai") == "الخميس 26 نوفمبر 2026، 02:00"


def test_a_date_is_said_in_french_and_english() -> None:
    assert say_date(MOMENT, "MA", "fr") == "mercredi 25 novembre 2026, 14:05"
    assert say_date(datetime(2026, 3, 1, tzinfo=UTC), "MA", "fr") == "dimanche 1er mars 2026, 00:00"
    assert say_date(MOMENT, "MA", "en") == "Wednesday 25 November 2026, 14:05"


def test_every_calendar_has_twelve_months() -> None:
    assert {len(set(names)) for names in (*MONTHS.values(), MONTHS_EGYPT, plural.MONTHS_HIJRI, plural.MONTHS_HIJRI_LATIN)} == {12}


def test_a_hijri_date_is_said_for_the_reader_s_day() -> None:
    assert say_hijri(MOMENT) == "15 جمادى الآخرة 1448 هـ"
    assert say_hijri(datetime(2026, 11, 25, 22, tzinfo=UTC), timezone="Asia/Riyadh") == "16 جمادى الآخرة 1448 هـ"
    assert say_hijri(MOMENT, "fr") == "15 Jumada II 1448 H"
    assert say_hijri(MOMENT, "en") == "15 Jumada II 1448 AH"
    assert say_hijri(datetime(1900, 1, 1, tzinfo=UTC)) == ""
