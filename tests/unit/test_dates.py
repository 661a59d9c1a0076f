"""Dates as programs and newspapers write them."""

from __future__ import annotations

import sys
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.arabic.dates import MAX_DATE, find_date, parse_date
from aggregator.errors import UsageError

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
SHARED = Path(__file__).parents[3] / "shared/data/conformance/feedparser_tests.tar.xz"


def read(text: str, zone: str = "UTC", country: str = "") -> str | None:
    value = parse_date(text, timezone=zone, country=country, now=NOW).value
    return value.strftime("%Y-%m-%d %H:%M:%S") if value else None


RFC822 = {
    "Thu, 01 Jan 2004 19:48:21 GMT": "2004-01-01 19:48:21",
    "01 Jan 2004 19:48:21 GMT": "2004-01-01 19:48:21",
    "Thu,01 Jan 2004 19:48:21+0000": "2004-01-01 19:48:21",
    "Thu 1 Jan 2004 19:48:21 UT": "2004-01-01 19:48:21",
    "Thu, 01 Jan 04 19:48:21 Z": "2004-01-01 19:48:21",
    "Thu, 1 Jan 2004 9:8:1 +0100": "2004-01-01 08:08:01",
    "Thu, 01 Jan 2004 19:48:21 A": "2004-01-01 19:48:21",
    "Thu, 01 Jan 2004 19:48 EST": "2004-01-02 00:48:00",
    "Thu, 01 Jan 2004 19:48:21 PDT": "2004-01-02 02:48:21",
    "Thu, 01 Jan 2004 24:00:00 GMT": "2004-01-02 00:00:00",
    "Thursday, 1 January 2004 19:48:21 +01:00": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 19:48:21 GMT+1": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 19:48:21 GMT+0100": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 19:48:21 +1:00": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 19:48:21 +100": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 19:48:21 -0000": "2004-01-01 19:48:21",
    "Thu, 01 Jan 2004 19:48:21 +0100 (CET)": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 19:48:21 Etc/GMT-1": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 19:48:21 Europe/Paris": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 07:48:21 PM GMT": "2004-01-01 19:48:21",
    "Thu, 01 Jan 2004 19:48:60 GMT": "2004-01-01 19:48:59",
    "Thu, 01 Jan 104 19:48:21 GMT": "2004-01-01 19:48:21",
    "Thu, 01-Jan-2004 19:48:21 GMT": "2004-01-01 19:48:21",
    "Thu, 01 Jan 2004": "2004-01-01 00:00:00",
    "  Thu, 01 Jan\n 2004   19:48:21 GMT ": "2004-01-01 19:48:21",
    "Thu, Jan 01 2004 19:48:21 GMT": "2004-01-01 19:48:21",
    "Thu Jan  1 19:48:21 2004": "2004-01-01 19:48:21",
    "Thu Jan 1 19:48:21 PDT 2004": "2004-01-02 02:48:21",
    "Thu Jan 01 2004 19:48:21 GMT+0100 (Central European Standard Time)": "2004-01-01 18:48:21",
    "jeu., 01 janv. 2004 19:48:21 +0100": "2004-01-01 18:48:21",
    "خميس, 01 يناير 2004 19:48:21 +0100": "2004-01-01 18:48:21",
    "Thu, 01 Jan 2004 07:48:21 م": "2004-01-01 19:48:21",
    "Fri, 2006/09/15 08:19:53 EDT": "2006-09-15 12:19:53",
}
ISO = {
    "2003-12-31T10:14:55Z": "2003-12-31 10:14:55",
    "2003-12-31t10:14:55z": "2003-12-31 10:14:55",
    "2003-12-31T10:14Z": "2003-12-31 10:14:00",
    "2003-12-31T18:14:55+08:00": "2003-12-31 10:14:55",
    "2003-12-31T18:14:55 +08:00": "2003-12-31 10:14:55",
    "2003-12-31T18:14:55+0800": "2003-12-31 10:14:55",
    "2003-12-31T11:14:55+01": "2003-12-31 10:14:55",
    "2003-12-31 10:14:55.123456789": "2003-12-31 10:14:55",
    "2003-12-31 10:14:55 UTC": "2003-12-31 10:14:55",
    "2003-12-31T24:00:00Z": "2004-01-01 00:00:00",
    "2003-12-31": "2003-12-31 00:00:00",
    "2003-12": "2003-12-01 00:00:00",
    "2003": "2003-01-01 00:00:00",
    "20031231": "2003-12-31 00:00:00",
    "20031231T101455Z": "2003-12-31 10:14:55",
    "20031231101455": "2003-12-31 10:14:55",
    "2003-335": "2003-12-01 00:00:00",
    "2025-W04-1": "2025-01-20 00:00:00",
    "2025-1-20T9:5:0Z": "2025-01-20 09:05:00",
    "1737368100": "2025-01-20 10:15:00",
    "1737368100123": "2025-01-20 10:15:00",
    "1737368100.5": "2025-01-20 10:15:00",
}
MONTHS = {
    1: "يناير|كانون الثاني|كانون ثاني|ك2|جانفي|janvier|janv.|January|Jan|ⵉⵏⵏⴰⵢⵔ",
    2: "فبراير|شباط|فيفري|février|févr.|fevrier|Feb",
    3: "مارس|آذار|اذار|mars|March",
    4: "أبريل|ابريل|إبريل|نيسان|أفريل|افريل|avril|avr.",
    5: "مايو|ماي|أيار|ايار|mai|May",
    6: "يونيو|يونية|يونيه|حزيران|جوان|juin|June",
    7: "يوليو|يوليه|يولية|يوليوز|تموز|جويلية|juillet|juil.|July",
    8: "أغسطس|اغسطس|غشت|أغشت|آب|أوت|اوت|août|aout|Aug",
    9: "سبتمبر|شتنبر|شتمبر|أيلول|septembre|sept.|Sep",
    10: "أكتوبر|اكتوبر|تشرين الأول|تشرين الاول|ت1|octobre|oct.",
    11: "نوفمبر|نونبر|تشرين الثاني|تشرين ثاني|ت2|novembre|nov.",
    12: "ديسمبر|دجنبر|دجمبر|كانون الأول|كانون أول|ك1|décembre|déc.|Dec",
}
ARABIC = {
    "20 يناير 2025": "2025-01-20 00:00:00",
    "٢٠ يناير ٢٠٢٥ ١٠:١٥": "2025-01-20 10:15:00",
    "۲۰/۰۱/۲۰۲۵": "2025-01-20 00:00:00",
    "20‏/1‏/2025 10:15:00 ص": "2025-01-20 10:15:00",
    "الثلاثاء16 يوليوز 2024": "2024-07-16 00:00:00",
    "الخميس28نونبر2024": "2024-11-28 00:00:00",
    "28-7-2025": "2025-07-28 00:00:00",
    "28/07/2025 10:15": "2025-07-28 10:15:00",
    "28.7.2025": "2025-07-28 00:00:00",
    "28 / 7 / 2025": "2025-07-28 00:00:00",
    "28/07/25": "2025-07-28 00:00:00",
    "2025/7/28": "2025-07-28 00:00:00",
    "2025/01/20 10:15 م": "2025-01-20 22:15:00",
    "21/1/202510:15 م (بتوقيت مكة المكرمة)": "2025-01-21 19:15:00",
    "7/28/2025": "2025-07-28 00:00:00",
    "الاثنين، 20 كانون الثاني/يناير 2025 | 10:15 م": "2025-01-20 22:15:00",
    "20 نيسان/أبريل 2025": "2025-04-20 00:00:00",
    "20 كانون الثاني (يناير) 2025": "2025-01-20 00:00:00",
    "يناير 20, 2025": "2025-01-20 00:00:00",
    "2025، 20 يناير": "2025-01-20 00:00:00",
    "2025 يناير 20": "2025-01-20 00:00:00",
    "20 من شهر يناير سنة 2025": "2025-01-20 00:00:00",
    "20 يناير 2025 الساعة العاشرة": "2025-01-20 10:00:00",
    "20 يناير 2025 10:15:30.5": "2025-01-20 10:15:30",
    "20 يناير 2025 10:15 +03:00": "2025-01-20 07:15:00",
    "20 يناير 2025 10:15 - 5 تعليقات": "2025-01-20 10:15:00",
    "10:15 -20/1/2025": "2025-01-20 10:15:00",
    "السبت , 9 نونبر , 2024 إلى 17:32": "2024-11-09 17:32:00",
    "Jan 20, 2025 @ 10:15": "2025-01-20 10:15:00",
    "20 01 2025": "2025-01-20 00:00:00",
    "20250120 10:15": "2025-01-20 10:15:00",
    "3 تشرين ثان 2025": "2025-11-03 00:00:00",
    "العدد 12345 - الاثنين 20 يناير 2025": "2025-01-20 00:00:00",
    "20 --- يناير 2025": "2025-01-20 00:00:00",
    "20 يناير '25": "2025-01-20 00:00:00",
    "20 يناير-25": "2025-01-20 00:00:00",
    "20 يناير 25": "2025-01-20 00:00:00",
    "الحادي والعشرين من يناير 2025": "2025-01-21 00:00:00",
    "الثاني من تشرين الثاني 2025": "2025-11-02 00:00:00",
    "فاتح ماي 2025": "2025-05-01 00:00:00",
    "20 يناير 2025م": "2025-01-20 00:00:00",
    "10:15 ص الإثنين 20 يناير 2025": "2025-01-20 10:15:00",
    "10:15 - 20/1/2025": "2025-01-20 10:15:00",
    "20 يناير 2025 على الساعة 10 و30 دقيقة": "2025-01-20 10:30:00",
    "20 يناير 2025 الساعة 14.30": "2025-01-20 14:30:00",
    "20 يناير 2025، الساعة الثالثة والنصف مساء": "2025-01-20 15:30:00",
    "الساعة العاشرة إلا ربعا صباحا 20 يناير 2025": "2025-01-20 09:45:00",
    "20 يناير 2025 3 عصرا": "2025-01-20 15:00:00",
    "20 يناير 2025 12:30 ص": "2025-01-20 00:30:00",
    "20 يناير 2025 12:30 م": "2025-01-20 12:30:00",
    "20 يناير 2025 1:00 ظهرا": "2025-01-20 13:00:00",
    "20 يناير 2025 11:30 ظهرا": "2025-01-20 11:30:00",
    "20 يناير 2025 1:00 زوالا": "2025-01-20 13:00:00",
    "20 يناير 2025 11:00 ليلا": "2025-01-20 23:00:00",
    "20 يناير 2025 2:00 ليلا": "2025-01-20 02:00:00",
    "20 يناير 2025 5:00 فجرا": "2025-01-20 05:00:00",
    "20 يناير 2025 14:30 مساء": "2025-01-20 14:30:00",
    "20 يناير 2025 15:30 بتوقيت غرينتش": "2025-01-20 15:30:00",
    "20 يناير 2025 15:30 ت.غ": "2025-01-20 15:30:00",
    "20 يناير 2025 15:30 بتوقيت القاهرة": "2025-01-20 13:30:00",
    "20 يناير 2025 15:30 (GMT+3)": "2025-01-20 12:30:00",
    "20 يناير 2025 24:00": "2025-01-21 00:00:00",
    "ⴰⵢⵏⴰⵙ 20 ⵉⵏⵏⴰⵢⵔ 2025": "2025-01-20 00:00:00",
}
FRENCH_AND_ENGLISH = {
    "lundi 20 janvier 2025 à 10h15": "2025-01-20 10:15:00",
    "Publié le 20/01/2025 à 10H15": "2025-01-20 10:15:00",
    "Publié le : lundi 20 janvier 2025 - 10:15": "2025-01-20 10:15:00",
    "mar. 21 janv. 2025": "2025-01-21 00:00:00",
    "dimanche 1er mars 2026": "2026-03-01 00:00:00",
    "20 déc. 2024, 9h": "2024-12-20 09:00:00",
    "January 20th, 2025 at 3:15 pm": "2025-01-20 15:15:00",
    "Jan. 20, 2025, 3:15 p.m.": "2025-01-20 15:15:00",
    "20-Jan-25": "2025-01-20 00:00:00",
}
HIJRI = {
    "20 رجب 1446": "2025-01-20 00:00:00",
    "٢٠ رجب ١٤٤٦ هـ": "2025-01-20 00:00:00",
    "20/7/1446": "2025-01-20 00:00:00",
    "20/07/1446هـ": "2025-01-20 00:00:00",
    "1446-07-20": "2025-01-20 00:00:00",
    "1446/7/20 هـ 10:15": "2025-01-20 10:15:00",
    "1 محرم 1447": "2025-06-26 00:00:00",
    "5 ذو القعدة 1446 هـ": "2025-05-03 00:00:00",
    "5 ذي القعدة 1446": "2025-05-03 00:00:00",
    "5 جمادى الاولى 1447": "2025-10-27 00:00:00",
    "20 ربيع الثاني 1447هـ": "2025-10-12 00:00:00",
    "20 ربيع الآخر 1447": "2025-10-12 00:00:00",
    "20 رجب 1446 الموافق 20 يناير 2025": "2025-01-20 00:00:00",
    "الاثنين 20 رجب 1446 هـ - 20 يناير 2025 م الساعة 10:15 صباحا": "2025-01-20 10:15:00",
    "20 يناير 2025 الموافق لـ 20 رجب 1446 هـ": "2025-01-20 00:00:00",
    "20 رجب 1446 الموافق 20 يناير": "2025-01-20 00:00:00",
    "20 يناير 2025 الموافق 20 رجب": "2025-01-20 00:00:00",
    "20 يناير 2025 الموافق 20 رجب 2025": "2025-01-20 00:00:00",
    "7/20/1446": "2025-01-20 00:00:00",
    "20/07/1446هـ - 20/01/2025م": "2025-01-20 00:00:00",
}
RELATIVE = {
    "منذ ساعتين": "2026-11-25 10:00:00",
    "منذ ساعة": "2026-11-25 11:00:00",
    "قبل ساعة واحدة": "2026-11-25 11:00:00",
    "قبل 3 أيام": "2026-11-22 12:00:00",
    "منذ ٥ دقائق": "2026-11-25 11:55:00",
    "قبل نحو 40 دقيقة": "2026-11-25 11:20:00",
    "منذ ساعة ونصف": "2026-11-25 10:30:00",
    "منذ ساعتين و20 دقيقة": "2026-11-25 09:40:00",
    "قبل خمس وعشرين دقيقة": "2026-11-25 11:35:00",
    "قبل إحدى عشرة ساعة": "2026-11-25 01:00:00",
    "منذ نصف ساعة": "2026-11-25 11:30:00",
    "منذ أسبوعين": "2026-11-11 12:00:00",
    "منذ شهر": "2026-10-25 12:00:00",
    "منذ 11 شهرا": "2025-12-25 12:00:00",
    "منذ عامين": "2024-11-25 12:00:00",
    "منذ 6 أيام، 3 ساعات": "2026-11-19 09:00:00",
    "2 days, 3 hours ago": "2026-11-23 09:00:00",
    "منذ 3 ساعات، الرباط": "2026-11-25 09:00:00",
    "منذ يوم وساعتين و20 دقيقة": "2026-11-24 09:40:00",
    "منذ يوم واحد": "2026-11-24 12:00:00",
    "3 ساعات مضت": "2026-11-25 09:00:00",
    "الآن": "2026-11-25 12:00:00",
    "منذ لحظات": "2026-11-25 12:00:00",
    "أمس": "2026-11-24 00:00:00",
    "أمس الساعة 3 مساء": "2026-11-24 15:00:00",
    "أول أمس 10:15": "2026-11-23 10:15:00",
    "أول من أمس": "2026-11-23 00:00:00",
    "أمس الأول": "2026-11-23 00:00:00",
    "البارحة على الساعة 22:00": "2026-11-24 22:00:00",
    "اليوم 14:30": "2026-11-25 14:30:00",
    "14:30 اليوم": "2026-11-25 14:30:00",
    "اليوم الأربعاء 25 نونبر 2026": "2026-11-25 00:00:00",
    "hier": "2026-11-24 00:00:00",
    "hier à 14h30": "2026-11-24 14:30:00",
    "avant-hier à 10h": "2026-11-23 10:00:00",
    "Aujourd’hui, 10h15": "2026-11-25 10:15:00",
    "il y a 2 heures": "2026-11-25 10:00:00",
    "il y a une heure et demie": "2026-11-25 10:30:00",
    "il y a 3 jours": "2026-11-22 12:00:00",
    "5 minutes ago": "2026-11-25 11:55:00",
    "an hour ago": "2026-11-25 11:00:00",
    "yesterday at 3:15 pm": "2026-11-24 15:15:00",
    "الخميس 14:30": "2026-11-19 14:30:00",
    "10:15": "2026-11-25 10:15:00",
    "14:30": "2026-11-24 14:30:00",
}


