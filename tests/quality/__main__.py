"""Print how good the judge of near-duplicates is: ``make quality``.

With ``--update`` the floors of ``baseline.json`` are raised (never lowered, unless ``--lower`` is given as well).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.quality import corpus, measure, peers, templates
from tests.quality.measure import Figures

if TYPE_CHECKING:
    from tests.quality.train import Example

BASELINE = Path(__file__).with_name("baseline.json")
SLACK = 0.005  # a floor stands so far below what was measured


def row(name: str, figures: Figures) -> None:
    average = "" if figures.average is None else f"{figures.average:6.3f}"
    print(
        f"{name:<46}{figures.precision:7.3f}{figures.recall:8.3f}{figures.f1:7.3f} {average:>7}  {figures.right} right, {figures.wrong} wrong, of {figures.there}"
    )


def head(title: str) -> None:
    print(f"\n{title:<46}{'prec.':>7}{'recall':>8}{'F1':>7} {'avg.p.':>7}", flush=True)


def cross_validated(pairs: Sequence[corpus.Pair], examples: tuple[list[Example], list[Example]] | None) -> dict[str, Figures]:
    """Score each labelled pair by weights fitted without it and without any pair connected to it."""
    from tests.quality import train

    days, read = examples or (train.day_examples(), train.read_examples(pairs))
    shipped = json.loads(train.WEIGHTS.read_text(encoding="utf-8"))
    with_bodies, headlines = [0.0] * len(pairs), [0.0] * len(pairs)
    for test, weights in train.folds(read, days):
        train.use(weights)
        for k in test:
            with_bodies[k] = measure.pair_score(pairs[k])
            headlines[k] = measure.pair_score(pairs[k], bodies=False)
    train.use(shipped)
    return {"pairs": measure.scored(pairs, with_bodies), "pairs, headline only": measure.scored(pairs, headlines)}


def main(argv: Sequence[str], examples: tuple[list[Example], list[Example]] | None = None) -> int:
    floors: dict[str, dict[str, float]] = {}

    def note(key: str, figures: Figures) -> None:
        if figures.there:
            floors[key] = {"precision": figures.precision, "recall": figures.recall}

    head("templates (tests/quality/templates.tsv)")
    for key, figures in templates.figures().items():
        row(f"  {key}", figures)
        note(f"templates, {key}", figures)
    for name, suite in (("fresh", templates.FRESH), ("fresh2", templates.FRESH2)):
        head(f"written blind (tests/quality/{suite.name})")
        for key, figures in templates.figures(suite).items():
            row(f"  {key}", figures)
            note(f"{name}, {key}", figures)
    if not corpus.available():
        print("\nThe rest is skipped: no shared data (../shared/data).")
        return 0
    pairs = corpus.dev_pairs()
    head(f"{len(pairs)} labelled pairs, peers' rules")
    for name, rule in peers.RULES.items():
        row(f"  {name}", measure.count(pairs, [rule(pair.a, pair.b) for pair in pairs]))
    head("the same, ours, cross-validated over headlines")
    for name, figures in cross_validated(pairs, examples).items():
        row(f"  {name}", figures)
        note(f"{name}, cross-validated", figures)
    authored = corpus.authored_pairs()
    head(f"{len(authored)} adversarial pairs (compared only)")
    for name, chosen in (("all", authored), ("grade A and the different", [p for p in authored if p.grade != "B"])):
        figures = measure.scored(chosen, [measure.pair_score(pair) for pair in chosen])
        row(f"  {name}", figures)
        note(f"authored, {name}", figures)
    if "--cases" in argv:
        print("\n".join(f"    wrong: {case}" for case in figures.wrong_cases))
    found = measure.tickers()
    head(f"{found.count} tickers of 58 headlines cut from the stream")
    row("  the bodies' word alone; precision at least", found.by_text)
    row("  every merge read (precision)", found.merges)
    row("  pairs of one text whose headlines can tell", found.told)
    note("tickers, by text", found.by_text)
    floors["tickers, read"] = {"precision": found.merges.precision, "recall": found.told.recall}
    if "--cases" in argv:
        print("\n".join(f"    {case}" for case in found.merges.wrong_cases))
    merged = measure.seed_merges()
    print(f"\nthe seed's ticker: {len(merged)} merged: {merged}")
    if "--stream" in argv:
        count, largest = measure.stream_stories()
        print(f"the stream: {count} stories, the largest {largest}")
    if "--update" in argv:
        update(floors, lower="--lower" in argv)
    return 0


def update(measured: dict[str, dict[str, float]], *, lower: bool) -> None:
    old = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    for key, values in measured.items():
        floor = {name: round(value - SLACK, 3) for name, value in values.items()}
        before = {} if lower else old.get(key, {})
        old[key] = {name: max(value, before.get(name, 0.0)) for name, value in floor.items()}
    BASELINE.write_text(json.dumps(old, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\n{BASELINE.name} written.")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
