"""What rules out that two reports are the same, however alike they look: each veto is a function and gives its reason.

How often each stands between reports of the same news and of other news was counted on 1,135 labelled pairs and on
whole days of a news stream; the counts stand in docs/neardup.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from aggregator.arabic.digits import dual_of
from aggregator.arabic.forms import is_verb, is_verbal_noun
from aggregator.arabic.tokens import stem
from aggregator.dedup.compare import Comparison
from aggregator.dedup.exchange import exchanged, heaviest
from aggregator.dedup.headline import Headline
from aggregator.dedup.reason import Reason
from aggregator.dedup.signs import signs
from aggregator.dedup.slots import club_conflict, slot_conflict, swapped
from aggregator.dedup.stages import other_stage, question, spoken_by

_DAYS = ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد")
_FIRST = frozenset((1.0,))
_DEPUTIES = frozenset(("نايب", "نايبه", "ونايب"))
_MORE = ("ين", "ان", "ون")
_SAME_SENTENCE = 0.6
_NAME_BESIDE_NUMBER = 4.0  # «صكوك بملياري ريال» of one bank and of another
_FEW = 4
_RARE = 5.5  # weight of a word that is a person's name and no column's
_COLUMN = 16.0
_NEWS_IN_TEMPLATE = 1.2  # weight of a word that is the news of a recurring form
VERBATIM = 0.8  # share of the shorter text from which the headlines' numbers may differ


def vetoes(c: Comparison) -> Iterator[Reason]:
    """Give what in the headlines rules out that they tell the same news."""
    if _is_column(c):
        yield Reason("column")
    if asked := question(c):
        yield asked
    if c.a.plain == c.b.plain:
        return
    for rule in (_weekday, _date, _ordinal, _number, _dual, _opposite, _negation):
        found = rule(c)
        if found:
            yield found
    yield from other_stage(c)
    for rule in (_number_elsewhere, _template, _role, _exclusive, _place, _exchange, _slot, _swap):
        found = rule(c)
        if found:
            yield found


def _is_column(c: Comparison) -> bool:
    """«بين الخطأ والصواب», «موجز دوليات», «قصة مصورة: …»: a few everyday words that name neither an act, nor a place, nor a number."""
    head = c.a if len(c.a.content) <= len(c.b.content) else c.b
    if head.content - c.shared or head.places or (head.quantities and len(head.content) > 2):
        return False
    if c.a.plain != c.b.plain and (len(head.content) > _FEW or max(head.weights.values(), default=0.0) >= _RARE):
        return False
    if len(head.content) > 4 or sum(head.weights.values()) > _COLUMN:
        return False
    if len(head.content) < 2:
        return True  # «استشارات»: one word tells no news, though it names an act
    return not any((word[0] in "يت" and is_verb(word)) or is_verbal_noun(word) for word in head.surface.values())


def _weekday(c: Comparison) -> Reason | None:
    """الاثنين / الثلاثاء."""
    if c.a.weekdays and c.b.weekdays and not c.a.weekdays & c.b.weekdays:
        return Reason("weekday", (_DAYS[min(c.a.weekdays)], _DAYS[min(c.b.weekdays)]))
    return None


def _date(c: Comparison) -> Reason | None:
    """10 نوفمبر / 17 نوفمبر."""
    if c.a.dates and c.b.dates and not c.a.dates & c.b.dates:
        return Reason("date", tuple("-".join(map(str, min(dates))) for dates in (c.a.dates, c.b.dates)))
    return None


def _ordinal(c: Comparison) -> Reason | None:
    """الثانية / الثالثة."""
    ours, theirs = c.a.ordinals, c.b.ordinals
    if bool(ours) != bool(theirs):
        # «أول طائرة» counts where the other is «ثاني طائرة»
        ours, theirs = ours or (_FIRST if c.a.firsts else ours), theirs or (_FIRST if c.b.firsts else theirs)
    if ours and theirs and not ours & theirs:
        return Reason("ordinal", (f"{min(ours):g}", f"{min(theirs):g}"))
    return None


def _number(c: Comparison) -> Reason | None:
    """19 قتيلا / 22 قتيلا."""
    if c.number_conflict:
        return Reason("numbers", tuple(str(quantity) for quantity in c.number_conflict))
    return None


def _dual(c: Comparison) -> Reason | None:
    """مقتل شخصين / مقتل شخص: two of a thing, and where the other counts nothing, one."""
    for one, other in ((c.a, c.b), (c.b, c.a)):
        if other.quantities:
            continue
        pairs = {dual: word for word in one.plain.split() if (dual := dual_of(word))}
        if pairs and (single := next((word for word in other.plain.split() if stem(word) in pairs), None)):
            both = (pairs[stem(single)], single)
            return Reason("numbers", both if one is c.a else both[::-1])
    counted = c.a.quantities or c.b.quantities
    for word in sorted(c.shared) if c.jaccard >= _SAME_SENTENCE and not counted else ():
        ours, theirs = c.a.surface[word], c.b.surface[word]
        if _is_one_of(ours, theirs) or _is_one_of(theirs, ours):
            return Reason("numbers", (ours, theirs))
    return None


def _is_one_of(one: str, more: str) -> bool:
    """يعزل قاضيا / يعزل قاضيين: an indefinite singular beside a dual or plural."""
    bare = one[:-1] if one.endswith("ا") else one
    return len(bare) > 3 and not is_verb(more) and not one.startswith("ال") and more[: len(bare)] == bare and more[len(bare) :] in _MORE


def _number_elsewhere(c: Comparison) -> Reason | None:
    """Both name numbers, and none is the other's."""
    percent = [any(quantity.unit == "percent" for quantity in side.quantities) for side in (c.a, c.b)]
    if c.a.quantities and c.b.quantities and not c.number_any and c.jaccard < 0.95 and percent[0] == percent[1]:
        return Reason("numbers", (str(c.a.quantities[0]), str(c.b.quantities[0])))
    return None