@pytest.mark.parametrize(("text", "expected"), {**RFC822, **ISO, **ARABIC, **FRENCH_AND_ENGLISH, **HIJRI, **RELATIVE}.items())
def test_a_date_is_read(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(("month", "name"), [(month, name) for month, names in MONTHS.items() for name in names.split("|")])
def test_every_family_of_month_names_is_known(month: int, name: str) -> None:
    assert read(f"5 {name} 2024") == f"2024-{month:02}-05 00:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "Thu, 31 Jun 2004 19:48:21 GMT",
        "Tue, 30 Feb 2025 10:00:00 +0000",
        "2025-02-30",
        "2025-13-01",
        "2025-01-20T25:00:00Z",
        "31 أبريل 2025",
        "29 فبراير 2025",
        "32/13/2025",
        "20/20/2025",
        "0/1/2025",
        "20/1/2025 10:65",
        "25:00 20/1/2025",
        "أمس 25:10",
        "30 رمضان 1446",  # it had 29 days
        "20 يناير 1446",
        "20 رجب 2025",
        "20/1/2025 هـ",
        "20 يناير 20255",
        "20 نيسان/ماي 2025",
        "20 يناير 3025",
        "1737",
        "0000-00-00 00:00:00",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "Thu, 01 Jan 1970 00:00:00 +0000",
        "0000000000",
        "منذ بضع ساعات",
        "منذ نصف شهر",
        "منذ 9999 أسبوعا",
        "10:15 مباراة",
        "123/1/2025",
        "يناير 10:15",
        "30 فبراير",
        "الاثنين 31/2/2025",
        "31 رجب 1446",
        "20 رجب 1600",
        "20 يناير 2025 الساعة 99",
        "منذ 9999 سنة",
        "2003-366",
        "2025-W54-1",
        "",
        "   ",
        "قريبا",
        "الثلاثاء",
        "٣ - ١",
        "x" * (MAX_DATE + 1),
    ],
)
def test_what_can_not_be_is_nothing_with_a_reason(text: str) -> None:
    result = parse_date(text, now=NOW)
    assert result.value is None
    assert result.problem
    assert not result


