"""How likely two reports are the same piece of news, 0..1, with the evidence for and against.

A logistic score over `aggregator.dedup.features` with the weights of ``weights.json`` (fitted by ``make train``);
then the vetoes, which cap it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path

from aggregator.arabic.digits import Quantity
from aggregator.dedup.compare import Comparison, compare
from aggregator.dedup.draft import Draft
from aggregator.dedup.exchange import exchanged
from aggregator.dedup.features import body_features, headline_features
from aggregator.dedup.reason import Reason
from aggregator.dedup.signs import signs
from aggregator.dedup.slots import club_conflict, slot_conflict
from aggregator.dedup.stages import TOMORROW, says_tomorrow
from aggregator.dedup.texts import Texts, compare_texts, shared_text
from aggregator.dedup.vetoes import VERBATIM, place_conflict, template_conflict, vetoes

_WEIGHTS = Path(__file__).with_name("weights.json")
_APART = 0.3  # cap for what only looks alike
_RUNNING = 0.7  # cap for another development of one story: it stays linked
_RUNNING_CODES = frozenset(("stage", "question", "opposite", "negation", "numbers", "deputy", "outlet", "names"))
_HOPELESS = -4.0  # a headline score below which no two texts without a common run were ever the same
_SAME_HOUR = 1.0
_DOZEN = 12
_SAME_DAY = 14.0  # hours after which the weather or a market has changed, whatever the words
_COMMON_TEXT = 0.5
_NEXT_DAY = 8.0  # hours after which what was said to come tomorrow has begun
_SAME_BULLETIN = 8.0  # hours within which a recurring form is one bulletin
_COPIED = 0.9
_LONGER = 1.4  # ratio of two texts from which the longer one may tell of more
_SAME_FORM = 0.8
_NEW_NAME = 3.0
_SAME_SENTENCE = 0.6


@dataclass(frozen=True, slots=True)
class Scored:
    """A score with its comparison; ``against`` are the vetoes that capped it."""

    value: float
    raw: float
    comparison: Comparison
    texts: Texts | None
    against: tuple[Reason, ...]


@cache
def weights() -> dict[str, tuple[float, dict[str, float]]]:
    """Read the fitted weights: for headlines alone, and with bodies."""
    table = json.loads(_WEIGHTS.read_text(encoding="utf-8"))
    return {
        kind: (float(table[kind]["bias"]), {name: float(value) for name, value in table[kind]["weights"].items()})
        for kind in ("headline", "body")
    }


def score(a: Draft, b: Draft, *, hours: float | None = None) -> Scored:
    """Score two reports that stand ``hours`` apart (None: unknown)."""
    comparison = compare(a.headline, b.headline)
    same_outlet = bool(a.outlet) and a.outlet == b.outlet
    headline = headline_features(comparison)
    total = _sum(headline, "headline")
    texts = None
    if total > _HOPELESS or shared_text(a, b):
        texts = compare_texts(a, b, comparison)
    if texts is not None:
        total = _sum(body_features(comparison, texts, headline, total, hours, same_outlet), "body")
    raw = 1 / (1 + exp(-max(-30.0, min(30.0, total))))
    against = tuple(_against(comparison, texts, hours, same_outlet)) if raw >= _APART else ()
    if raw >= _APART and _has_come(a, b, texts):
        against = (*against, Reason("stage", (min(TOMORROW),)))
    value = raw
    if against:
        value = min(raw, _RUNNING if all(reason.code in _RUNNING_CODES for reason in against) else _APART)
    return Scored(value, raw, comparison, texts, against)


def _sum(features: dict[str, float], kind: str) -> float:
    total, table = weights()[kind]
    for name, value in table.items():
        total += value * features[name]
    return total


def _against(c: Comparison, texts: Texts | None, hours: float | None, same_outlet: bool) -> list[Reason]:
    found = list(vetoes(c))
    if texts is not None:
        verbatim = texts.containment >= VERBATIM
        if verbatim:
            # the same text under two headlines: what one of them leaves out is no conflict, another name in a form is
            found = [reason for reason in found if reason.code in ("weekday", "date", "ordinal", "opposite")]
            if template := template_conflict(c, texts.unknown_a, texts.unknown_b, _NEW_NAME):
                found.append(Reason("template", template))
            elif texts.ratio >= _LONGER and (names := _half_known(c, texts)):
                found.append(Reason("names", names))
        else:
            # in two sentences, what one denies is often but the reason: «تأجيل الكأس» / «تأجيل الكأس لعدم جاهزية الملاعب»
            judged_again = ("places", "names") if c.jaccard >= _SAME_SENTENCE or texts.denied else ("places", "names", "negation")
            found = [reason for reason in found if reason.code not in judged_again]
            unknown = texts.unknown_a, texts.unknown_b
            if names := exchanged(c, *unknown) or slot_conflict(c, *unknown) or club_conflict(c, *unknown):
                found.append(Reason("names", names))
            if texts.numbers_unknown:
                found.append(Reason("numbers", (str(c.a.quantities[0]), str(c.b.quantities[0]))))
        if texts.other_towns:
            found.append(Reason("towns"))
        if places := place_conflict(c, texts.unknown_a, texts.unknown_b):
            found.append(Reason("places", places))
    if hours is not None and _recurs(c, texts, hours):
        found.append(Reason("recurring"))
    if same_outlet and (hours is None or hours > _SAME_HOUR) and not _verbatim_twice(c, texts):
        found.append(Reason("outlet"))
    return found


def _has_come(a: Draft, b: Draft, texts: Texts | None) -> bool:
    """«حسم مصير خليجي 23 غدا», and on the next day another text: what was to come has come."""
    if a.at is None or b.at is None or abs(a.at - b.at) < _NEXT_DAY * 3600 or (texts and texts.containment >= _COMMON_TEXT):
        return False
    first, second = (a, b) if a.at < b.at else (b, a)
    return says_tomorrow(first.headline) and not says_tomorrow(second.headline)


def _half_known(c: Comparison, texts: Texts) -> tuple[str, str] | None:
    """A text within a longer one, and headlines on its two halves: «يلتقي رئيس الشيشان» / «يلتقي جعجع»."""
    ours, theirs = (c.only_a, texts.unknown_b), (texts.unknown_a, c.only_b)
    return next((found for sides in (ours, theirs) if (found := place_conflict(c, *sides))), None)


def _recurs(c: Comparison, texts: Texts | None, hours: float) -> bool:
    """«نشرة متابعة للوضع الجوي لهذه الليلة» comes back every day, under the same words and with much of the same text."""
    text = 0.0 if texts is None else texts.containment
    if text >= _COPIED or any(map(_telling, c.number_agreement)) or c.a.ordinals & c.b.ordinals:
        return False
    if hours > _SAME_DAY and ((c.a.weather and c.b.weather) or (text < _COMMON_TEXT and c.a.market and c.b.market)):
        return True
    templates = signs().templates
    if hours <= _SAME_BULLETIN or c.jaccard < _SAME_FORM:
        return False
    return not c.a.stems.isdisjoint(templates) and not c.b.stems.isdisjoint(templates)


def _telling(number: Quantity) -> bool:
    """Tell whether a number tells one day from the next: «3.2 %» does, «أدنى مستوى في 5 سنوات» doesn't."""
    return number.value > _DOZEN or number.value % 1 > 0


def _verbatim_twice(c: Comparison, texts: Texts | None) -> bool:
    if texts is None:
        return c.jaccard >= 0.9
    return c.jaccard >= 0.85 and texts.containment >= 0.7
