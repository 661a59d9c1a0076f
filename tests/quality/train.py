"""Fit the judge's weights: ``make train`` (needs ../shared/data, numpy and scikit-learn).

1. The headline's weights: whole days of the stream at their natural frequency, labels from the bodies, and the pairs that people
   read at half weight; identical titles at weight .3 (they are cheap to learn and often recurring).
2. The bodies' weights: the pairs that people read; the headline's score goes in as one feature.
Scores are shifted so that 0.75 is the threshold that ships. Figures come from cross-validation over groups: days of the
stream, and pairs connected by a headline. `authored_dev.tsv` is never used here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from aggregator.dedup import Draft, draft
from aggregator.dedup import score as scoring
from aggregator.dedup.compare import Comparison, compare
from aggregator.dedup.features import body_features, headline_features
from aggregator.dedup.judge import hours_apart
from aggregator.dedup.texts import Texts, compare_texts
from tests.quality import corpus

WEIGHTS = Path(scoring.__file__).with_name("weights.json")
READ_WEIGHT = 0.5  # of pairs that people read, when headlines are fitted: picked pairs teach that overlap means nothing
IDENTICAL_WEIGHT = 0.3
HEADLINE_AT, BODY_AT = 0.55, 0.42  # fitted probabilities that become the score 0.75
STRENGTH = 0.1  # 1 / regularisation

Table = dict[str, float]


@dataclass
class Example:
    group: str
    same: bool
    comparison: Comparison
    texts: Texts | None
    hours: float | None
    same_outlet: bool
    headline: Table
    weight: float = 1.0


def example(a: Draft, b: Draft, group: str, same: bool, weight: float = 1.0) -> Example:
    comparison = compare(a.headline, b.headline)
    features = headline_features(comparison)
    outlet = bool(a.outlet) and a.outlet == b.outlet
    weight *= IDENTICAL_WEIGHT if features["identical"] else 1.0
    return Example(group, same, comparison, compare_texts(a, b, comparison), hours_apart(a, b), outlet, features, weight)


@dataclass
class Model:
    names: list[str]
    values: np.ndarray
    bias: float

    @classmethod
    def fit(cls, tables: Sequence[Table], labels: Sequence[bool], weights: Sequence[float], strength: float) -> Model:
        names = list(tables[0])
        x = np.array([[table[name] for name in names] for table in tables])
        w = np.array(weights)
        mean, spread = np.average(x, 0, w), x.std(0) + 1e-9
        fitted = LogisticRegression(C=strength, max_iter=5_000).fit((x - mean) / spread, np.array(labels), sample_weight=w)
        values = fitted.coef_[0] / spread
        return cls(names, values, float(fitted.intercept_[0] - (values * mean).sum()))

    def total(self, table: Table) -> float:
        return float(sum(value * table[name] for name, value in zip(self.names, self.values, strict=True)) + self.bias)

    def shifted(self, at: float) -> dict[str, object]:
        """Give the weights with the bias moved so that the probability ``at`` becomes .75."""
        bias = self.bias - math.log(at / (1 - at)) + math.log(3)
        return {
            "bias": round(bias, 4),
            "weights": {name: round(float(value), 4) for name, value in zip(self.names, self.values, strict=True)},
        }


def fit_headline(days: Sequence[Example], read: Sequence[Example]) -> Model:
    every = [*days, *read]
    weights = [each.weight for each in days] + [READ_WEIGHT] * len(read)
    return Model.fit([each.headline for each in every], [each.same for each in every], weights, 0.3)


def _body_table(each: Example, headline: Model) -> Table:
    assert each.texts is not None
    # the headline's score with the shift that ships
    total = headline.total(each.headline) - math.log(HEADLINE_AT / (1 - HEADLINE_AT)) + math.log(3)
    return body_features(each.comparison, each.texts, each.headline, total, each.hours, each.same_outlet)


def fit_body(read: Sequence[Example], headline: Model) -> Model:
    with_text = [each for each in read if each.texts is not None]
    return Model.fit(
        [_body_table(each, headline) for each in with_text], [each.same for each in with_text], [1.0] * len(with_text), STRENGTH
    )


def weights_of(headline: Model, body: Model) -> dict[str, object]:
    return {"headline": headline.shifted(HEADLINE_AT), "body": body.shifted(BODY_AT)}


def read_examples(pairs: Sequence[corpus.Pair]) -> list[Example]:
    return [example(draft(pair.a), draft(pair.b), pair.group, pair.same) for pair in pairs]


def day_examples() -> list[Example]:
    drafts = corpus.stream_drafts()
    return [example(drafts[pair.a], drafts[pair.b], pair.day, pair.same) for pair in corpus.mined_pairs()]


def use(weights: dict[str, object]) -> None:
    """Let the judge use these weights from now on (cross-validation)."""
    table = json.loads(json.dumps(weights))
    scoring.weights.cache_clear()
    scoring.weights()["headline"] = (table["headline"]["bias"], table["headline"]["weights"])
    scoring.weights()["body"] = (table["body"]["bias"], table["body"]["weights"])


def folds(read: Sequence[Example], days: Sequence[Example], count: int = 5) -> list[tuple[np.ndarray, dict[str, object]]]:
    """Give, for each fold over connected headlines, the pairs left out and the weights fitted without them."""
    made = []
    for train, test in GroupKFold(count, shuffle=True, random_state=1).split(read, groups=[each.group for each in read]):
        kept = [read[k] for k in train]
        headline = fit_headline(days, kept)
        made.append((test, weights_of(headline, fit_body(kept, headline))))
    return made


def main() -> int:
    if not corpus.available():
        print("skipped: no shared data (../shared/data)")
        return 0
    print("reading the stream and the pairs …", flush=True)
    days, read = day_examples(), read_examples(corpus.dev_pairs())
    headline = fit_headline(days, read)
    weights = weights_of(headline, fit_body(read, headline))
    WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    print(
        f"{len(days)} pairs of whole days ({sum(each.same for each in days)} the same), {len(read)} read by people: {WEIGHTS.name} written."
    )
    from tests.quality.__main__ import main as measure

    use(weights)
    return measure(["--update"], examples=(days, read))


if __name__ == "__main__":
    raise SystemExit(main())