def test_a_wrong_weekday_is_remarked_and_the_date_kept() -> None:
    for text in ("Fri, 01 Jan 2004 19:48:21 GMT", "الجمعة 1 يناير 2004 - 19:48:21"):
        result = parse_date(text, now=NOW)
        assert result.value == datetime(2004, 1, 1, 19, 48, 21, tzinfo=UTC)
        assert result.problem == "it is a Thursday, not a Friday"
    assert parse_date("Thu, 01 Jan 2004 19:48:21 GMT", now=NOW).problem == ""


def test_a_time_without_zone_is_the_source_s() -> None:
    assert read("20 يناير 2025 - 10:15", "Africa/Casablanca") == "2025-01-20 09:15:00"
    assert read("2025-07-20 10:15:00", "Asia/Riyadh") == "2025-07-20 07:15:00"
    assert read("Mon, 20 Jan 2025 10:15:00", "Africa/Cairo") == "2025-01-20 08:15:00"
    assert read("20 يناير 2025", "Asia/Riyadh") == "2025-01-19 21:00:00"  # local midnight
    assert read("أمس 23:30", "Asia/Dubai") == "2026-11-24 19:30:00"
    assert read("Mon, 20 Jan 2025 10:15:00 +0000", "Asia/Riyadh") == "2025-01-20 10:15:00"
    assert read("20 يناير 2025 10:15 بالتوقيت المحلي", "Asia/Riyadh") == "2025-01-20 07:15:00"


