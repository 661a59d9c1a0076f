"""Measure the judge: pairs, tickers, templates and a stream, each as precision and recall at the threshold that ships."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from aggregator.dedup import Report, SameAs, draft
from aggregator.dedup.index import MemoryIndex
from aggregator.dedup.judge import hours_apart
from aggregator.dedup.score import score
from aggregator.dedup.texts import containment
from tests.quality import corpus

SAME = 0.75


@dataclass
class Figures:
    """What was found, of how many; ``wrong`` and ``missed`` name the cases."""

    right: int = 0
    wrong: int = 0
    there: int = 0
    average: float | None = None
    wrong_cases: list[str] = field(default_factory=list)
    missed_cases: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.there)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


def average_precision(scores: Sequence[float], same: Sequence[bool]) -> float:
    """Give the area under precision and recall (ties by the worse order)."""
    order = sorted(range(len(scores)), key=lambda k: (-scores[k], same[k]))
    found, total = 0, 0.0
    for rank, k in enumerate(order, 1):
        if same[k]:
            found += 1
            total += found / rank
    return total / max(1, sum(same))


def pair_score(pair: corpus.Pair, *, bodies: bool = True) -> float:
    a, b = (pair.a, pair.b) if bodies else (replace(pair.a, body=""), replace(pair.b, body=""))
    one, other = draft(a), draft(b)
    return score(one, other, hours=hours_apart(one, other)).value


def count(pairs: Sequence[corpus.Pair], merged: Sequence[bool]) -> Figures:
    figures = Figures(there=sum(pair.same for pair in pairs))
    for pair, yes in zip(pairs, merged, strict=True):
        line = f"{pair.label} {pair.grade} {pair.a.title} | {pair.b.title}"
        if yes and pair.same:
            figures.right += 1
        elif yes:
            figures.wrong += 1
            figures.wrong_cases.append(line)
        elif pair.same:
            figures.missed_cases.append(line)
    return figures


def scored(pairs: Sequence[corpus.Pair], scores: Sequence[float]) -> Figures:
    figures = count(pairs, [value >= SAME for value in scores])
    figures.average = average_precision(scores, [pair.same for pair in pairs])
    return figures


def stories(reports: Sequence[Report]) -> list[int]:
    """Give the story of each report, as `mujaz dedup` would."""
    index = MemoryIndex()
    return [index.story_of(index.add(report)[0]) for report in reports]


def seed_merges() -> list[tuple[str, str]]:
    titles = corpus.seed_ticker()
    index = MemoryIndex()
    merged = []
    for number, title in enumerate(titles):
        _, verdict = index.add(Report(str(number), title))
        if isinstance(verdict, SameAs):
            merged.append((titles[verdict.item], title))
    return merged


def tickers(every: int = 1) -> Figures:
    """Cut the stream into tickers of 58 headlines without bodies, times and outlets; the bodies say what is the same.

    A merge whose bodies share less than half is listed: much of it is one event told in other words, so that the precision
    here is a lower bound; docs/neardup.md has what reading said.
    """
    figures = Figures()
    reports, drafts = corpus.stream(), corpus.stream_drafts()
    for start in range(0, len(reports) - corpus.TICKER, corpus.TICKER * every):
        numbers = range(start, start + corpus.TICKER)
        story = stories([Report(str(k), reports[k].title) for k in numbers])
        for a, b in combinations(range(corpus.TICKER), 2):
            same_text = containment(drafts[start + a], drafts[start + b]) >= 0.5
            figures.there += same_text
            if story[a] == story[b]:
                figures.right += same_text
                figures.wrong += not same_text
                if not same_text:
                    figures.wrong_cases.append(f"{reports[start + a].title} | {reports[start + b].title}")
    return figures


def stream_stories() -> tuple[int, list[int]]:
    """Give the number of stories in the whole stream and the sizes of the largest twenty."""
    sizes = Counter(stories(corpus.stream()))
    return len(sizes), [size for _, size in sizes.most_common(20)]
