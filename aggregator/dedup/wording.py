"""Say a reason in the words of the headlines as their writers spelled them; what is compared is folded and never shown."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category

from aggregator.arabic.fold import fold
from aggregator.arabic.places import without_preposition
from aggregator.dedup.compare import Comparison
from aggregator.dedup.reason import Reason

_PLACES = frozenset(("place", "places", "names", "template"))
# letters with the signs and joiners that a writer may have put between them
_TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0610-\u061a\u064b-\u065f\u0670\u200c-\u200f])*")


def said(reason: Reason, c: Comparison) -> Reason:
    """Give a reason with the headlines' own spelling: «الجزائر / الجزائري» for الجزاير / الجزايري, «فاس» for بفاس.

    The first word is looked for in the first headline, the second in the second; what stands in neither is left as it is.
    """
    if not reason.args:
        return reason
    found = []
    for place, word in enumerate(reason.args):
        if word[:1].isdigit():
            found.append(word)
            continue
        ours, theirs = (c.a.title, c.b.title) if place == 0 else (c.b.title, c.a.title)
        written = next(filter(None, (_as_written(word, title) for title in (ours, theirs))), word)
        found.append(without_preposition(_bare(written)) if reason.code in _PLACES else written)
    return Reason(reason.code, tuple(found))


def _as_written(word: str, title: str) -> str:
    """Find a folded word, or several parted by a space, in a headline.

    >>> _as_written("الجزاير", "زلزالٌ في الجزائر"), _as_written("كفر الشيخ", "كفــر الشيخ.. حادث"), _as_written("قط", "قطار")
    ('الجزائر', 'كفــر الشيخ', '')
    """
    tokens, folded = _tokens(title)
    wanted = word.split()
    starts = range(len(tokens) - len(wanted) + 1)
    return next((" ".join(tokens[at : at + len(wanted)]) for at in starts if folded[at : at + len(wanted)] == wanted), "")


@lru_cache(maxsize=1_024)
def _tokens(title: str) -> tuple[list[str], list[str]]:
    tokens = _TOKEN.findall(title)
    return tokens, list(map(fold, tokens))


def _bare(word: str) -> str:
    """Give a word without vowel signs: a letter cut off its front would leave its sign behind."""
    return "".join(letter for letter in word if category(letter) != "Mn")
