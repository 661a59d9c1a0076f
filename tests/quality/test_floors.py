"""The judge is as good as it was: floors in baseline.json, which only rise (`make quality` with --update)."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from tests.quality import corpus, measure, templates
from tests.quality.__main__ import BASELINE

FLOORS = json.loads(BASELINE.read_text(encoding="utf-8"))
needs_data = pytest.mark.skipif(not corpus.available(), reason="no shared data")


def holds(key: str, figures: measure.Figures) -> None:
    floor = FLOORS[key]
    cases = "\n".join((figures.wrong_cases + figures.missed_cases)[:20])
    assert figures.precision >= floor["precision"], f"{key}: precision {figures.precision:.3f} below {floor['precision']}\n{cases}"
    assert figures.recall >= floor["recall"], f"{key}: recall {figures.recall:.3f} below {floor['recall']}\n{cases}"


@pytest.mark.parametrize("part", ["all", "headline only", "with bodies"])
@pytest.mark.parametrize(("name", "suite"), [("templates", templates.SUITE), ("fresh", templates.FRESH), ("fresh2", templates.FRESH2)])
def test_look_alikes_stay_apart_and_rewordings_merge(name: str, suite: Path, part: str) -> None:
    holds(f"{name}, {part}", figures_of(suite)[part])


@cache
def figures_of(suite: Path) -> dict[str, measure.Figures]:
    return templates.figures(suite)


@needs_data
def test_adversarial_pairs() -> None:
    pairs = corpus.authored_pairs()
    holds("authored, all", measure.scored(pairs, [measure.pair_score(pair) for pair in pairs]))


@needs_data
def test_the_seeds_ticker_merges_its_one_pair_and_nothing_else() -> None:
    assert measure.seed_merges() == [
        (
            "تفكيك شبكة للإتجار بالبشر في إسبانيا استغلت أكثر من ألف امرأة",
            "إسبانيا.. تفكيك شبكة متخصصة في الاتجار بالبشر استغلت أزيد من ألف امرأة",
        )
    ]


@needs_data
@pytest.mark.long
def test_labelled_pairs_by_cross_validation() -> None:
    pytest.importorskip("sklearn")
    from tests.quality.__main__ import cross_validated

    for name, figures in cross_validated(corpus.dev_pairs(), None).items():
        holds(f"{name}, cross-validated", figures)


@needs_data
@pytest.mark.long
def test_tickers_of_the_stream() -> None:
    found = measure.tickers()
    holds("tickers, by text", found.by_text)
    floor = FLOORS["tickers, read"]
    assert found.merges.precision >= floor["precision"], found.merges.wrong_cases
    assert found.told.recall >= floor["recall"], found.told.missed_cases


def test_what_was_read_of_tickers_keeps_no_text() -> None:
    verdicts = measure.read_verdicts()
    assert len(verdicts) > 300
    assert set(verdicts.values()) == {"same", "other", "silent"}
    assert all(re.fullmatch("[0-9a-f]{16}", digest) for digest in verdicts)
