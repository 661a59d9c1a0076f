"""Find what fills the same place differently in two headlines: «وزارة التجهيز» / «وزارة الشباب», one opponent or another.

Unlike `aggregator.dedup.exchange` these rules know the word before (an office, a body, a building) or the subject (a match), and so
need neither rare words nor the same order.
"""

from __future__ import annotations

from aggregator.arabic.forms import is_verb
from aggregator.dedup.compare import Comparison, same_name
from aggregator.dedup.headline import Headline
from aggregator.dedup.signs import signs
from aggregator.dedup.stages import spoken_by

_SAME_SENTENCE = 0.6  # share of the words from which two names that changed places are news and not a rewording


def slot_conflict(c: Comparison, only_a: frozenset[str], only_b: frozenset[str]) -> tuple[str, str] | None:
    """Give two words that stand after the same head where neither headline has the other's."""
    for slot, ours in c.a.slots.items():
        theirs = c.b.slots.get(slot)
        if not theirs:
            continue
        one, other = ours.keys() & only_a, theirs.keys() & only_b
        # one minister in both: the other one is but mentioned
        if not one or not other or len(one) < len(ours) or len(other) < len(theirs):
            continue
        if slot not in signs().offices and any(map(c.a.is_where, one)) != any(map(c.b.is_where, other)):
            continue  # «مطار الدمام» is «مطار الملك فهد»
        if not any(_one_thing(c, x, y) for x in one for y in other):
            return c.a.surface[min(one)], c.b.surface[min(other)]
    return None


def club_conflict(c: Comparison, only_a: frozenset[str], only_b: frozenset[str]) -> tuple[str, str] | None:
    """Give two clubs that stand against one another in two headlines about a match."""
    one, other = c.a.clubs & only_a, c.b.clubs & only_b
    if not one or not other:
        return None
    return c.a.surface[min(one)], c.b.surface[min(other)]


def _one_thing(c: Comparison, one: str, other: str) -> bool:
    here, there = c.a.places.get(one), c.b.places.get(other)
    if here and there and here.may_be(there):
        return True
    table = signs().exclusive
    return same_name(one, other) or not set(table.get(one, ())).isdisjoint(table.get(other, ()))


def swapped(c: Comparison) -> tuple[str, str] | None:
    """Give doer and target of an act that change places: «إيران تتهم إسرائيل» / «إسرائيل تتهم إيران»."""
    names = [word for word in c.a.order if word in c.shared and _is_name(c.a, word)]
    if len(names) < 2 or c.jaccard < _SAME_SENTENCE:
        return None
    for act in sorted(c.shared - set(names)):
        if not is_verb(c.a.surface[act]) or not is_verb(c.b.surface[act]):
            continue
        ours, theirs = _parties(c.a, act, names), _parties(c.b, act, names)
        if ours and theirs and ours == theirs[::-1]:
            return c.a.surface[ours[0]], c.b.surface[theirs[0]]
    # «مدرب الرجاء: …» / «مدرب الوداد: …», each about the other
    said, also = spoken_by(c.a) & set(names), spoken_by(c.b) & set(names)
    if said and also and said.isdisjoint(also):
        return c.a.surface[min(said)], c.b.surface[min(also)]
    return None


def _is_name(side: Headline, word: str) -> bool:
    """Countries and clubs alone: a town, a person or a missile turns up anywhere in a reworded sentence."""
    place = side.places.get(word)
    return word in side.clubs or (place is not None and place.level in ("country", "club"))


def _parties(side: Headline, act: str, names: list[str]) -> tuple[str, str] | None:
    """Give who does it and to whom: the first name before the verb (after it where none is before) and the next one after it."""
    at = side.order.index(act)
    before = [word for word in side.order[:at] if word in names]
    after = [word for word in side.order[at:] if word in names and word not in before]
    parties = (before[:1] + after[:1]) if before else after[:2]
    return (parties[0], parties[1]) if len(parties) == 2 else None
