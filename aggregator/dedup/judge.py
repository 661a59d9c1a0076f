"""Decide what a new report is: a story of its own, the same as a stored one, or a revision; pure, the store applies it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from aggregator.dedup.compare import Comparison
from aggregator.dedup.draft import EIGHTHS, Draft, family
from aggregator.dedup.reason import Reason
from aggregator.dedup.score import Scored, score
from aggregator.dedup.story import objection
from aggregator.dedup.texts import shared_text
from aggregator.dedup.verdict import Candidate, Link, New, Revises, SameAs, Verdict
from aggregator.dedup.wording import said

_Why = tuple[tuple[Reason, ...], Comparison]

BEST = 4  # candidates that are scored in full
_OF_A_STORY = 3
_OVERLAP = 0.35
_CERTAIN = 0.95
_AFTER_CERTAIN = 2  # further candidates, for the links
_MOST_RELATED = 8
_MOST_WHY = 4


def judge(
    draft: Draft,
    candidates: Sequence[Candidate],
    *,
    same: float = 0.75,
    related: float = 0.4,
) -> Verdict:
    """Judge a draft against the stored items that share a key with it.

    From ``same`` on it joins the story of the best candidate that the story's own reports don't contradict; from
    ``related`` on stories are linked.
    """
    for candidate in candidates:
        if candidate.same_item:
            return Revises(candidate.item, candidate.story)
    chosen: tuple[Scored, Candidate] | None = None
    apart: list[tuple[float, Candidate, _Why]] = []
    scored = _scored(draft, candidates, same)
    for found, candidate in scored:
        if chosen is None and found.value >= same:
            against = objection(draft, candidate, found, [each for each, other in scored if other.story == candidate.story])
            if against is None:
                chosen = (found, candidate)
                continue
            apart.append((min(found.value, same - 0.01), candidate, ((against,), found.comparison)))
        else:
            apart.append((found.value, candidate, (found.against or (Reason("near"), *_for(found)[:2]), found.comparison)))
    links = _links(apart, related, same, chosen[1].story if chosen else None)
    if chosen is None:
        nearest = max(apart, key=lambda each: each[0], default=None)
        return New(links, Link(nearest[1].item, nearest[1].story, round(nearest[0], 3), _worded(*nearest[2])) if nearest else None)
    found, candidate = chosen
    return SameAs(candidate.item, candidate.story, round(found.value, 3), _worded(_for(found), found.comparison), links)


def hours_apart(a: Draft, b: Draft) -> float | None:
    """Give the hours between two reports, None where one has no time."""
    return None if a.at is None or b.at is None else abs(a.at - b.at) / 3600


def _scored(draft: Draft, candidates: Sequence[Candidate], same: float) -> list[tuple[Scored, Candidate]]:
    """Score the likeliest candidates, best first; one that is as good as certain spares the rest."""
    found: list[tuple[Scored, Candidate]] = []
    certain: set[int] = set()
    for candidate in _likeliest(draft, candidates):
        if candidate.story not in certain:
            scored = score(draft, candidate.draft, hours=hours_apart(draft, candidate.draft))
            found.append((scored, candidate))
            if scored.value >= _CERTAIN >= same:
                certain.add(candidate.story)
        if certain and len(found) > _AFTER_CERTAIN:
            break
    return sorted(found, key=_order)


def _order(scored: tuple[Scored, Candidate]) -> tuple[float, int]:
    return -scored[0].value, scored[1].item


def _likeliest(draft: Draft, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Give the candidates worth a full comparison: of the same language, with enough in common, three of a story at most.

    What their headlines have in common is told from the hashes of their words: to analyse one costs fifty times as much.
    """
    ours = draft.content_weights()
    total = sum(ours.values())
    ranked = []
    for candidate in candidates:
        other = candidate.draft
        if family(other.language) != family(draft.language):
            continue
        theirs = other.content_weights()
        overlap = sum([ours[word] for word in theirs if word in ours])
        shared = shared_text(draft, other)
        # of 251 pairs that are the same, one has less in common in headline and text
        if shared or overlap >= _OVERLAP * min(total, sum(theirs.values())):
            ranked.append((-overlap / EIGHTHS - shared, candidate.item, candidate))
    ranked.sort(key=lambda each: each[:2])
    chosen: list[Candidate] = []
    stories: Counter[int] = Counter()
    for _, _, candidate in ranked:
        if stories[candidate.story] < _OF_A_STORY:
            stories[candidate.story] += 1
            chosen.append(candidate)
            if len(chosen) == BEST:
                break
    return chosen


def _worded(why: tuple[Reason, ...], comparison: Comparison) -> tuple[Reason, ...]:
    return tuple(said(reason, comparison) for reason in why[:_MOST_WHY])


def _links(apart: Iterable[tuple[float, Candidate, _Why]], related: float, same: float, own: int | None) -> tuple[Link, ...]:
    best: dict[int, Link] = {}
    for value, candidate, why in apart:
        if value < related or candidate.story == own:
            continue
        if candidate.story not in best or best[candidate.story].score < value:
            best[candidate.story] = Link(candidate.item, candidate.story, round(min(value, same), 3), _worded(*why))
    return tuple(sorted(best.values(), key=lambda link: -link.score)[:_MOST_RELATED])


def _for(found: Scored) -> tuple[Reason, ...]:
    """Give the evidence for, the strongest first."""
    c, texts = found.comparison, found.texts
    reasons = []
    if c.a.plain == c.b.plain:
        reasons.append(Reason("identical"))
    elif c.count:
        reasons.append(Reason("words", (str(c.count), str(min(len(c.a.content), len(c.b.content))))))
    if texts is not None and texts.containment >= 0.1:
        reasons.append(Reason("text", (str(round(100 * texts.containment)),)))
    elif texts is not None and texts.lead >= 0.2:
        reasons.append(Reason("lead", (str(round(100 * texts.lead)),)))
    if c.number_agreement:
        quantity = c.number_agreement[0]
        reasons.append(Reason("toll" if quantity.unit in ("death", "injury") else "number", (str(quantity),)))
    shared_places = sorted(word for word in c.shared if word in c.a.places)
    if shared_places:
        reasons.append(Reason("place", (c.a.surface[shared_places[0]],)))
    reasons.extend(Reason("spelling", (c.a.surface[one], c.b.surface[other])) for one, other in c.spelled[:1])
    return tuple(reasons)
