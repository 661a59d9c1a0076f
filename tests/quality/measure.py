"""Measure the judge: pairs, tickers, templates and a stream, each as precision and recall at the threshold that ships."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from pathlib import Path

from aggregator.dedup import Report, SameAs, draft
from aggregator.dedup.index import MemoryIndex
from aggregator.dedup.judge import hours_apart
from aggregator.dedup.score import score
from aggregator.dedup.texts import containment
from tests.quality import corpus

SAME = 0.75
READ = Path(__file__).with_name("tickers_read.tsv")


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


def digest(one: str, other: str) -> str:
    """Give the name under which a pair of headlines stands in ``tickers_read.tsv``, which holds no text."""
    return hashlib.sha256("\n".join(sorted((one, other))).encode()).hexdigest()[:16]


@cache
def read_verdicts() -> dict[str, str]:
    lines = READ.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


@dataclass
class Tickers:
    """Figures of tickers of 58 headlines.

    ``by_text`` takes a merge for right where the bodies share half; much else is one event told in other words, so that its
    precision is a lower bound. ``merges`` takes what a person said of each merge; a merge that nobody read counts as wrong.
    ``told`` is the recall over the pairs of one text whose headlines can tell.
    """

    by_text: Figures = field(default_factory=Figures)
    merges: Figures = field(default_factory=Figures)
    told: Figures = field(default_factory=Figures)
    count: int = 0


def tickers(every: int = 1) -> Tickers:
    """Cut the stream into tickers of 58 headlines without bodies, times and outlets."""
    found, verdicts = Tickers(), read_verdicts()
    reports, drafts = corpus.stream(), corpus.stream_drafts()
    for start in range(0, len(reports) - corpus.TICKER, corpus.TICKER * every):
        found.count += 1
        story = stories([Report(str(k), reports[k].title) for k in range(start, start + corpus.TICKER)])
        for a, b in combinations(range(corpus.TICKER), 2):
            same_text = containment(drafts[start + a], drafts[start + b]) >= 0.5
            merged = story[a] == story[b]
            if not merged and not same_text:
                continue
            one, other = reports[start + a].title, reports[start + b].title
            verdict = verdicts.get(digest(one, other), "unread")
            line = f"{verdict}: {one} | {other}"
            _note(found.by_text, merged, same_text, line)
            if merged:
                _note(found.merges, True, verdict == "same", line)
            if same_text and verdict == "same":
                _note(found.told, merged, True, line)
    return found


def _note(figures: Figures, merged: bool, same: bool, line: str) -> None:
    figures.there += same
    figures.right += merged and same
    figures.wrong += merged and not same
    if merged and not same:
        figures.wrong_cases.append(line)
    elif same and not merged:
        figures.missed_cases.append(line)


def stream_stories() -> tuple[int, list[int]]:
    """Give the number of stories in the whole stream and the sizes of the largest twenty."""
    sizes = Counter(stories(corpus.stream()))
    return len(sizes), [size for _, size in sizes.most_common(20)]
