"""The commands that read stories, as a person types them: words to leave out, names that are none, whole months, reports put aside."""

from __future__ import annotations

import csv
import io
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from aggregator.cli import main
from aggregator.settings import StorageSettings
from aggregator.store import Store
from tests.integration.news import NOW, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def mujaz(tmp_path: Path, sqlite_template: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give the command over a database of three reports in two stories."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(sqlite_template, tmp_path / "mujaz.db")
    with Store.open(f"sqlite:///{tmp_path / 'mujaz.db'}", folder=tmp_path, settings=StorageSettings()) as store:
        refresh(store, source("alif"), entry(*SPAIN), entry(*RAIN, published=NOW - timedelta(days=1)))
        refresh(store, source("ba", country=""), entry(*SPAIN_TOO, url="https://ba.example/1"))
        store.report_merge(1, "somebody", NOW)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["--data", str(tmp_path), *arguments])
        out, err = capsysbinary.readouterr()
        return status, out.decode(), err.decode()

    return run


def test_a_word_with_a_minus_is_left_out_and_no_option(mujaz: Run) -> None:
    status, out, _ = mujaz("search", "since:2026", "-شبكة")
    assert (status, RAIN[0] in out, SPAIN[0] in out) == (0, True, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "شبكة", "--limt", "3"), "No such option '--limt'"),
        (("search", " "), "Give a word"),
        (("search", "شبكة", "--country", "Morocco"), "MA"),
        (("search", "شبكة", "--outlet", "aliff"), "is alif meant?"),
        (("export", "--outlet", "nobody"), "There is no outlet 'nobody'"),
        (("export", "--until", "2026-13"), "is no date"),
        (("story", "dismiss", "2"), "Nobody reported story 2"),
    ],
)
def test_what_cannot_be_meant_is_said(mujaz: Run, arguments: tuple[str, ...], said: str) -> None:
    status, out, err = mujaz(*arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_an_outlet_goes_by_its_name_in_any_spelling(mujaz: Run) -> None:
    assert SPAIN[0] in mujaz("search", "شبكة", "--outlet", "جريده alif")[1]
    assert SPAIN[0] in mujaz("search", "شبكة", "--country", "xx")[1]


@pytest.mark.parametrize(
    ("since", "until", "count"), [("2026-11", "2026-11", 2), ("2026-11-25", "2026-11-25", 1), ("2026-10", "2026-10", 0)]
)
def test_a_month_or_day_is_exported_whole(mujaz: Run, since: str, until: str, count: int) -> None:
    _, out, _ = mujaz("export", "-f", "csv", "--since", since, "--until", until)
    assert out.startswith("\ufeff"), "by which spreadsheets know Arabic"
    assert len(list(csv.DictReader(io.StringIO(out)))) == count


@pytest.mark.parametrize("query", ["شبكة", "country:MA", "-شبكة", "until:2026-11-24", '"لا توجد" -هنا', "المملكة -أمطار"])
def test_an_export_holds_what_the_search_finds(mujaz: Run, query: str) -> None:
    found = {line.split()[0] for line in mujaz("search", query, "--limit", "100")[1].splitlines() if line.startswith(" ")}
    rows = csv.DictReader(io.StringIO(mujaz("export", "-f", "csv", "--query", query)[1].removeprefix("\ufeff")))
    assert {row["id"] for row in rows} == found


def test_reports_are_listed_until_they_are_dismissed(mujaz: Run) -> None:
    assert mujaz("story", "reported")[1].startswith("story 1: 1 report — ")
    assert mujaz("story", "dismiss", "1") == (0, "story 1: reports put aside\n", "")
    assert mujaz("story", "reported")[1] == "No merge was reported.\n"


@pytest.mark.long
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_page_alone_ends_well_when_told_to(tmp_path: Path, sqlite_template: Path, sign: signal.Signals) -> None:
    shutil.copy(sqlite_template, tmp_path / "mujaz.db")
    command = [sys.executable, "-c", "import sys; from aggregator.cli import main; sys.exit(main())"]
    serving = [*command, "--data", str(tmp_path), "serve", "--port", "0"]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "the page is at http://127.0.0.1:" in said
        with urlopen(said.split()[5].rstrip(";") + "healthz", timeout=20) as answer:
            assert answer.status == 200
        process.send_signal(sign)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