@cache
def _opposed() -> dict[str, set[int]]:
    """Give all words that have an opposite, with the numbers of their pairs: most headlines hold none."""
    found: dict[str, set[int]] = {}
    for number, pair in enumerate(signs().opposites):
        for word in pair[0] | pair[1]:
            found.setdefault(word, set()).add(number)
    return found


def _opposite(c: Comparison) -> Reason | None:
    """يصل / يغادر."""
    opposed = _opposed()
    ours = {number for word in c.a.stems & opposed.keys() for number in opposed[word]}
    theirs = {number for word in c.b.stems & opposed.keys() for number in opposed[word]} if ours else ours
    for one, other in (signs().opposites[number] for number in sorted(ours & theirs)):
        for x, y in ((one, other), (other, one)):
            if (u := c.a.stems & x) and (v := c.b.stems & y) and not c.b.stems & x and not c.a.stems & y:
                return Reason("opposite", (c.a.word(u), c.b.word(v)))
            # «عودة الكهرباء بعد انقطاع» / «انقطاع الكهرباء»: what stands in the background has passed
            if (u := c.a.front & x) and (v := c.b.front & y) and not c.b.front & x and not c.a.front & y:
                return Reason("opposite", (c.a.word(u), c.b.word(v)))
    return None


def _negation(c: Comparison) -> Reason | None:
    """لن يشارك / يشارك; تقبل دعوى / عدم قبول دعوى; تتوصلان / تفشلان في التوصل; to deny is to negate."""
    table = signs()
    negating = table.negations | table.failures
    ours, theirs = set(c.a.plain.split()) & negating, set(c.b.plain.split()) & negating
    if bool(ours) != bool(theirs) and not (c.a.stems | c.b.stems) & table.denials:
        return Reason("negation", (min(ours or theirs),))
    return None


def _template(c: Comparison) -> Reason | None:
    found = template_conflict(c, c.only_a, c.only_b, _NEWS_IN_TEMPLATE)
    return Reason("template", found) if found else None