def test_yesterday_is_the_source_s_yesterday() -> None:
    late = datetime(2026, 11, 25, 22, tzinfo=UTC)  # already the 26th in Riyadh
    assert parse_date("أمس 10:00", timezone="Asia/Riyadh", now=late).value == datetime(2026, 11, 25, 7, tzinfo=UTC)
    assert parse_date("أمس 10:00", timezone="UTC", now=late).value == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_the_country_says_which_number_is_the_month() -> None:
    for country in ("", "MA", "SA", "EG", "FR"):
        assert read("7/8/2025", country=country) == "2025-08-07 00:00:00"
    assert read("7/8/2025", country="US") == "2025-07-08 00:00:00"
    assert parse_date("7/8/2025", dayfirst=False, now=NOW).value == datetime(2025, 7, 8, tzinfo=UTC)
    assert parse_date("7/28/2025", country="MA", now=NOW).problem == "day and month stand in the other order"
    # 8 July 2025 is a Tuesday, 7 August a Thursday
    assert read("الثلاثاء 7/8/2025") == "2025-07-08 00:00:00"
    assert read("الخميس 7/8/2025") == "2025-08-07 00:00:00"


def test_arabia_s_time_is_not_the_atlantic_s() -> None:
    assert read("Mon, 20 Jan 2025 10:15:00 AST", country="SA") == "2025-01-20 07:15:00"
    assert read("Mon, 20 Jan 2025 10:15:00 AST") == "2025-01-20 14:15:00"


