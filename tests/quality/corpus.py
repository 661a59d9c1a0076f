"""The labelled and the real material beside the project, as reports; nothing of it is copied into the project.

`available` is false in a clone without ``../shared/data``; everything that needs it then says so and is skipped.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import combinations
from pathlib import Path

from aggregator.dedup import Draft, Report, draft
from aggregator.dedup.draft import unpacked
from aggregator.dedup.texts import containment

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT.parent / "shared" / "data"
RIYADH = timezone(timedelta(hours=3))
TICKER = 58  # headlines of the seed's page


def available() -> bool:
    return (DATA / "pairs").is_dir()


@dataclass(frozen=True)
class Pair:
    """Two reports and whether one entry serves both; ``group`` joins pairs that share a headline."""

    a: Report
    b: Report
    label: str  # D, R, N
    group: str
    grade: str = ""

    @property
    def same(self) -> bool:
        return self.label == "D"


def dev_pairs() -> list[Pair]:
    with gzip.open(DATA / "pairs/dev.ndjson.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    parent: dict[str, str] = {}

    def find(title: str) -> str:
        while parent.setdefault(title, title) != title:
            title = parent[title]
        return title

    for row in rows:
        parent[find(row["title1"])] = find(row["title2"])

    def side(row: dict[str, str], k: str) -> Report:
        stamp = row["ts" + k]
        at = datetime.fromtimestamp(float(stamp), UTC) if stamp else None
        return Report(k, row["title" + k], row["body" + k] or "", row["src" + k] or "", "", at, "ar")

    return [Pair(side(row, "1"), side(row, "2"), row["label"], find(row["title1"])) for row in rows]


def authored_pairs() -> list[Pair]:
    with (DATA / "pairs/authored_dev.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    def side(row: dict[str, str], k: str) -> Report:
        at = datetime.fromisoformat(row["published_" + k]) if row["published_" + k] else None
        return Report(k, row["headline_" + k], row["body_" + k], row["outlet_" + k], "", at, "ar")

    return [Pair(side(row, "a"), side(row, "b"), "D" if row["label"] == "same" else "N", row["id"], row["grade"]) for row in rows]


def seed_ticker() -> list[str]:
    return (DATA / "seed/ticker.txt").read_text(encoding="utf-8").splitlines()


@cache
def stream() -> list[Report]:
    """Give the 20,034 reports in the order of collection; times without a zone are Riyadh's."""
    reports = []
    with gzip.open(DATA / "news/saudi_2015_dev.ndjson.gz", "rt", encoding="utf-8") as file:
        rows = list(file)
    for number, line in enumerate(rows):
        row = json.loads(line)
        at = datetime.fromisoformat(row["published"])
        at = at if at.tzinfo else at.replace(tzinfo=RIYADH)
        reports.append(Report(str(number), row["title"], row["body"], row["outlet"], row["url"], at, "ar"))
    return reports


@cache
def stream_drafts() -> list[Draft]:
    return [draft(report) for report in stream()]


@dataclass(frozen=True)
class Mined:
    """A pair of one day of the stream that shares two headline words; the bodies say whether it is the same text."""

    day: str
    a: int
    b: int
    same: bool


SAME_TEXT, SAME_WORDS = 0.75, 0.5
OTHER_TEXT, OTHER_WORDS = 0.1, 0.15


def mined_pairs(a_day: int = 1_100) -> Iterator[Mined]:
    """Give the candidate pairs of each day at their natural frequency, without the band that bodies can't tell."""
    drafts, chance = stream_drafts(), random.Random(7)
    days: dict[str, list[int]] = defaultdict(list)
    for number, report in enumerate(stream()):
        if drafts[number].shingles and len(report.title) > 8 and report.published:
            days[report.published.date().isoformat()].append(number)
    for day, numbers in sorted(days.items()):
        vectors = _Vectors(drafts, numbers)
        chosen = sorted(chance.sample(numbers, min(a_day, len(numbers))))
        by_word: dict[str, list[int]] = defaultdict(list)
        for number in chosen:
            for word in drafts[number].headline.content:
                by_word[word].append(number)
        counts: Counter[tuple[int, int]] = Counter()
        for found in by_word.values():
            if len(found) <= 250:
                counts.update(combinations(found, 2))
        for (a, b), count in sorted(counts.items()):
            if count < 2:
                continue
            text, words = containment(drafts[a], drafts[b]), vectors.cosine(a, b)
            if text >= SAME_TEXT and words >= SAME_WORDS:
                yield Mined(day, a, b, True)
            elif text < OTHER_TEXT and words < OTHER_WORDS:
                yield Mined(day, a, b, False)


class _Vectors:
    """Cosines of bodies under the day's own document frequencies."""

    def __init__(self, drafts: Sequence[Draft], numbers: Sequence[int]) -> None:
        self._words = {number: frozenset(unpacked(drafts[number].vocabulary)) for number in numbers}
        frequency = Counter(word for words in self._words.values() for word in words)
        self._weight = {word: math.log(len(numbers) / count) for word, count in frequency.items()}
        self._length: dict[int, float] = {}

    def cosine(self, a: int, b: int) -> float:
        shared = sum(self._weight[word] ** 2 for word in self._words[a] & self._words[b])
        return shared / ((self._norm(a) * self._norm(b)) or 1.0)

    def _norm(self, number: int) -> float:
        if number not in self._length:
            self._length[number] = math.sqrt(sum(self._weight[word] ** 2 for word in self._words[number]))
        return self._length[number]
