"""The interface's words in three languages, with plural forms after CLDR."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("ar", "fr", "en")


def category(n: int, language: str) -> str:
    """Give the CLDR plural category of a count: in Arabic zero, one, two, few (3–10), many (11–99) or other."""
    if language == "ar":
        if n < 3:
            return ("zero", "one", "two")[n]
        rest = n % 100
        return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"
    if language == "fr":
        return "one" if n < 2 else "many" if n and n % 1_000_000 == 0 else "other"
    return "one" if n == 1 else "other"


@dataclass(frozen=True, slots=True)
class Texts:
    """The interface's words in one language."""

    language: str
    words: dict[str, Any]

    def __getitem__(self, key: str) -> str:
        """Give a text by its key."""
        return str(self.words[key])

    def count(self, key: str, n: int) -> str:
        """Give a counted text: ``count("stories", 3)`` is «3 أخبار»."""
        forms = self.words[key]
        return str(forms.get(category(n, self.language), forms["other"])).format(n=n)


@cache
def texts(language: str) -> Texts:
    """Load the interface's words; an unknown language gives Arabic."""
    code = language if language in LANGUAGES else "ar"
    return Texts(code, json.loads(files("aggregator.web").joinpath(f"texts/{code}.json").read_text(encoding="utf-8")))