def test_an_unknown_zone_leaves_the_source_s_with_a_remark() -> None:
    result = parse_date("Mon, 20 Jan 2025 10:15:00 XYZ", timezone="Asia/Riyadh", now=NOW)
    assert result.value == datetime(2025, 1, 20, 7, 15, tzinfo=UTC)
    assert "XYZ" in result.problem
    result = parse_date("Mon, 20 Jan 2025 10:15:00 +9900", timezone="Asia/Riyadh", now=NOW)
    assert result.value == datetime(2025, 1, 20, 7, 15, tzinfo=UTC)
    assert "+9900" in result.problem


def test_a_missing_year_is_the_last_such_day() -> None:
    for text, expected in {"20 غشت": "2026-08-20", "20 دجنبر": "2025-12-20", "26 نونبر": "2026-11-26", "29 فبراير": "2024-02-29"}.items():
        result = parse_date(text, now=NOW)
        assert result.value is not None
        assert result.value.strftime("%Y-%m-%d") == expected
        assert "no year" in result.problem
    # 20 August was a Wednesday in 2025
    assert read("الأربعاء 20 غشت") == "2025-08-20 00:00:00"
    assert read("20 رجب") == "2026-01-09 00:00:00"


def test_a_date_to_come_is_kept() -> None:
    assert read("Mon, 20 Jan 2042 10:15:00 +0000") == "2042-01-20 10:15:00"
    assert read("20 يناير 2042") == "2042-01-20 00:00:00"


