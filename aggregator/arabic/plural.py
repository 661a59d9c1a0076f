"""Counts, ages and dates as an Arabic, French or English reader says them."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.arabic.zones import zone

# noun: (one, two, few 3-10, many 11-99, hundreds)
NOUNS: dict[str, tuple[str, str, str, str, str]] = {
    "خبر": ("خبر واحد", "خبران", "أخبار", "خبرا", "خبر"),
    "تقرير": ("تقرير واحد", "تقريران", "تقارير", "تقريرا", "تقرير"),
    "مصدر": ("مصدر واحد", "مصدران", "مصادر", "مصدرا", "مصدر"),
    "ثانية": ("ثانية", "ثانيتين", "ثوان", "ثانية", "ثانية"),
    "دقيقة": ("دقيقة", "دقيقتين", "دقائق", "دقيقة", "دقيقة"),
    "ساعة": ("ساعة", "ساعتين", "ساعات", "ساعة", "ساعة"),
    "يوم": ("يوم", "يومين", "أيام", "يوما", "يوم"),
}
MONTHS_EAST = (
    "كانون الثاني",
    "شباط",
    "آذار",
    "نيسان",
    "أيار",
    "حزيران",
    "تموز",
    "آب",
    "أيلول",
    "تشرين الأول",
    "تشرين الثاني",
    "كانون الأول",
)
MONTHS_EGYPT = ("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر")
MONTHS_MOROCCO = ("يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر")
MONTHS_TUNIS = ("جانفي", "فيفري", "مارس", "أفريل", "ماي", "جوان", "جويلية", "أوت", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر")
MONTHS = {
    **dict.fromkeys(("MA", "MR"), MONTHS_MOROCCO),
    **dict.fromkeys(("DZ", "TN"), MONTHS_TUNIS),
    **dict.fromkeys(("SY", "LB", "JO", "PS", "IQ"), MONTHS_EAST),
}
MONTHS_FRENCH = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
MONTHS_ENGLISH = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
MONTHS_HIJRI = (
    "محرم",
    "صفر",
    "ربيع الأول",
    "ربيع الآخر",
    "جمادى الأولى",
    "جمادى الآخرة",
    "رجب",
    "شعبان",
    "رمضان",
    "شوال",
    "ذو القعدة",
    "ذو الحجة",
)
MONTHS_HIJRI_LATIN = (
    "Muharram",
    "Safar",
    "Rabi‘ I",
    "Rabi‘ II",
    "Jumada I",
    "Jumada II",
    "Rajab",
    "Sha‘ban",
    "Ramadan",
    "Shawwal",
    "Dhu al-Qa‘da",
    "Dhu al-Hijja",
)
DAYS = ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد")


def count(n: int, noun: str) -> str:
    """Give a counted noun: «خبر واحد», «خبران», «3 أخبار», «11 خبرا», «100 خبر».

    ``noun`` is one of `NOUNS`; the agreement is that of a headline's digits (3–10 plural, 11–99 accusative singular, hundreds genitive).
    """
    one, two, few, many, hundred = NOUNS[noun]
    if n in (1, 2):
        return (one, two)[n - 1]
    rest = n % 100
    return f"{n} {few if 3 <= rest <= 10 else many if rest >= 11 else hundred}"


def ago(age: timedelta, language: str = "ar") -> str:
    """Say how long ago something was: «قبل 3 دقائق», «قبل ساعتين», « il y a 2 h », "3 minutes ago"."""
    seconds = max(0, int(age.total_seconds()))
    if seconds < 60:
        return {"ar": "قبل لحظات", "fr": "à l’instant"}.get(language, "just now")
    for size, noun, french, english in (
        (86_400, "يوم", "jour", "day"),
        (3_600, "ساعة", "heure", "hour"),
        (60, "دقيقة", "minute", "minute"),
    ):
        n = seconds // size
        if n:
            plural = "s" if n > 1 else ""
            return {"ar": f"قبل {count(n, noun)}", "fr": f"il y a {n} {french}{plural}"}.get(language, f"{n} {english}{plural} ago")
    raise AssertionError("unreachable: a minute or more has a unit")


def say_date(moment: datetime, country: str = "", language: str = "ar", timezone: str = "UTC") -> str:
    """Say a date and time with the month names of its country: «الثلاثاء 25 نونبر 2026، 14:05»."""
    local = moment.astimezone(zone(timezone))
    clock = f"{local:%H:%M}"
    if language == "fr":
        first = "1er" if local.day == 1 else str(local.day)
        return f"{first} {MONTHS_FRENCH[local.month - 1]} {local.year}, {clock}"
    if language == "en":
        return f"{local.day} {MONTHS_ENGLISH[local.month - 1]} {local.year}, {clock}"
    names = MONTHS.get(country, MONTHS_EGYPT)
    return f"{DAYS[local.weekday()]} {local.day} {names[local.month - 1]} {local.year}، {clock}"


def say_hijri(moment: datetime, language: str = "ar", timezone: str = "UTC") -> str:
    """Say the Hijri date after the Umm al-Qura calendar: «15 جمادى الآخرة 1448 هـ»; empty outside its years (1343–1500)."""
    from hijridate import Gregorian

    local = moment.astimezone(zone(timezone))
    try:
        date = Gregorian(local.year, local.month, local.day).to_hijri()
    except (OverflowError, ValueError):
        return ""
    if language == "ar":
        return f"{date.day} {MONTHS_HIJRI[date.month - 1]} {date.year} هـ"
    return f"{date.day} {MONTHS_HIJRI_LATIN[date.month - 1]} {date.year} {'H' if language == 'fr' else 'AH'}"
