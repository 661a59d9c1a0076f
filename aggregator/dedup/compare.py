"""Lay two headlines side by side: which words both have, which stand on one side only, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Indel, JaroWinkler

from aggregator.arabic.digits import Quantity
from aggregator.dedup.headline import Headline
from aggregator.dedup.signs import signs

_WIDE = frozenset(("country", "continent"))
_G = str.maketrans("غ", "ج")  # the two letters that stand for a foreign g
_GOALS = {"score", "goals"}
_CLITICS = "وبلفك"
_ROUND = 0.08  # how far a figure said to be round may be from the exact one: 943 / نحو ألف
_PEOPLE = frozenset(("death", "شخص", "اشخاص", "مدن"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two headlines compared. Weights are `aggregator.arabic.tokens.weight`; ``only_*`` are words left over on one side."""

    a: Headline
    b: Headline
    shared: frozenset[str]
    only_a: frozenset[str]
    only_b: frozenset[str]
    spelled: tuple[tuple[str, str], ...]  # one word in two spellings or forms
    weight: float  # of what is shared
    weight_a: float
    weight_b: float
    top_a: float
    top_b: float
    number_conflict: tuple[Quantity, Quantity] | None
    number_agreement: tuple[Quantity, ...]
    number_any: bool  # some value stands in both

    @property
    def jaccard(self) -> float:
        """Give the weighted share of the words that both have."""
        return self.weight / (self.weight + self.weight_a + self.weight_b + 1e-9)

    @property
    def containment(self) -> float:
        """Give the weighted share of the poorer side's words that the other has."""
        return self.weight / (self.weight + min(self.weight_a, self.weight_b) + 1e-9)

    @property
    def count(self) -> int:
        """Give the number of words in common."""
        return len(self.shared) + len(self.spelled)


def compare(a: Headline, b: Headline) -> Comparison:
    """Compare two headlines of one language."""
    shared = a.content & b.content
    only_a, only_b = set(a.content - shared), set(b.content - shared)
    total = sum(map(a.weights.__getitem__, shared))
    spelled = _spelled(a, only_a, b, only_b) if only_a and only_b else []
    total += sum(likeness * min(a.weights[one], b.weights[other]) for one, other, likeness in spelled)
    conflict, agreement, anywhere = _numbers(a.quantities, b.quantities)
    return Comparison(
        a=a,
        b=b,
        shared=shared,
        only_a=frozenset(only_a),
        only_b=frozenset(only_b),
        spelled=tuple((one, other) for one, other, _ in spelled),
        weight=total,
        weight_a=sum(map(a.weights.__getitem__, only_a)),
        weight_b=sum(map(b.weights.__getitem__, only_b)),
        top_a=max(map(a.weights.__getitem__, only_a), default=0.0),
        top_b=max(map(b.weights.__getitem__, only_b), default=0.0),
        number_conflict=conflict,
        number_agreement=agreement,
        number_any=anywhere,
    )


def _spelled(a: Headline, only_a: set[str], b: Headline, only_b: set[str]) -> list[tuple[str, str, float]]:
    """Take out of the left-over words those that are one word in two forms; gives them with a likeness.

    .85 for forms of one root (يفتتح / افتتاح), .9 for spellings of one name (أنشيلوتي / أنتشيلوتي).
    """
    found: list[tuple[str, str, float]] = []
    roots = {b.roots[other]: other for other in sorted(only_b, reverse=True) if len(b.roots[other]) >= 3}
    for one in sorted(only_a):
        match = roots.get(a.roots[one])
        likeness = 0.85
        if match is None or match not in only_b:
            likeness = 0.9
            match = min((each for each in only_b if (" " in one or " " in each) and _within(a.surface[one], b.surface[each])), default=None)
            match = match or (_same_place(a, one, b, only_b) if one in a.places else _spelling(one, b, only_b))
        if match is not None:
            found.append((one, match, likeness))
            only_a.discard(one)
            only_b.discard(match)
    return found


def _spelling(one: str, b: Headline, only_b: set[str]) -> str | None:
    if b.places:
        article = f"ال{one}"
        for other in sorted(only_b & b.places.keys()):
            if other == article or (" " in other and not {one, article}.isdisjoint(other.split())):
                return other  # الساورة / شبيبة الساورة
    if len(one) < 3:
        return None
    for clitic in _CLITICS:
        if (with_clitic := clitic + one) in only_b:
            return with_clitic  # لحج / ولحج
    start = one[0]
    if start in _CLITICS and len(one) > 3 and one[1:] in only_b:
        return one[1:]
    # nearly all spellings of a name begin with one letter; the check makes this ten times faster
    close = [other for other in only_b if len(other) >= 3 and (other[0] == start or other in one or one in other) and other not in b.places]
    return next((other for other in sorted(close) if same_name(one, other)), None) if close else None


