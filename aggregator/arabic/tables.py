"""Read the word lists and tables that lie in ``arabic/data``; each is read once, when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "data"


def lines(name: str) -> Iterator[str]:
    """Give the lines of a table without comments (``#``) and empty ones."""
    with (FOLDER / name).open(encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                yield line
