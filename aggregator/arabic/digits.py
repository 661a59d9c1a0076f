"""Read the numbers of a text with what they count: words and digits, thousands and millions, %, scores, editions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from aggregator.arabic.fold import fold
from aggregator.arabic.tables import lines
from aggregator.arabic.tokens import STOP, stem

_TOKEN = re.compile(r"\d+/\d+|\d{1,3}(?: \d{3})+(?![\d.,])|\d+(?:[.,]\d+)*|%|[^\W\d_]+|-")
_THOUSANDS = re.compile(r"\d{1,3}(?:[., ]\d{3})+")

_TEN = frozenset(("عشر", "عشره"))
_FRACTIONS = {"نصف": 0.5, "ربع": 0.25}  # نصف مليون
_THAN = frozenset(("من", "عن", "de"))
# a number counts nothing that stands behind one of these: «8 على الحد الجنوبي», «خليجي 23 إلى العام المقبل»
_APART = frozenset(("الي", "علي", "في", "عن", "بعد", "قبل", "خلال", "منذ", "عبر", "امام", "ضد", "اثر", "جراء", "مع"))
_BASIS_POINTS = (["نقطه", "اساس"], ["نقاط", "اساس"])  # 100 نقطة أساس is 1 %
_LASTS, _LAST = ("الاخيره", "الاخير"), 999.0  # الحلقة الأخيرة


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and the stem of what it counts.

    ``unit`` is a stem, or one of ``death``, ``injury``, ``percent``, ``year``, ``score`` (value: the smaller
    side; ``second`` the larger), ``goals`` (برباعية: the winner's), ``ordinal`` or ``no:…`` (edition, round, flight: the stem
    after the colon). ``about`` marks a round figure (نحو, أكثر من).
    """

    value: float
    unit: str
    second: float = -1.0
    about: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        """Give the number as digits."""
        digits = f"{self.value:g}" if self.value < 1e6 else f"{self.value:,.0f}"
        return f"{digits}-{self.second:g}" if self.second >= 0 else digits


@dataclass(frozen=True, slots=True)
class _Words:
    units: dict[str, float]
    scales: dict[str, float]
    ordinals: dict[str, float]
    tens: dict[str, float]
    duals: dict[str, str]
    goals: dict[str, float]
    about: frozenset[str]
    more: frozenset[str]
    kinds: dict[str, frozenset[str]]  # death, injury, percent, people, edition -> stems


@cache
def _words() -> _Words:
    numbers: dict[str, dict[str, float]] = {"unit": {}, "scale": {}, "ordinal": {}, "tens": {}, "goals": {}}
    duals: dict[str, str] = {}
    plain: dict[str, frozenset[str]] = {}
    kinds: dict[str, frozenset[str]] = {}
    for line in lines("numbers.tsv"):
        kind, value, forms = line.split("\t")
        folded = [fold(form) for form in forms.split()]
        if kind == "kind" and value in ("about", "more"):
            plain[value] = frozenset(folded)
            continue
        if kind == "kind":
            kinds[value] = frozenset(stem(clitic + form) for form in folded for clitic in ("", "و")) | (
                frozenset(("%",)) if value == "percent" else frozenset()
            )
            continue
        if kind == "dual":
            duals |= {clitic + form: stem(fold(value)) for form in folded for clitic in ("", "و", "ب", "ل")}
            continue
        table = numbers[kind]
        for form in folded:
            table[form] = float(value)
            if kind == "ordinal" and form.startswith("ال"):
                table |= dict.fromkeys(("لل" + form[2:], "ب" + form, "و" + form), float(value))
            if kind == "tens":
                table["و" + form] = float(value)
    return _Words(
        numbers["unit"],
        numbers["scale"],
        numbers["ordinal"],
        numbers["tens"],
        duals,
        numbers["goals"],
        plain["about"],
        plain["more"],
        kinds,
    )


def written(word: str) -> str:
    """Give a folded word that stands for three to ninety as digits, any other as it is.

    >>> written("سته"), written("خمسين"), written("الاثنين")
    ('6', '50', 'الاثنين')
    """
    value = _words().units.get(word, 0.0)
    return f"{value:g}" if value >= 3 else word