def test_precision_is_told() -> None:
    for text, precision in {
        "2004": "year",
        "2004-02": "month",
        "يناير 2025": "month",
        "2025 يناير": "month",
        "رمضان 1446": "month",
        "20 يناير 2025": "day",
        "20 يناير 2025 10:15": "time",
        "منذ 3 أيام": "day",
        "منذ شهرين": "month",
        "منذ ساعتين": "time",
        "Thu, 01 Jan 2004": "day",
    }.items():
        assert parse_date(text, now=NOW).precision == precision, text


def test_the_weekday_corrects_a_sighted_hijri_date() -> None:
    # Umm al-Qura has 20 Rajab 1446 on a Monday; Morocco, a day behind, on a Tuesday
    result = parse_date("الثلاثاء 20 رجب 1446", country="MA", now=NOW)
    assert result.value == datetime(2025, 1, 21, tzinfo=UTC)
    assert "Umm al-Qura" in result.problem
    kept = parse_date("الثلاثاء 20 رجب 1446", country="SA", now=NOW)
    assert kept.value == datetime(2025, 1, 20, tzinfo=UTC)
    assert kept.problem


def test_a_hijri_weekday_that_is_days_off_is_remarked() -> None:
    result = parse_date("الجمعة 20 رجب 1446", country="MA", now=NOW)
    assert result.value == datetime(2025, 1, 20, tzinfo=UTC)
    assert result.problem == "it is a Monday, not a Friday"


