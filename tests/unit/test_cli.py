"""The command line from outside: exit statuses, one-sentence errors, light start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def mujaz(*arguments: str, cwd: Path, stdin: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    import os

    command = [sys.executable, "-c", "import sys; from aggregator.cli import main; sys.exit(main())", *arguments]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=60, env={**os.environ, **(env or {})})


def test_a_wrong_command_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    done = mujaz("frobnicate", cwd=tmp_path)
    assert done.returncode == 2
    assert "frobnicate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_names_file_line_key_and_what_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("[fetch]\n\nper_host = 99\n")
    done = mujaz("--config", "m.toml", "fetch", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.strip() == "mujaz: m.toml:3: fetch.per_host can't be 99: input should be less than or equal to 16."


def test_an_unknown_setting_names_the_allowed_ones(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("[web]\nprot = 80\n")
    done = mujaz("--config", "m.toml", "fetch", cwd=tmp_path)
    assert done.returncode == 3
    assert "m.toml:2: unknown setting web.prot; allowed in [web]: host, port" in done.stderr


def test_a_wrong_environment_variable_is_named(tmp_path: Path) -> None:
    done = mujaz("fetch", cwd=tmp_path, env={"MUJAZ_FETCH__TIMEOUT": "soon"})
    assert done.returncode == 3
    assert "MUJAZ_FETCH__TIMEOUT" in done.stderr


def test_the_bare_command_loads_nothing_heavy() -> None:
    heavy = ["feedparser", "httpx2", "trafilatura", "dateparser", "fastapi", "sqlalchemy", "pydantic", "lxml", "apscheduler", "rich"]
    code = f"import sys, aggregator.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
