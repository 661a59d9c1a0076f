"""Turn a comparison into the numbers that the weights were fitted on; `NAMES` says which, in the order of weights.json."""

from __future__ import annotations

from aggregator.dedup.compare import Comparison
from aggregator.dedup.signs import signs
from aggregator.dedup.texts import Texts


def headline_features(c: Comparison) -> dict[str, float]:
    """Give the evidence of two headlines."""
    a, b, table = c.a, c.b, signs()
    shortest = min(len(a.content), len(b.content))
    pairs_a, pairs_b = set(zip(a.order, a.order[1:], strict=False)), set(zip(b.order, b.order[1:], strict=False))
    values = {quantity.value for quantity in a.quantities} & {quantity.value for quantity in b.quantities}
    all_a, all_b = {quantity.value for quantity in a.quantities}, {quantity.value for quantity in b.quantities}
    reacting_a, reacting_b = a.stems & table.reactions, b.stems & table.reactions
    weights = a.weights
    return {
        "shared": min(c.weight, 30.0),
        "jaccard": c.jaccard,
        "containment": c.containment,
        "count": min(c.count, 8),
        "left_least": min(c.weight_a, c.weight_b),
        "left_most": min(20.0, max(c.weight_a, c.weight_b)),
        "top_least": min(c.top_a, c.top_b),
        "top_most": max(c.top_a, c.top_b),
        "shortest": min(shortest, 10),
        "pairs": len(pairs_a & pairs_b) / max(1, min(len(pairs_a), len(pairs_b))),
        "same_words": float(a.content == b.content),
        "identical": float(a.plain == b.plain),
        "few_words": float(shortest < 4),
        "number_agrees": float(bool(c.number_agreement)),
        "number_elsewhere": float(bool(a.quantities and b.quantities) and not c.number_any),
        "number_one_side": float(bool(a.quantities) != bool(b.quantities)),
        "number_large": float(any(value > 12 or value != int(value) for value in values)),
        "numbers_equal": float(bool(all_a) and all_a == all_b),
        "explainer": float(bool(a.stems & table.explainers) != bool(b.stems & table.explainers)),
        "reaction": float(bool(reacting_a) != bool(reacting_b) or (bool(reacting_a) and not reacting_a & reacting_b)),
        "places_shared": min(10.0, sum(weights[word] for word in c.shared if word in a.places)),
        "background": sum(weights[word] for word in c.shared if (word in a.background) != (word in b.background)) / (c.weight + 1e-9),
    }


def body_features(c: Comparison, texts: Texts) -> dict[str, float]:
    """Give the evidence of two texts beside their headlines; needs both bodies."""
    return {
        "jaccard_text": texts.jaccard,
        "containment_text": texts.containment,
        "covered": texts.covered,
        "unexplained": min(texts.unexplained, 8.0),
        "unexplained_both": min(texts.unexplained_both, 8.0),
        "vocabulary": texts.vocabulary,
        "vocabulary_jaccard": texts.vocabulary_jaccard,
        "lead": texts.lead,
        "length_ratio": texts.length_ratio,
        "numbers_unknown": float(texts.numbers_unknown),
    }


def context_features(hours: float | None, same_outlet: bool) -> dict[str, float]:
    """Give the evidence of time and outlet; without times none of time."""
    return {"hours": 0.0 if hours is None else min(hours, 72.0) ** 0.5, "same_outlet": float(same_outlet)}
