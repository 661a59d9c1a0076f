"""Guard a story against drift: a report joins only if it also agrees with the story's first and middle reports."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.dedup.draft import Draft
from aggregator.dedup.reason import Reason
from aggregator.dedup.score import Scored, score
from aggregator.dedup.verdict import Candidate
from aggregator.dedup.wording import said

SPAN_HOURS = 60
FIRST = 0.4
MIDDLE = 0.5
_LARGE = 4
_SURE = 0.9  # score from which a report joins a story that has five already: the likelier it is, the more one stranger spoils
_HARD = frozenset(("places", "names", "exclusive", "ordinal", "weekday", "date", "template", "swap", "deputy"))
_COPY = 0.9  # share of the shorter text
_SAME_LENGTH = 1.3  # a longer text has a copy in it and more beside: «يلتقي رئيس الشيشان» within «يلتقي رئيس الشيشان وجعجع»


def objection(draft: Draft, candidate: Candidate, found: Scored, members: Sequence[Scored] = ()) -> Reason | None:
    """Give what a story's other reports have against the draft that matches one of them; None: nothing.

    ``members`` are the story's reports that were compared anyway: one that names another place, person or number keeps the draft
    out, unless the draft is all but a copy of the one that it matches.

    Without this the largest story of a Saudi news stream were 50 weather bulletins of a fortnight, with it 17 copies of one.
    """
    if draft.at is not None and candidate.first.at is not None and abs(draft.at - candidate.first.at) > SPAN_HOURS * 3600:
        return Reason("old")
    if not _copied(found):
        for member in members:
            conflict = next((reason for reason in member.against if reason.code in _HARD), None)
            if conflict:
                return said(conflict, member.comparison)
    if candidate.first != candidate.draft and _score(draft, candidate.first) < FIRST:
        return Reason("lead_conflict")
    if candidate.size > _LARGE and found.value < _SURE:
        return Reason("middle_conflict")
    if candidate.size > _LARGE and candidate.middle:
        scores = [_score(draft, each) for each in candidate.middle]
        if sum(scores) / len(scores) < MIDDLE:
            return Reason("middle_conflict")
    return None


def _copied(found: Scored) -> bool:
    return found.texts is not None and found.texts.containment >= _COPY and found.texts.ratio <= _SAME_LENGTH


def _score(a: Draft, b: Draft) -> float:
    hours = None if a.at is None or b.at is None else abs(a.at - b.at) / 3600
    found = score(a, b, hours=hours)
    return 0.0 if found.against else found.value


def adds_nothing(draft: Draft, other: Draft) -> bool:
    """Tell whether a report's text is contained in the other's, so that it is stored once."""
    from aggregator.dedup.texts import containment

    if not draft.shingles:
        return draft.words == 0
    return draft.words <= other.words * 1.1 and containment(draft, other) >= 0.9
