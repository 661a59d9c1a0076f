"""Run the frozen suites: look-alikes that must stay apart and rewordings that must merge.

``templates.tsv`` is looked at while the judge is worked on; ``fresh.tsv`` was written before a round of work, in other styles,
and only its figures are looked at, so that they tell what the first one flatters. ``fresh2.tsv`` was written before the round
after it and looked at in that round: it tells something only by its first figures, which stand in docs/neardup.md.
"""

from __future__ import annotations

import csv
from datetime import datetime
from functools import cache
from pathlib import Path

from aggregator.dedup import Report
from tests.quality.corpus import Pair
from tests.quality.measure import Figures, count, stories

SUITE = Path(__file__).with_name("templates.tsv")
FRESH = Path(__file__).with_name("fresh.tsv")
FRESH2 = Path(__file__).with_name("fresh2.tsv")


@cache
def pairs(suite: Path = SUITE) -> list[Pair]:
    """Read a suite. Columns: label, kind, headline_a, headline_b and, if there are, body_* published_* outlet_*."""
    with suite.open(encoding="utf-8") as file:
        rows = list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE))

    def side(row: dict[str, str], k: str) -> Report:
        stamp = row.get(f"published_{k}") or ""
        at = datetime.fromisoformat(stamp) if stamp else None
        return Report(k, row[f"headline_{k}"], row.get(f"body_{k}") or "", row.get(f"outlet_{k}") or "", "", at, row.get("language") or "")

    return [
        Pair(side(row, "a"), side(row, "b"), "D" if row["label"] == "same" else "N", row["id"], row.get("kind") or row.get("grade") or "")
        for row in rows
    ]


def merged(pair: Pair) -> bool:
    """Tell whether two reports, one after the other, become one story."""
    first, second = stories([pair.a, pair.b])
    return first == second


def figures(suite: Path = SUITE) -> dict[str, Figures]:
    """Give the figures of a whole suite, and of its headlines and its pairs with bodies."""
    every = pairs(suite)
    yes = [merged(pair) for pair in every]
    with_bodies = [bool(pair.a.body and pair.b.body) for pair in every]
    return {
        "all": count(every, yes),
        "headline only": count(
            [p for p, b in zip(every, with_bodies, strict=True) if not b], [y for y, b in zip(yes, with_bodies, strict=True) if not b]
        ),
        "with bodies": count(
            [p for p, b in zip(every, with_bodies, strict=True) if b], [y for y, b in zip(yes, with_bodies, strict=True) if b]
        ),
    }
