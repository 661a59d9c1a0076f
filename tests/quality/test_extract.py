"""The quality of extraction only rises: floors in extract_baseline.json, raised by hand, never lowered."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.golden.pages import f1, golden, written

BASELINE = Path(__file__).parent / "extract_baseline.json"


def measured() -> dict[str, float]:
    """Score all golden pages: mean F1 of the body, and the share of right titles, dates, pictures and source links."""
    pages = golden()
    sums = dict.fromkeys(("body", "title", "published", "image", "source_link", "author"), 0.0)
    for page in pages:
        article, expected = page.extract(), page.expected
        sums["body"] += f1(article.body, expected["body"])
        sums["published"] += written(article.published) == expected["published"]
        for name in ("title", "image", "source_link", "author"):
            sums[name] += getattr(article, name) == expected[name]
    return {name: round(total / len(pages), 4) for name, total in sums.items()}


def digest() -> str:
    """Give the digest of the corpus, so that a floor is never compared with another corpus unseen."""
    state = hashlib.sha256()
    for page in golden():
        state.update(page.name.encode() + page.path.read_bytes())
    return state.hexdigest()[:16]


def test_no_floor_of_extraction_is_undercut() -> None:
    baseline = json.loads(BASELINE.read_text())
    found = measured()
    assert {name: found[name] for name in baseline["floors"] if found[name] < baseline["floors"][name]} == {}


def test_the_floors_belong_to_this_corpus() -> None:
    assert json.loads(BASELINE.read_text())["corpus"] == digest(), "pages changed: measure again, and raise or keep each floor"


def test_the_floor_of_bodies_is_what_was_promised() -> None:
    assert json.loads(BASELINE.read_text())["floors"]["body"] >= 0.98
