"""Counts, ages and dates as an Arabic, French or English reader says them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.arabic import hijri
from aggregator.arabic.zones import zone


@dataclass(frozen=True, slots=True)
class Noun:
    """The forms that an Arabic noun takes behind its number.

    ``dual`` and ``oblique`` are the nominative («خبران») and what stands after a preposition («قبل ساعتين»),
    ``few`` goes with 3 to 10, ``many`` (accusative) with 11 to 99, ``one`` with 1 and with whole hundreds.
    """

    one: str
    dual: str
    oblique: str
    few: str
    many: str
    feminine: bool = False


NOUNS = {
    noun.one: noun
    for noun in (
        Noun("خبر", "خبران", "خبرين", "أخبار", "خبرا"),
        Noun("تقرير", "تقريران", "تقريرين", "تقارير", "تقريرا"),
        Noun("مصدر", "مصدران", "مصدرين", "مصادر", "مصدرا"),
        Noun("مقال", "مقالان", "مقالين", "مقالات", "مقالا"),
        Noun("موقع", "موقعان", "موقعين", "مواقع", "موقعا"),
        Noun("صورة", "صورتان", "صورتين", "صور", "صورة", feminine=True),
        Noun("نتيجة", "نتيجتان", "نتيجتين", "نتائج", "نتيجة", feminine=True),
        Noun("كلمة", "كلمتان", "كلمتين", "كلمات", "كلمة", feminine=True),
        Noun("ثانية", "ثانيتان", "ثانيتين", "ثوان", "ثانية", feminine=True),
        Noun("دقيقة", "دقيقتان", "دقيقتين", "دقائق", "دقيقة", feminine=True),
        Noun("ساعة", "ساعتان", "ساعتين", "ساعات", "ساعة", feminine=True),
        Noun("يوم", "يومان", "يومين", "أيام", "يوما"),
        Noun("أسبوع", "أسبوعان", "أسبوعين", "أسابيع", "أسبوعا"),
        Noun("شهر", "شهران", "شهرين", "أشهر", "شهرا"),
        Noun("سنة", "سنتان", "سنتين", "سنوات", "سنة", feminine=True),
    )
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
MONTHS_MAURITANIA = ("يناير", "فبراير", "مارس", "إبريل", "مايو", "يونيو", "يوليو", "أغشت", "شتمبر", "أكتوبر", "نوفمبر", "دجمبر")
MONTHS_TUNIS = ("جانفي", "فيفري", "مارس", "أفريل", "ماي", "جوان", "جويلية", "أوت", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر")
MONTHS = {
    **dict.fromkeys(("MA", "EH"), MONTHS_MOROCCO),
    "MR": MONTHS_MAURITANIA,
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
DAYS_FRENCH = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
DAYS_ENGLISH = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAYS = ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد")


def count(n: int, noun: str, *, oblique: bool = False) -> str:
    """Give a counted Arabic noun with its agreement; ``noun`` is a key of `NOUNS`, ``oblique`` as after a preposition.

    >>> [count(n, "خبر") for n in (0, 1, 2, 3, 11, 100, 103)]
    ['لا أخبار', 'خبر واحد', 'خبران', '3 أخبار', '11 خبرا', '100 خبر', '103 أخبار']
    >>> count(2, "مصدر", oblique=True), count(1, "صورة")
    ('مصدرين', 'صورة واحدة')
    """
    forms = NOUNS[noun]
    if n == 0:
        return f"لا {forms.few}"
    if n == 1:
        return f"{forms.one} {'واحدة' if forms.feminine else 'واحد'}"
    if n == 2:
        return forms.oblique if oblique else forms.dual
    rest = n % 100
    return f"{n} {forms.few if 3 <= rest <= 10 else forms.many if rest >= 11 else forms.one}"


# largest first: seconds, Arabic, French singular and plural, English
_UNITS = (
    (365 * 86_400, "سنة", "an", "ans", "year"),
    (30 * 86_400, "شهر", "mois", "mois", "month"),
    (7 * 86_400, "أسبوع", "semaine", "semaines", "week"),
    (86_400, "يوم", "jour", "jours", "day"),
    (3_600, "ساعة", "heure", "heures", "hour"),
    (60, "دقيقة", "minute", "minutes", "minute"),
)


def ago(age: timedelta, language: str = "ar") -> str:
    """Say how long ago something was, in its largest whole unit; less than a minute, or not yet, is a moment ago.

    >>> [ago(timedelta(minutes=n)) for n in (0, 1, 2, 3, 11, 120)]
    ['قبل لحظات', 'قبل دقيقة', 'قبل دقيقتين', 'قبل 3 دقائق', 'قبل 11 دقيقة', 'قبل ساعتين']
    >>> ago(timedelta(hours=3), "fr"), ago(timedelta(days=1), "en")
    ('il y a 3 heures', '1 day ago')
    """
    seconds = max(0, int(age.total_seconds()))
    for size, noun, french, frenches, english in _UNITS:
        n = seconds // size
        if not n:
            continue
        if language == "fr":
            return f"il y a {n} {french if n == 1 else frenches}"
        if language == "en":
            return f"{n} {english}{'' if n == 1 else 's'} ago"
        return f"قبل {noun if n == 1 else count(n, noun, oblique=True)}"
    return {"fr": "à l’instant", "en": "just now"}.get(language, "قبل لحظات")


def say_date(moment: datetime, country: str = "", language: str = "ar", timezone: str = "UTC") -> str:
    """Say a date and time with the month names of its country.

    >>> from datetime import UTC
    >>> say_date(datetime(2026, 11, 25, 14, 5, tzinfo=UTC), "MA"), say_date(datetime(2026, 8, 1, tzinfo=UTC), "LB")
    ('الأربعاء 25 نونبر 2026، 14:05', 'السبت 1 آب 2026، 00:00')
    >>> say_date(datetime(2026, 11, 1, 14, 5, tzinfo=UTC), language="fr")
    'dimanche 1er novembre 2026, 14:05'
    """
    clock = f"{moment.astimezone(zone(timezone)):%H:%M}"
    return f"{say_day(moment, country, language, timezone)}{', ' if language in ('fr', 'en') else '، '}{clock}"


def say_day(moment: datetime, country: str = "", language: str = "ar", timezone: str = "UTC") -> str:
    """Say a day with the month names of its country.

    >>> from datetime import UTC
    >>> say_day(datetime(2026, 8, 1, tzinfo=UTC), "MA"), say_day(datetime(2026, 8, 1, tzinfo=UTC), language="en")
    ('السبت 1 غشت 2026', 'Saturday 1 August 2026')
    """
    local = moment.astimezone(zone(timezone))
    weekday, month = local.weekday(), local.month - 1
    if language == "fr":
        return f"{DAYS_FRENCH[weekday]} {'1er' if local.day == 1 else local.day} {MONTHS_FRENCH[month]} {local.year}"
    if language == "en":
        return f"{DAYS_ENGLISH[weekday]} {local.day} {MONTHS_ENGLISH[month]} {local.year}"
    names = MONTHS.get(country.upper(), MONTHS_EGYPT)
    return f"{DAYS[weekday]} {local.day} {names[month]} {local.year}"


def say_hijri(moment: datetime, language: str = "ar", timezone: str = "UTC") -> str:
    """Say the Hijri date after the Umm al-Qura calendar; empty outside its years (1343 to 1500).

    >>> from datetime import UTC
    >>> say_hijri(datetime(2026, 11, 25, tzinfo=UTC))
    '15 جمادى الآخرة 1448 هـ'
    """
    found = hijri.from_gregorian(moment.astimezone(zone(timezone)).date())
    if found is None:
        return ""
    year, month, day = found
    if language in ("fr", "en"):
        return f"{day} {MONTHS_HIJRI_LATIN[month - 1]} {year} {'H' if language == 'fr' else 'AH'}"
    return f"{day} {MONTHS_HIJRI[month - 1]} {year} هـ"
