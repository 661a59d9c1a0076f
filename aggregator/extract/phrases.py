"""The wording of what is no part of an article, from `data/boilerplate.tsv`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from aggregator.arabic.fold import fold

_EDGE = " \t\n\r\u00a0:.،,;؛!؟?|/\\-–—_«»\"'“”()[]{}*•·●▪►▶◄◀›‹>←→↓↑#…+="
_LONGEST = 400


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    found: dict[str, list[str]] = {}
    for line in files("aggregator.extract").joinpath("data/boilerplate.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, where, phrase = line.split("\t")
            body = re.escape(folded(phrase)).replace(r"\ ", r"\s+").replace(re.escape(fold("…")), ".{0,300}").replace("…", ".{0,300}")
            colon = ":" if phrase.rstrip().endswith(":") else ""
            shape = {"whole": rf"^{body}$", "start": rf"^{body}\s*{colon}(?!\w)", "any": rf"(?<!\w){body}(?!\w)"}[where]
            found.setdefault(kind, []).append(shape)
    return {kind: re.compile("|".join(shapes)) for kind, shapes in found.items()}


@cache
def _any_kind() -> re.Pattern[str]:
    return re.compile("|".join(pattern.pattern for pattern in _patterns().values()))


def folded(text: str) -> str:
    """Fold a line and take the punctuation off its ends."""
    return " ".join(fold(text).split()).strip(_EDGE)


def kinds(text: str) -> frozenset[str]:
    """Say which kinds of boiler-plate a line is, by its wording alone.

    >>> sorted(kinds("► إقرأ أيضاً: وفاة فنان")), sorted(kinds("قرأ الوزير بيانا"))
    (['related'], [])
    """
    if not text or len(text) > _LONGEST:
        return frozenset()
    line = folded(text)
    # one search tells for nearly every line that it is none of them
    if not _any_kind().search(line):
        return frozenset()
    return frozenset(kind for kind, pattern in _patterns().items() if pattern.search(line))


def is_kind(text: str, kind: str) -> bool:
    """Tell whether a line is boiler-plate of one kind."""
    return kind in kinds(text)