def _within(one: str, other: str) -> bool:
    """Tell whether one of two names as they stand is a part of the other: الإفريقي / النادي الإفريقي."""
    longer, shorter = (one, other) if " " in one else (other, one)
    return " " in longer and " " not in shorter and shorter in longer.split()[1:]


def _clitic(one: str, other: str) -> bool:
    """Tell whether two words are one but for a conjunction or preposition that the stem kept."""
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return len(longer) == len(shorter) + 1 and longer[0] in _CLITICS and longer.endswith(shorter) and len(shorter) >= 3


def _same_place(a: Headline, one: str, b: Headline, only_b: set[str]) -> str | None:
    """بريطانيا / البريطاني; برمنغهام / برمنجهام; المملكة / السعودية."""
    here = a.places[one]
    for other in sorted(only_b & b.places.keys()):
        there = b.places[other]
        if here.level == there.level and here.shares_country(there) and (here.level in _WIDE or same_name(one, other)):
            return other
        if here.may_be(there) and not set(one.split()).isdisjoint(other.split()):
            return other  # مكة / مكة المكرمة
    return next((other for other in sorted(only_b - b.places.keys()) if _clitic(one, other) or other in one.split()), None)


@lru_cache(maxsize=200_000)
def same_name(one: str, other: str) -> bool:
    """Tell whether two stems may be one name transliterated twice: أنشيلوتي / أنتشيلوتي, دوغ / دوج.

    >>> same_name("دوغ", "دوج"), same_name("هامبورغ", "هامبورج"), same_name("قلب", "كلب")
    (True, True, False)
    """
    if one.translate(_G) == other.translate(_G):
        return True
    if len(one) < 4 or len(other) < 4:
        return False
    return one in other or other in one or JaroWinkler.similarity(one, other) >= 0.9 or Indel.normalized_similarity(one, other) >= 0.8


def _numbers(a: tuple[Quantity, ...], b: tuple[Quantity, ...]) -> tuple[tuple[Quantity, Quantity] | None, tuple[Quantity, ...], bool]:
    """Give a conflict (one unit, other values), the agreements, and whether any value stands on both sides.

    A unit that agrees once doesn't conflict: «22 قتيلا، منهم 3 أطفال» / «22 قتيلا».
    """
    agreeing: list[Quantity] = []
    conflicts: list[tuple[Quantity, Quantity]] = []
    anywhere = False
    for one in a:
        for other in b:
            equal = same_value(one, other)
            anywhere = anywhere or equal
            if _unit(one) == _unit(other) or (one.unit in _PEOPLE and other.unit in _PEOPLE) or {one.unit, other.unit} == _GOALS:
                if equal:
                    agreeing.append(one)
                else:
                    conflicts.append((one, other))
    settled = {quantity.unit for quantity in agreeing}
    conflict = next((pair for pair in conflicts if pair[0].unit not in settled), None)
    return conflict, tuple(agreeing), anywhere


def _unit(number: Quantity) -> str:
    """Give what a number counts, one word for its equivalents: سنوات, سنة, أعوام."""
    return signs().equivalents.get(number.unit, number.unit)


def same_value(one: Quantity, other: Quantity) -> bool:
    """Tell whether two numbers are one, perhaps rounded: 354 863 / 354 ألف."""
    x, y = one.value, other.value
    if (one.second, x) == (other.second, y):
        return True
    if {one.unit, other.unit} == _GOALS:
        return max(x, one.second) == max(y, other.second)  # 4-1 / برباعية
    if one.second >= 0 or other.second >= 0:
        return False
    most = max(abs(x), abs(y))
    if (one.about or other.about) and most >= 100:
        return abs(x - y) / most <= _ROUND
    if most >= 1000 and abs(x - y) / most <= 0.012:
        return True
    if most < 10 or min(x, y) <= 0 or (x == int(x) and y == int(y)):
        return False
    return abs(x - y) / most <= 0.01 or min(x, y) == int(max(x, y))  # 43.8 / 43