def test_two_calendars_that_disagree_are_remarked() -> None:
    assert "no Hijri date" in parse_date("31 محرم 1446 الموافق 20 يناير 2025", now=NOW).problem
    assert parse_date("20 رجب 1446 الموافق 31 فبراير 2025", now=NOW).value is None
    result = parse_date("20 رجب 1446 الموافق 25 يناير 2025", now=NOW)
    assert result.value == datetime(2025, 1, 25, tzinfo=UTC)
    assert "5 days away" in result.problem
    assert parse_date("20 رجب 1446 الموافق 21 يناير 2025", now=NOW).problem == ""


def test_an_unknown_source_zone_is_the_caller_s_error() -> None:
    with pytest.raises(UsageError, match="Mars/Olympus"):
        parse_date("2025-01-20", timezone="Mars/Olympus", now=NOW)


FOUND = {
    "نشر في: الاثنين 20 يناير 2025 على الساعة 10:15": "2025-01-20 10:15:00",
    "كتب محمد — 20 شتنبر 2025 / 14:30 (الرباط)": "2025-09-20 14:30:00",
    "الرباط – و م ع | الثلاثاء 3 فبراير 2026 - 18:05": "2026-02-03 18:05:00",
    "بقلم: أحمد | 03/02/2026 - 18:05 | مشاهدات 300": "2026-02-03 18:05:00",
    "آخر تحديث: 21/01/2025 | نشر في 20 يناير 2025 10:15": "2025-01-20 10:15:00",
    "Mis à jour le 21/01/2025 à 9h - Publié le 20/01/2025 à 8h30": "2025-01-20 08:30:00",
    "آخر تحديث: 21/01/2025": "2025-01-21 00:00:00",
    "في مباراة انتهت 3-1 يوم 20 يناير 2025 بحضور 15000 متفرج": "2025-01-20 00:00:00",
    "Par Ahmed, le 3 février 2026 à 18h05": "2026-02-03 18:05:00",
    "منذ ساعتين - الرباط": "2026-11-25 10:00:00",
    "هسبريس - منذ 5 دقائق": "2026-11-25 11:55:00",
    "20 يناير 2025 ,,,,,,,,,, 5 تعليقات": "2025-01-20 00:00:00",
    "في 20 يناير 2025 وفي 31 فبراير 2025": "2025-01-20 00:00:00",
    "31 فبراير 2025 ثم 20 يناير 2025": "2025-01-20 00:00:00",
    "25:70 ثم 20 يناير 2025": "2025-01-20 00:00:00",
    "20 يناير 2025 على الساعة العاشرة والرباط": "2025-01-20 10:00:00",
    "نشر: أمس الساعة 10:15": "2026-11-24 10:15:00",
}