def template_conflict(c: Comparison, only_a: frozenset[str], only_b: frozenset[str], least: float) -> tuple[str, str] | None:
    """In a recurring form whatever differs is the news: «الملك يهنئ إمبراطور اليابان» / «الملك يهنئ رئيس الهند».

    An uncommon number that is the same outweighs all but names: «زلزال بقوة 4.6 درجات».
    """
    table = signs()
    if not c.a.stems & table.templates or not c.b.stems & table.templates:
        return None
    same_number = c.a.values == c.b.values and any(value > 12 or value != int(value) for value in c.a.values)
    if (said := spoken_by(c.a)) and (also := spoken_by(c.b)):
        only_a, only_b = only_a - said, only_b - also  # «الحكومة: لا زيادة …» / «مدبولي: لا زيادة …»
    # the same greeting goes by «الملك», «خادم الحرمين ونائبه», «القيادة»
    one, other = heaviest(c.a, only_a - table.senders, names=True), heaviest(c.b, only_b - table.senders, names=True)
    if one and other and min(c.a.weights[one], c.b.weights[other]) >= (_NAME_BESIDE_NUMBER if same_number else least):
        return c.a.surface[one], c.b.surface[other]
    return None


def _role(c: Comparison) -> Reason | None:
    """وزير الداخلية / نائب وزير الداخلية."""
    for one, other in ((c.a, c.b), (c.b, c.a)):
        for word, role in one.roles.items():
            if role and word in other.roles and not other.roles[word] and role not in other.text and not is_verb(one.surface[word]):
                return Reason("deputy", (role,))
    # «رئيس وزراء لبنان» / «رئيس وزراء لبنان الأسبق»
    ours, theirs = set(c.a.plain.split()) & signs().formers, set(c.b.plain.split()) & signs().formers
    return Reason("deputy", (min(ours or theirs),)) if bool(ours) != bool(theirs) else None


def _exclusive(c: Comparison) -> Reason | None:
    """الذهب / الدولار."""
    for group, members in c.a.groups.items():
        others = c.b.groups.get(group)
        if others and not members & others:
            one, other = _member(c.a, group), _member(c.b, group)
            if not {c.a.roles.get(one), c.b.roles.get(other)} & _DEPUTIES:  # «نائب خادم الحرمين» is «ولي العهد»
                return Reason("exclusive", (one, other))
    return None


def _place(c: Comparison) -> Reason | None:
    """مراكش / طنجة; a country against its own town is no conflict."""
    found = place_conflict(c, c.only_a, c.only_b)
    return Reason("places", found) if found else None


def _exchange(c: Comparison) -> Reason | None:
    """حجز أطنان من السكر / حجز أطنان من الكسكسي."""
    found = exchanged(c)
    return Reason("names", found) if found else None


def _slot(c: Comparison) -> Reason | None:
    """وزارة التجهيز / وزارة الشباب; يتعادل مع العهد / يتعادل مع الأنصار."""
    found = slot_conflict(c, c.only_a, c.only_b) or club_conflict(c, c.only_a, c.only_b)
    return Reason("names", found) if found else None


def _swap(c: Comparison) -> Reason | None:
    """إيران تتهم إسرائيل / إسرائيل تتهم إيران."""
    found = swapped(c)
    return Reason("swap", found) if found else None


def place_conflict(c: Comparison, only_a: frozenset[str], only_b: frozenset[str]) -> tuple[str, str] | None:
    """Give two places that stand against one another among left-over words."""
    for word in sorted(only_a & c.a.places.keys()):
        for other in sorted(only_b & c.b.places.keys()):
            one, two = c.a.places[word], c.b.places[other]
            if not one.may_be(two):
                return c.a.surface[word], c.b.surface[other]
    return None


def _member(side: Headline, group: int) -> str:
    table = signs().exclusive
    found = [stem for stem in side.stems if any(each == group for each, _ in table.get(stem, ()))]
    phrases = (f"{one} {other}" for one, other in pairwise(side.plain.split()))
    return side.word(found) if found else next((each for each in phrases if each.replace(" ", "_") in table), "")
