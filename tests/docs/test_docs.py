"""Docs are tests: commands, settings, dependencies and the README's help are named where a reader looks for them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_readme_shows_the_real_help_of_every_command() -> None:
    done = subprocess.run([sys.executable, "scripts/readme.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, "README.md is out of date: run `python scripts/readme.py`" + done.stderr


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    named = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"] + extras}  # type: ignore[index]
    explained = set(re.findall(r"^\| ([\w-]+) \|", (ROOT / "docs/dependencies.md").read_text(), re.M)) - {"library"}
    assert named == explained


def test_every_setting_is_in_the_configuration_file() -> None:
    from aggregator.settings import Settings

    text = (ROOT / "config/mujaz.toml").read_text(encoding="utf-8")
    for section, field in Settings.model_fields.items():
        assert f"[{section}]" in text
        for key in type(field.default).model_fields:
            assert re.search(rf"^#?\s*{key} = ", text, re.M), f"{section}.{key} is not in config/mujaz.toml"


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "README.ar.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_file_names_a_package_index() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    forbidden = re.compile(r"--(extra-)?index-url\s|files\.pythonhosted|pypi\.org/simple|registry\.npmjs")
    for name in files:
        path = ROOT / name
        if path.suffix in {".txt", ".toml", ".cfg", ".ini", ".sh"} or name == "Makefile":
            assert not forbidden.search(path.read_text(encoding="utf-8", errors="replace")), name


def test_every_route_and_metric_is_named_in_the_manual_of_the_page() -> None:
    from aggregator.web import api, feeds, health, pages, pictures, reports

    text = (ROOT / "docs/web.md").read_text(encoding="utf-8")
    for room in (api, feeds, health, pages, pictures, reports):
        for route in room.router.routes:
            path = route.path  # type: ignore[attr-defined]
            assert path in text, f"{path} is not in docs/web.md"
    sources = "".join((ROOT / name).read_text() for name in ("aggregator/web/metrics.py", "aggregator/engine/tally.py"))
    metrics = {f"mujaz_{name}" for name in re.findall(r'gauge\(\s*"(\w+)"', sources)} | set(
        re.findall(r'Counter\(\s*"(mujaz_\w+)"', sources)
    )
    assert len(metrics) > 10
    for name in metrics:
        assert name in text, f"{name} is not in docs/web.md"