def dual_of(word: str) -> str:
    """Give the stem of what a folded word says two of, "" for any other word.

    >>> dual_of("شخصين"), dual_of("وطفلتان"), dual_of("شخص")
    ('شخص', 'طفل', '')
    """
    return _words().duals.get(word, "")


def counts(word: str) -> bool:
    """Tell whether a folded word may be a number, a pair of something or a place in a row, so that `numbers` is worth asking.

    >>> counts("412"), counts("وخمسين"), counts("شخصين"), counts("الثانيه"), counts("قرار")
    (True, True, True, True, False)
    """
    if word[0].isdigit() or word in _LASTS:
        return True
    return word in _counting() or (word[0] in "وبل" and word[1:] in _counting())


@cache
def _counting() -> frozenset[str]:
    table = _words()
    return frozenset().union(table.units, table.scales, table.ordinals, table.tens, table.duals, table.goals)


def numbers(text: str) -> list[Quantity]:
    """Give the numbers of a headline with their units, in order.

    >>> [(str(q), q.unit) for q in numbers("مقتل 3 أشخاص وإصابة خمسة في حادث")]
    [('3', 'death'), ('5', 'injury')]
    >>> [(str(q), q.unit) for q in numbers("انطلاق الدورة الثانية والعشرين لمعرض الكتاب")]
    [('22', 'no:دور')]
    >>> [(str(q), q.unit) for q in numbers("الوداد يهزم الرجاء 2-1 أمام ٤٥ ألف متفرج")]
    [('1-2', 'score'), ('45000', 'متفرج')]
    >>> [(str(q), q.unit, q.about) for q in numbers("يسحق زامبيا بسباعية نظيفة أمام نحو ألف متفرج")]
    [('0-7', 'score', False), ('1000', 'متفرج', True)]
    >>> [(str(q), q.unit) for q in numbers("المركزي يخفض الفائدة 150 نقطة أساس")]
    [('1.5', 'percent')]
    """
    parts = _TOKEN.findall(fold(text))
    return [*_cardinals(parts), *_ordinals([part for part in parts if part not in "%-"])]


def _value(part: str, table: _Words) -> float | None:
    if part[0].isdigit():
        if _THOUSANDS.fullmatch(part):
            return float(re.sub("[., ]", "", part))
        try:
            return float(part.replace(",", "."))
        except ValueError:
            return None
    for form in (part, part[1:] if part[0] in "وبل" and len(part) > 3 else ""):
        if form in table.units:
            return table.units[form]
        if form in table.scales and form not in ("ميه", "مايه"):
            return table.scales[form]
    return None


def _cardinals(parts: list[str]) -> Iterator[Quantity]:
    table = _words()
    place = 0
    while place < len(parts):
        part = parts[place]
        if "/" in part:
            yield Quantity(float(part.split("/")[0]), "no:/")  # (2/4)
            place += 1
            continue
        if part in table.duals:
            kind = next(
                (
                    kind
                    for kind in ("death", "injury")
                    if table.kinds[kind] & {stem(word) for word in (part, *parts[max(0, place - 2) : place])}
                ),
                "",
            )
            yield Quantity(2.0, kind or table.duals[part])
            place += 1
            continue
        if part in table.goals:
            clean = bool(table.kinds["clean"] & set(map(stem, parts[place + 1 : place + 2]))) or parts[place + 1 : place + 3] == [
                "دون",
                "رد",
            ]
            yield Quantity(0.0, "score", table.goals[part]) if clean else Quantity(table.goals[part], "goals")
            place += 1
            continue
        value = _value(part, table)
        if value is None:
            place += 1
            continue
        if part[0].isdigit() and parts[place + 1 : place + 2] == ["-"] and parts[place + 2 : place + 3] and parts[place + 2][0].isdigit():
            sides = sorted((value, _value(parts[place + 2], table) or 0.0))
            yield Quantity(sides[0], "score", sides[1])
            place += 3
            continue
        if part in _TEN and place and parts[place - 1] in table.ordinals:
            place += 1  # الثالث عشر
            continue
        start = place
        value, taken = _compound(value, parts[place + 1 : place + 2], table)
        place += taken
        while (
            place + 1 < len(parts)
            and (scale := table.scales.get(parts[place + 1], 0.0)) > value
            and scale != 100
            and (value < 1000 or scale >= 1e6)
        ):
            value *= scale
            place += 1
        if part in table.scales and start:
            value *= _FRACTIONS.get(parts[start - 1], 1.0)
        if parts[place + 1 : place + 3] in _BASIS_POINTS:
            yield Quantity(value / 100, "percent")
            place += 3
            continue
        yield Quantity(value, _unit(parts, start, place + 1, value, table), about=_about(parts, start, table))
        place += 1


