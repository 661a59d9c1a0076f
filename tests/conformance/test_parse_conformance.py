"""Other projects' test documents, where they are there: feedparser's cases must hold, and no document may crash, stall or swell."""

from __future__ import annotations

import resource
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from expectations import PLACEHOLDER, case_of, clauses, failures

import aggregator.parse.feed
from aggregator import parse
from aggregator.errors import DocumentError
from aggregator.parse.entry import finish

DATA = Path(__file__).parents[3] / "shared" / "data" / "conformance"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
FLOOR = 0.97
SECONDS = 5
MEGABYTES = 300
CORPORA = (
    "feedparser_tests",
    "gofeed_testdata",
    "feed-rs_fixture",
    "feedvalidator_testcases",
    "miniflux_testdata",
    "fastfeedparser_integration",
)


def _unpacked(name: str, folder: Path) -> Path:
    archive = DATA / f"{name}.tar.xz"
    if not archive.exists():
        pytest.skip("no shared data")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


def _known_exceptions() -> dict[str, str]:
    lines = (Path(__file__).parent / "exceptions.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))  # type: ignore[misc]


@pytest.fixture
def every_entry_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most cases have one odd field and neither headline nor address, for which we store nothing: give them a headline."""
    monkeypatch.setattr(
        aggregator.parse.feed, "finish", lambda entry, around: finish(entry, around) or finish(replace(entry, title=PLACEHOLDER), around)
    )


def _cases(root: Path) -> Iterator[tuple[str, list[str]]]:
    for folder in ("wellformed", "entities", "encoding"):
        for path in sorted((root / "tests" / folder).rglob("*.xml")):
            body = path.read_bytes()
            case = case_of(body)
            if case is None or not list(clauses(case.expect)):
                continue
            address = f"http://127.0.0.1:8097/{path.relative_to(root)}"
            try:
                found = list(failures(parse.document(body, headers=case.headers, address=address, now=NOW), case.expect))
            except DocumentError as error:
                found = [f"{error.kind}: {error}"]
            yield str(path.relative_to(root / "tests")), found


@pytest.mark.usefixtures("every_entry_is_kept")
def test_feedparsers_own_cases_hold_for_the_fields_that_we_keep(tmp_path: Path) -> None:
    root = _unpacked("feedparser_tests", tmp_path)
    results = dict(_cases(root))
    failed = {name: found for name, found in results.items() if found}
    assert len(results) > 1_000
    assert set(failed) == set(_known_exceptions()), {name: failed.get(name) for name in set(failed) ^ set(_known_exceptions())}
    assert 1 - len(failed) / len(results) >= FLOOR


def _outcome(body: bytes) -> str:
    try:
        parse.document(body, address="https://example.org/feed", now=NOW)
    except DocumentError as error:
        return error.kind
    return "read"


@pytest.mark.parametrize("corpus", CORPORA)
def test_no_document_of_any_corpus_crashes_stalls_or_swells(corpus: str, tmp_path: Path) -> None:
    root = _unpacked(corpus, tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = refused = 0
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        started = time.monotonic()
        outcome = _outcome(path.read_bytes())
        assert outcome in ("read", "empty", "not_a_feed", "blocked", "too_large")
        read += outcome == "read"
        refused += outcome != "read"
        assert time.monotonic() - started < SECONDS, path
    assert read
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES
    assert read + refused > 10
