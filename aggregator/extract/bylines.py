"""Names of authors, and the lines that hold them, dates and counters at the head or foot of an article."""

from __future__ import annotations

import re

from aggregator.arabic.fold import clean, fold

# «كتب/», «بقلم:», «إعداد» … then the name
_LABEL = r"(?:كتبه?ا?|كتبت|بقلم|تحرير|إعداد|اعداد|حرره|حررته|تقرير|متابعة|مراسلة|حاوره|حاورته|حاورها|أجرى الحوار|حوار|تغطية|ترجمة|الكاتبة?|المحرر|المؤلف|الصحفي|نشره|نشرته|نشرت? بواسطة|أرسلت? بواسطة|مرسلة بواسطة|كتب بواسطة|كتبت بواسطة|نشر من طرف|بواسطة|من طرف|أضيف بواسطة|من إعداد|par|by|written by|posted by|publié par|rédigé par|écrit par|auteur|author|propos recueillis par)"
_LABELLED = re.compile(
    rf"^\s*(?:{_LABEL}\s*(?:[/:\\|–—-]|ـ)+\s*|(?:بقلم|كتبت?|par|by|written by|posted by|publié par|بواسطة)\s+)+(?P<name>.+)$", re.I
)
_DATE_TAIL = re.compile(
    r"\s*(?:[|/,،•·–—-]\s*)?(?:(?:في|يوم|بتاريخ)\s+)*(?:(?:ال)?(?:اثنين|إثنين|ثلاثاء|أربعاء|اربعاء|خميس|جمعة|سبت|أحد)\b|\d{1,4}[/. -]\d|\d{1,2}\s+\w+\s+\d{4}|(?:نشر|منذ|آخر تحديث|بتاريخ|publié|published|on|le)\s).*$",
    re.I,
)
_NO_NAME = re.compile(
    r"^(?:admin\w*|administrator|root|user\d*|webmaster|editor\d?|author|guest|test|null|none|undefined|unknown|n/?a|مدير الموقع|المدير|المشرف|مشرف|أدمن|ادمن|كاتب|المحرر|محرر \d+|الموقع)$",
    re.I,
)
_ADDRESS = re.compile(r"https?:|www\.|@\w+\.\w|\.(?:com|net|org|ma|dz|tn)\b", re.I)
_PAREN = re.compile(r"\s*[(\[]\s*(?:مراسل\w*|صحفي\w*|صورة|ومع|و\.?م\.?ع)?[^)\]]{0,40}[)\]]\s*$")
_COUNTER = re.compile(
    r"^\W*(?:(?:عدد )?(?:ال)?(?:مشاهد\w*|قراءات|قراءة|زيار\w*|تعليق\w*|مشاركات|views?|vues?|comments?|commentaires?|shares?)\s*[:|]?\s*[\d,.٠-٩]+\w?"
    r"|[\d,.٠-٩]+\w?\s*(?:مشاهد\w*|قراءات|قراءة|زيار\w*|تعليق\w*|مشارك\w*|views?|vues?|comments?|commentaires?|shares?|إعجاب\w*)"
    r"|(?:مدة القراءة|وقت القراءة|زمن القراءة)?\s*[:|]?\s*(?:أقل من )?(?:[\d٠-٩]+\s*)?(?:دقيقة|دقائق|دقيقتان|دقيقتين)(?: واحدة)?(?: للقراءة| قراءة)?|[\d]+ min(?:ute)?s? (?:read|de lecture)|temps de lecture.{0,20}|reading time.{0,20})\W*$",
    re.I,
)  # fmt: skip
_EDGE = " \t\n:/|\\-–—ـ،,.;•·*\"'«»()[]"


def author_of(text: str) -> str:
    """Give an author's name without «كتب/», «بقلم:», a date behind it or a website; "" where there is none.

    >>> author_of("بقلم/ محمد أمين"), author_of("كتب : سعاد بن علي | 12/03/2024"), author_of("admin")
    ('محمد أمين', 'سعاد بن علي', '')
    """
    text = clean(text[:400])
    if text.startswith("المصدر"):
        return ""
    match = _LABELLED.match(text)
    if match:
        text = match["name"]
    if _ADDRESS.search(text):
        text = re.sub(r"\S*(?:https?:|www\.|@)\S*", "", text)
    text = _DATE_TAIL.sub("", text).strip(_EDGE)
    if (
        len(text) < 2
        or len(text) > 120
        or _NO_NAME.match(text)
        or _ADDRESS.search(text)
        or not any(character.isalpha() for character in text)
    ):
        return ""
    return text


def labelled_author(text: str) -> str:
    """Give the author that a by-line names with a label («كتب: …»), or "" if the line is none."""
    text = clean(text[:200])
    match = _LABELLED.match(text)
    # a sentence may begin with «كتب الرئيس رسالة»: a name is short and ends in no full stop
    if match is None or len(match["name"].split()) > 8 or text.rstrip().endswith((".", "؟", "!")):
        return ""
    return author_of(text)


def is_byline(text: str) -> bool:
    """Tell whether a short line only says who wrote."""
    return len(text) <= 90 and bool(labelled_author(text))


def is_counter(text: str) -> bool:
    """Tell whether a line counts views, comments or minutes of reading.

    >>> is_counter("١٢٣ مشاهدة"), is_counter("3 دقائق"), is_counter("قتل 3 أشخاص")
    (True, True, False)
    """
    return len(text) <= 60 and bool(_COUNTER.match(text))


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are one, whatever their spelling."""
    return bool(one) and fold(one).strip(_EDGE) == fold(other).strip(_EDGE)