def _about(parts: list[str], start: int, table: _Words) -> bool:
    """نحو 400 ألف، ما يقارب ألف، أكثر من ثلاثة آلاف."""
    before = parts[max(0, start - 2) : start]
    return not table.about.isdisjoint(before) or (len(before) == 2 and before[0] in table.more and before[1] in _THAN)


def _compound(value: float, following: list[str], table: _Words) -> tuple[float, int]:
    """ثلاثة عشر، خمسة وعشرون: give the sum and how many words it took."""
    if following and 1 <= value <= 9:
        if following[0] in _TEN:
            return value + 10, 1
        if following[0][0] == "و" and 20 <= table.units.get(following[0][1:], 0) <= 90:
            return value + table.units[following[0][1:]], 1
    return value, 0


def _following(parts: list[str], after: int, table: _Words) -> list[str]:
    """Give the stems of the two words after a number that may say what it counts."""
    following: list[str] = []
    for at, part in enumerate(parts[after:], after):
        if part in _APART and not (at + 1 < len(parts) and stem(parts[at + 1]) in table.kinds["percent"]):
            break
        if part in STOP:
            continue
        if part[0] == "و" and stem(part) in table.kinds["death"] | table.kinds["injury"]:
            break  # استشهاد 4 وإصابة 8
        if len(following) == 2 or part[0].isdigit() or part == "-":
            break
        following.append(stem(part))
    return following


def _unit(parts: list[str], start: int, after: int, value: float, table: _Words) -> str:
    following = _following(parts, after, table)
    before = [
        stem(part) for part in reversed(parts[max(0, start - 2) : start]) if not part[0].isdigit() and part not in STOP and part != "-"
    ]
    around = {*following, *before}
    edition = next((word for word in before if word in table.kinds["edition"]), None)
    if following and following[0] in table.kinds["time"]:
        return following[0]  # 14 قتيلا خلال 24 ساعة
    if 1990 <= value <= 2040 and value == int(value) and len(parts[start]) == 4:
        return "year"
    if edition and value < 200:
        return f"no:{edition}"
    if around & table.kinds["percent"]:
        return "percent"
    if (
        around & table.kinds["death"]
        and not (following and following[0] in table.kinds["injury"])
        and not (before and before[0] in table.kinds["injury"])
    ):
        return "death"
    if around & table.kinds["injury"]:
        return "injury"
    if following or before:
        return (following or before)[0]
    earlier = {stem(part) for part in parts[max(0, start - 7) : start]}
    return "death" if earlier & table.kinds["death"] else "injury" if earlier & table.kinds["injury"] else ""


def _ordinals(parts: list[str]) -> Iterator[Quantity]:
    table = _words()
    place = 0
    while place < len(parts):
        start = place
        part = parts[place]
        value = table.ordinals.get(part)
        if value is not None:
            following = parts[place + 1 : place + 3]
            if following and following[0] in table.tens:
                value += table.tens[following[0]]
                place += 1
            elif len(following) == 2 and following[0] == "و" and following[1] in table.tens:
                value += table.tens[following[1]]
                place += 2
            elif following and following[0] in _TEN:
                value += 10
                place += 1
        elif part in table.tens and part[0] != "و" and part.startswith("ال"):
            value = table.tens[part]
        if value is not None:
            before = [stem(word) for word in reversed(parts[max(0, start - 2) : start]) if not word[0].isdigit()]
            edition = next((word for word in before if word in table.kinds["edition"]), "")
            yield Quantity(value, f"no:{edition}" if edition else "ordinal")
        elif part in _LASTS and place and stem(parts[place - 1]) in table.kinds["edition"]:
            yield Quantity(_LAST, f"no:{stem(parts[place - 1])}")
        place += 1
