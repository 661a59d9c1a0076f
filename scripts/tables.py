"""Make the word-frequency tables of ``aggregator/arabic/data`` from the package wordfreq: ``python -m scripts.tables``.

wordfreq's data is CC BY-SA 4.0 (Robyn Speer, 2022); the notice stands in the head of each table and in docs/data.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from pathlib import Path

import wordfreq

from aggregator.arabic import tables
from aggregator.arabic.fold import fold

NOTICE = (
    "# {what}. Each line: centibels below 1, a tab, the words of that frequency.\n"
    "# From wordfreq 3.1.1 (Robyn Speer), folded and cut by scripts/tables.py; licence CC BY-SA 4.0, see docs/data.md.\n"
)
ARABIC = re.compile("[\u0621-\u064a]+")


def write(name: str, what: str, frequencies: dict[str, float], least: float) -> None:
    """Write a table, one line for each tenth of a bel."""
    rows: dict[int, list[str]] = defaultdict(list)
    for word, frequency in frequencies.items():
        if frequency >= least:
            rows[round(-10 * math.log10(frequency)) * 10].append(word)
    text = NOTICE.format(what=what) + "".join(f"{key}\t{' '.join(sorted(rows[key]))}\n" for key in sorted(rows))
    Path(tables.FOLDER / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Write surface.tsv, then what depends on it: stems.tsv and french.tsv."""
    surface: Counter[str] = Counter()
    for word, frequency in wordfreq.get_frequency_dict("ar", wordlist="best").items():
        if ARABIC.fullmatch(folded := fold(word)):
            surface[folded] += frequency
    write("surface.tsv", "Folded Arabic words", surface, 3e-7)

    from aggregator.arabic.tokens import stem  # reads the table just written

    stems: Counter[str] = Counter()
    for word, frequency in surface.items():
        stems[stem(word)] += frequency
    write("stems.tsv", "Light stems of Arabic words", stems, 1e-7)

    french: Counter[str] = Counter()
    for word, frequency in wordfreq.get_frequency_dict("fr", wordlist="small").items():
        if (folded := fold(word)).isalpha() and folded.isascii():
            french[stem(folded)] += frequency
    write("french.tsv", "Light stems of French words", french, 2e-6)


if __name__ == "__main__":
    main()
