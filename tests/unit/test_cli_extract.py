"""``mujaz extract`` from outside: one line a document, in order, errors in their place, many in one process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.golden.pages import HERE

KEYS = ["document", "title", "body", "body_html", "published", "author", "image", "source_link", "language", "confidence"]


def extract(*arguments: str, cwd: Path, stdin: bytes = b"") -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-c", "import sys; from aggregator.cli import main; sys.exit(main())", "extract", *arguments]
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, timeout=100)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()


PAGE = (HERE / "drupal7_rdfa" / "page.html").read_bytes()


def test_a_line_has_the_public_keys_and_dates_in_utc(tmp_path: Path) -> None:
    status, rows, _ = extract(
        "-", "--url", "http://www.annahar-aljadid.example/article/55012/rain", "--timezone", "Africa/Algiers", cwd=tmp_path, stdin=PAGE
    )
    assert status == 0
    assert list(rows[0]) == KEYS
    assert rows[0]["published"] == "2025-05-06T13:30:00Z"


def test_a_page_that_is_none_gives_an_error_in_its_place_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(PAGE)
    (tmp_path / "b.html").write_text("no page")
    status, rows, told = extract("a.html", "b.html", "gone.html", "a.html", cwd=tmp_path)
    assert status == 1
    assert [row["document"] for row in rows] == ["a.html", "b.html", "gone.html", "a.html"]
    assert [row.get("error", {}).get("kind") for row in rows] == [None, "not_an_article", "not_found", None]
    assert told == ""


def test_a_list_gives_the_addresses_and_the_documents(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes((HERE / "joomla_item" / "page.html").read_bytes())
    (tmp_path / "urls.tsv").write_text("a.html\thttp://elsewhere.example/1\n", encoding="utf-8")
    for arguments in (["a.html", "--urls", "urls.tsv"], ["--urls", "urls.tsv"]):
        status, rows, _ = extract(*arguments, cwd=tmp_path)
        assert status == 0
        assert rows[0]["source_link"] == "http://elsewhere.example/1"


def test_wrong_use_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "urls.tsv").write_text("no tab here\n")
    for arguments, said in (([], "Name at least one"), (["--urls", "urls.tsv"], "urls.tsv:1"), (["x", "--timezone", "Mars"], "Mars")):
        status, rows, told = extract(*arguments, cwd=tmp_path)
        assert (status, rows) == (2, [])
        assert said in told
        assert len(told.strip().splitlines()) == 1


def test_hundreds_of_files_are_read_in_one_process(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.html").write_bytes(PAGE)
    start = time.monotonic()
    status, rows, _ = extract(*(f"{number}.html" for number in range(300)), cwd=tmp_path)
    assert (status, len(rows)) == (0, 300)
    assert time.monotonic() - start < 30