@pytest.mark.parametrize(("text", "expected"), FOUND.items())
def test_a_date_is_found_in_a_longer_line(text: str, expected: str) -> None:
    value = find_date(text, now=NOW).value
    assert value is not None
    assert value.strftime("%Y-%m-%d %H:%M:%S") == expected


@pytest.mark.parametrize(
    "text",
    [
        "قال الوزير اليوم إن المنتخب فاز 3-1 على ضيفه في المباراة التي جرت بالرباط",
        "عدد المشاهدات: 2025",
        "هاتف 05-22-33-44-2025",
        "10.1.2.2025",
        "مقتل 5 مارس الماضي في انتظار نتائج التحقيق",
        "قبل 3 أيام من الانتخابات",
        "الفصل 12 من القانون 15.95",
        "نشر في 31 فبراير 2025",
        "أمس 25:10",
        "2025 يناير",
        "رمضان 1446",
        "",
    ],
)
def test_what_is_no_date_is_not_found(text: str) -> None:
    result = find_date(text, now=NOW)
    assert result.value is None
    assert result.problem


def test_long_texts_cost_little() -> None:
    started = datetime.now(UTC)
    for junk in (
        "1/" * 5_000,
        "من " * 5_000,
        "20 يناير " * 5_000,
        "م 1:" * 5_000,
        "(-" * 5_000,
        "9" * 50_000,
        " " * 100_000,
        "الساعة " * 5_000,
    ):
        find_date(junk, now=NOW)
        parse_date(junk, now=NOW)
        parse_date(junk[: MAX_DATE - 1], now=NOW)
    assert datetime.now(UTC) - started < timedelta(seconds=2)


def test_machine_dates_need_no_heavy_library() -> None:
    import subprocess

    program = (
        "import sys, datetime as d; from aggregator.arabic.dates import parse_date;"
        "parse_date('Thu, 01 Jan 2004 19:48:21 GMT', now=d.datetime.now(d.UTC));"
        "sys.exit(bool({'dateparser', 'hijridate', 'dateutil'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_feedparser_s_own_date_cases_hold() -> None:
    if not SHARED.exists():
        pytest.skip("no shared data")
    import re

    expect = re.compile(r"\[?'?\w*_parsed'?\]? == \((\d+), (\d+), (\d+), (\d+), (\d+), (\d+),")
    dates = re.compile(r"<(?:\w+:)?(?:created|issued|modified|published|updated|date|pubDate|lastBuildDate|expirationDate)>([^<]+)<")
    held = 0
    with tarfile.open(SHARED) as archive:
        for member in archive:
            if "_parsed" not in member.name or not member.name.endswith(".xml"):
                continue
            file = archive.extractfile(member)
            assert file is not None
            text = file.read().decode("utf-8", "replace")
            told, wanted = dates.findall(text), expect.search(text)
            if len(told) == 1 and wanted:
                assert parse_date(told[0], now=NOW).value == datetime(*map(int, wanted.groups()), tzinfo=UTC), member.name  # type: ignore[misc]
                held += 1
    assert held >= 10
