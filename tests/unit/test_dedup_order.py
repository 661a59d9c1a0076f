"""Equal candidates keep one order, whichever order sets give their words in."""

from __future__ import annotations

import random

from aggregator.dedup import Candidate, Report, draft
from aggregator.dedup.judge import _likeliest

WORDS = ["تفكيك", "شبكة", "دولية", "تنشط", "سرقة", "هواتف", "محمولة", "تهريبها", "توقيف", "مشتبها", "ضبط", "أجهزة", "حواسيب", "مسروقة"]


def test_candidates_with_the_same_words_stand_in_the_order_of_their_items() -> None:
    rng = random.Random(7)
    for _ in range(150):
        chosen = rng.sample(WORDS, rng.randint(7, len(WORDS)))
        ours = draft(Report("0", " ".join(chosen)))
        candidates = []
        for item in range(1, 4):
            words = rng.sample(chosen, len(chosen))
            theirs = draft(Report(str(item), " ".join(words)))
            candidates.append(Candidate(item, item, theirs, theirs))
        rng.shuffle(candidates)
        assert [each.item for each in _likeliest(ours, candidates)] == [1, 2, 3]
