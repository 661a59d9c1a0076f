"""Turn a comparison into the numbers that the weights of ``weights.json`` were fitted on.

The headline's evidence is one number for the bodies' judge: the score that headlines alone would get, fitted on whole
days of a news stream, where one pair in hundreds is the same. The bodies' weights were fitted on pairs read by people.
"""

from __future__ import annotations

from aggregator.dedup.compare import Comparison
from aggregator.dedup.texts import Texts
from aggregator.dedup.vetoes import place_conflict

_TYPICAL_HOURS = 4.0  # between two outlets' reports of one event: stands in where a time is not known
_MOST_HOURS = 72.0


def headline_features(c: Comparison) -> dict[str, float]:
    """Give the evidence of two headlines."""
    a, b = c.a, c.b
    shortest = min(len(a.content), len(b.content))
    reactions_differ = bool(a.reactions or b.reactions) and not a.reactions & b.reactions
    behind = sum(a.weights[word] for word in c.shared if (word in a.background) != (word in b.background))
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
        "pairs": len(a.pairs & b.pairs) / max(1, min(len(a.pairs), len(b.pairs))),
        "same_words": float(a.content == b.content),
        "identical": float(a.plain == b.plain),
        "few_words": float(shortest < 4),
        "number_agrees": float(bool(c.number_agreement)),
        "number_elsewhere": float(bool(a.values and b.values) and not c.number_any),
        "number_one_side": float(bool(a.values) != bool(b.values)),
        "number_large": float(any(value > 12 or value != int(value) for value in a.values & b.values)),
        "numbers_equal": float(bool(a.values) and a.values == b.values),
        "explainer": float(a.explains != b.explains),
        "reaction": float(reactions_differ),
        "future": float(a.future != b.future),
        "background": behind / (c.weight + 1e-9),
    }


def body_features(
    c: Comparison, texts: Texts, headline: dict[str, float], score: float, hours: float | None, same_outlet: bool
) -> dict[str, float]:
    """Give the evidence of two texts beside their headlines; ``score`` is the headlines' own, before the logistic function."""
    hours = _TYPICAL_HOURS if hours is None else min(hours, _MOST_HOURS)
    likely = 1.0 if score > 0 else 0.0 if score < -8 else 1 + score / 8
    return {
        "headline": max(-10.0, min(10.0, score)),
        "jaccard": headline["jaccard"],
        "top_least": headline["top_least"],
        "number_elsewhere": headline["number_elsewhere"],
        "number_large": headline["number_large"],
        "numbers_equal": headline["numbers_equal"],
        "identical": headline["identical"],
        "reaction": headline["reaction"],
        "future": headline["future"],
        "containment_text": texts.containment,
        "containment_squared": texts.containment**2,
        "headline_and_text": likely * texts.containment,
        "covered": texts.covered,
        "unexplained": min(texts.unexplained, 8.0),
        "unexplained_both": min(texts.unexplained_both, 8.0),
        "rare": texts.rare,
        "vocabulary": texts.vocabulary,
        "lead": texts.lead,
        "numbers_text": texts.numbers,
        "rare_words": min(6.0, texts.rare_weight**0.5),
        "numbers_shared": min(4, texts.numbers_shared),
        "numbers_apart": float(texts.numbers_apart),
        "numbers_unknown": float(texts.numbers_unknown),
        "place_conflict": float(place_conflict(c, texts.unknown_a, texts.unknown_b) is not None),
        "hours": hours**0.5,
        "days": hours / 24,
        "same_outlet": float(same_outlet),
        "outlet_later": float(same_outlet and hours > 1),
    }
