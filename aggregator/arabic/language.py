"""Tell what language a text is in, by its letters and its short words."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from aggregator.arabic.fold import fold
from aggregator.arabic.tables import lines
from aggregator.arabic.tokens import cut

_PERSIAN = frozenset(map(fold, ("است", "این", "می", "را", "که", "های", "شد", "برای")))  # none is a frequent Arabic word
_SCRIPTS = {
    "ar": re.compile("[\u0620-\u064a\u066e-\u06d3\ufb50-\ufdfb\ufe70-\ufefc]+"),
    "zgh": re.compile("[\u2d30-\u2d7f]+"),
    "latin": re.compile("[A-Za-z\u00c0-\u024f\u0250-\u02af\u1e00-\u1eff]+"),
}
_ACCENTS = {"fr": "èêàçœùîéÉÀ", "es": "ñ¿¡óí", "de": "ßüö"}
_ENOUGH = 2_000  # characters: a text shows its language early


@cache
def _short_words() -> dict[str, frozenset[str]]:
    return {code: frozenset(map(fold, words)) for code, *words in map(str.split, lines("languages.txt"))}


def language(text: str, hint: str = "") -> str:
    """Give the language of ``text``: ``ar`` (Darija too), ``fr``, ``en``, ``zgh`` (Tamazight in either script), another code, or ``""``.

    The text decides; ``hint`` (what a feed declares, e.g. ``ar-MA``) counts only where the text says too little.

    >>> language("واش المغاربة غادي يصومو؟"), language("Le Maroc réélu à l'ONU", "ar"), language("ⵜⴰⵎⴰⵣⵉⵖⵜ"), language("2026")
    ('ar', 'fr', 'zgh', '')
    """
    text = text[:_ENOUGH]
    declared = hint.strip().lower().replace("_", "-").split("-")[0]
    declared = {"ber": "zgh", "tzm": "zgh", "shi": "zgh", "rif": "zgh", "kab": "zgh", "ary": "ar", "arz": "ar"}.get(declared, declared)
    script = _script(text)
    if script in ("", "zgh"):
        return script
    if script == "ar":
        return _arabic_script(text, declared)
    return _latin_script(text, declared)


def _script(text: str) -> str:
    """Give the script that most letters are of, "" where there are none."""
    letters: dict[str, int] = {}
    for script, pattern in _SCRIPTS.items():
        letters[script] = sum(map(len, pattern.findall(text)))
        if 2 * letters[script] > len(text):
            return script
    best = max(letters, key=letters.__getitem__)
    return best if letters[best] else ""


def _arabic_script(text: str, declared: str) -> str:
    words = cut(fold(text))
    persian = sum(map(_PERSIAN.__contains__, words))
    if declared in ("fa", "ur") and (persian or any(letter in text for letter in "ےٹڈڑں")):
        return declared
    return "fa" if persian >= 3 and persian * 12 >= len(words) else "ar"


def _latin_script(text: str, declared: str) -> str:
    words = cut(fold(text))
    votes: Counter[str] = Counter()
    for code, short in _short_words().items():
        votes[code] = sum(map(short.__contains__, words))
    if any(letter in text for letter in "ɣɛẓḍṭčǧ"):
        votes["zgh"] += 2
    for code, letters in _ACCENTS.items():
        votes[code] += sum(letter in text for letter in letters)
    best = max(votes.values())
    leaders = [code for code, count in votes.items() if count == best]
    if best == 0:
        return "" if declared == "ar" else declared
    if declared in leaders:
        return declared
    return leaders[0]
