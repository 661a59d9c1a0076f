"""Guess the form of an Arabic word: a verb, or a verbal noun of the derived measures. For telling names and things from actions."""

from __future__ import annotations

from functools import lru_cache

from aggregator.arabic.tokens import surface

_ENDINGS = frozenset(("ون", "ان", "ها", "هم", "وا"))
_ARTICLES = ("وال", "بال", "لل", "ال", "ب", "و", "ل")


@lru_cache(maxsize=100_000)
def is_verb(word: str) -> bool:
    """Tell whether a folded word is a verb: its masculine and feminine imperfect both occur (يهز / تهز).

    >>> is_verb("تهز"), is_verb("اعلنت"), is_verb("زعفران"), is_verb("يواجهون"), is_verb("سنحارب"), is_verb("تكرمها")
    (True, True, False, True, True, True)
    """
    known = surface()
    for before in ("وس", "و", "ف", "س", ""):
        rest = word[len(before) :]
        if not word.startswith(before) or len(rest) < 3:
            continue
        if (rest[0] == "ي" and "ت" + rest[1:] in known) or (rest[0] == "ت" and "ي" + rest[1:] in known):
            return True
        if rest[0] == "ن" and "ي" + rest[1:] in known and "ت" + rest[1:] in known:
            return True
        if len(rest) >= 6 and rest[0] in "يت" and rest[-2:] in _ENDINGS and {"ي" + rest[1:-2], "ت" + rest[1:-2]} <= known.keys():
            return True
        past = rest[:-1] if rest[-1] == "ت" and len(rest) > 3 else rest
        bare = past[1:] if past[0] == "ا" and len(past) > 3 else past
        if len(bare) >= 3 and "ي" + bare in known and "ت" + bare in known:
            return True
    return False


@lru_cache(maxsize=100_000)
def is_verbal_noun(word: str) -> bool:
    """Tell whether a folded word has the shape of تفعيل, افتعال, استفعال or, where there is a verb to it, مفاعلة.

    >>> is_verbal_noun("بتفكيك"), is_verbal_noun("افتتاح"), is_verbal_noun("مدينه"), is_verbal_noun("بمحاربه"), is_verbal_noun("جامعه")
    (True, True, False, True, False)
    """
    for before in _ARTICLES:
        if word.startswith(before) and len(word) - len(before) >= 4:
            word = word[len(before) :]
            break
    if len(word) == 6 and word[0] == "م" and word[2] == "ا" and word[-1] == "ه":
        return "ي" + word[1:-1] in surface()
    if word[-1] == "ه" and len(word) > 4:
        word = word[:-1]
    if len(word) == 4:
        return word[0] == "ا" and word[2] == "ا"
    return len(word) >= 5 and ((word[0] == "ت" and word[-2] == "ي") or (word[0] == "ا" and word[-2] == "ا"))
