"""Tell whether two headlines stand at two stages of one story: asked, expected, all but reached, commented on, put off to another time.

Each rule gives its reason; the word lists are in ``signs.tsv``. How often each was seen stands in docs/neardup.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from aggregator.dedup.compare import Comparison
from aggregator.dedup.headline import Headline, root, will
from aggregator.dedup.reason import Reason
from aggregator.dedup.signs import signs

TOMORROW, _TODAY = frozenset(("غدا", "demain")), frozenset(("اليوم", "hui"))
_HALF = 0.5
_PART = re.compile(r"\((\d{1,3})\)")
_SPEAKER = re.compile(r"\W*([^:?.]{2,40}):")


def other_stage(c: Comparison) -> Iterator[Reason]:
    """Give what says that one headline is an earlier or later word on the other's news."""
    for rule in (_tomorrow, _will, _nearing, _comment, _put_off, _part, _stage):
        found = rule(c)
        if found:
            yield found


def _sides(c: Comparison) -> tuple[tuple[Headline, Headline], tuple[Headline, Headline]]:
    return (c.a, c.b), (c.b, c.a)


def question(c: Comparison) -> Reason | None:
    """«مهاجم في طريقه إلى النجم؟» asks what «مهاجم في طريقه إلى النجم» says."""
    return Reason("question") if ("?" in c.a.text) != ("?" in c.b.text) else None


def _tomorrow(c: Comparison) -> Reason | None:
    """غدا.. افتتاح المعرض / افتتاح المعرض; غدا انطلاق البيع / اليوم انطلاق البيع; a weekday may be tomorrow."""
    for one, other in _sides(c):
        coming = _words(one) & TOMORROW
        if coming and not _words(other) & TOMORROW and (_words(other) & _TODAY or (c.jaccard >= _HALF and not other.weekdays)):
            return Reason("stage", (min(coming),))
    return None


def _will(c: Comparison) -> Reason | None:
    """سيعلن ترشيحه / يعلن ترشيحه: what one says will be, the other says is."""
    for one, other in _sides(c):
        if other.future or other.weekdays or not one.future:
            continue
        done = {root(word) for word in _words(other)}
        coming = next((word for word in one.plain.split() if will(word) and root(word) in done), None)
        if coming:
            return Reason("stage", (coming,))
    return None


def _nearing(c: Comparison) -> Reason | None:
    """تقترب من أعلى مستوياتها / ترتفع لأعلى مستوياتها: who comes near to what the other names has not got there."""
    table = signs()
    for one, other in _sides(c):
        words = one.plain.split()
        if table.nearing.isdisjoint(words) or not (table.nearing | table.near).isdisjoint(other.plain.split()):
            continue
        both = c.shared.union(*c.spelled)
        goals = {one.surface[word] for word in one.content & both}
        for word, goal in zip(words, words[2:], strict=False):
            if word in table.nearing and goal in goals:
                return Reason("stage", (word,))
    return None


def _comment(c: Comparison) -> Reason | None:
    """نقابة: زيادة الأجور «فتات» / الحكومة ترفع الأجور: a party to it comments, and the other headline doesn't know of that party."""
    table = signs()
    for one, other in _sides(c):
        speaker = _SPEAKER.match(one.text)
        if speaker and not _SPEAKER.match(other.text):
            found = set(speaker[1].split()) & table.commentators
            if found and not found & _words(other):
                return Reason("stage", (min(found),))
    return None


def _put_off(c: Comparison) -> Reason | None:
    """تؤجل الملف إلى الأسبوع المقبل / إلى شهر فبراير: one case, put off twice."""
    table = signs()
    if not c.a.stems & table.delays or not c.b.stems & table.delays:
        return None
    ours, theirs = _whens(c.a), _whens(c.b)
    if ours and theirs and not ours & theirs:
        return Reason("date", (min(ours), min(theirs)))
    return None


def _whens(side: Headline) -> set[str]:
    """Give the weeks, months and years that a headline names: «الأسبوع المقبل», «فبراير»."""
    table = signs()
    parts = side.plain.split()
    found = {f"{span} {which}" for span, which in pairwise(parts) if span in table.spans and which in table.nexts}
    for before, word in zip(["", *parts], parts, strict=False):
        bare = word if word in table.months else word[1:]
        if bare in table.months and (before in table.spans or bare not in table.uncertain_months):
            found.add(bare)
    return found


def _part(c: Comparison) -> Reason | None:
    """مذكرات (1) / مذكرات (3)."""
    ours, theirs = _PART.findall(c.a.text), _PART.findall(c.b.text)
    if ours and theirs and not set(ours) & set(theirs):
        return Reason("ordinal", (ours[0], theirs[0]))
    return None


def _stage(c: Comparison) -> Reason | None:
    """حادث / تحقيق في الحادث."""
    table = signs()
    one, other = c.a.stages, c.b.stages
    if bool(one) == bool(other):
        return None
    if (one | other) & table.denials and _words(c.b if one else c.a) & table.negations:
        return None  # تنفي / لا صحة
    return Reason("stage", ((c.a if one else c.b).word(one or other),))


def spoken_by(side: Headline) -> frozenset[str]:
    """Give the content words before a headline's colon: who says it, or where it happened."""
    found = _SPEAKER.match(side.text)
    said = set(found[1].split()) if found else set()
    return frozenset(word for word in side.content if side.surface[word] in said)


def says_tomorrow(side: Headline) -> bool:
    """Tell whether a headline dates its news «غدا»."""
    return not TOMORROW.isdisjoint(side.plain.split())


def _words(side: Headline) -> set[str]:
    return set(side.plain.split())
