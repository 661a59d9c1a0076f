"""The golden pages and the real ones of the shared data, and how a body is scored."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REAL = HERE.parent.parent.parent / "shared" / "data" / "pages"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Golden:
    """A page and what must come out of it; ``expected`` has only the fields whose truth is known."""

    name: str
    path: Path
    expected: dict[str, Any]

    def extract(self) -> Any:
        from aggregator.extract import article

        expected = self.expected
        return article(
            self.path.read_bytes(),
            url=expected["url"],
            timezone=expected.get("timezone", "UTC"),
            country=expected.get("country", ""),
            now=NOW,
        )


def golden() -> list[Golden]:
    return [
        Golden(path.parent.name, path.parent / "page.html", json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(HERE.glob("*/expected.json"))
    ]


def real() -> Iterator[Golden]:
    """Give the real pages (Tunisian but for one), where they are present."""
    truth = REAL / "truth.json"
    if not truth.exists():
        return
    for name, expected in json.loads(truth.read_text(encoding="utf-8")).items():
        yield Golden(name, REAL / name, {"timezone": "Africa/Tunis", "country": "TN", **expected})


def tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def f1(text: str, truth: str) -> float:
    """Give the F1 of two texts as bags of words."""
    ours, theirs = Counter(tokens(text)), Counter(tokens(truth))
    common = sum((ours & theirs).values())
    return 2 * common / (ours.total() + theirs.total()) if common else 0.0


def written(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
