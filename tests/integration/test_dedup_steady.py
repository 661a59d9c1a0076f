"""The same reports get the same verdicts in every run: nothing hangs on the order in which a set gives its words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TEMPLATES = Path(__file__).parents[1] / "quality" / "templates.tsv"


def verdicts(reports: str, seed: int) -> str:
    command = [sys.executable, "-c", "import sys; from aggregator.cli import main; sys.exit(main())", "dedup"]
    done = subprocess.run(
        command, input=reports, capture_output=True, text=True, timeout=60, check=True, env={**os.environ, "PYTHONHASHSEED": str(seed)}
    )
    return done.stdout


def test_verdicts_do_not_hang_on_the_order_of_sets() -> None:
    rows = [line.split("\t") for line in TEMPLATES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    titles = [cell for row in rows for cell in row[3:5] if len(cell) > 20]
    assert len(titles) > 500
    reports = "\n".join(json.dumps({"id": str(n), "title": title, "outlet": f"o{n % 7}"}) for n, title in enumerate(titles))
    first, second = (verdicts(reports, seed) for seed in (1, 2))
    assert len(first.splitlines()) == len(titles)
    assert first == second
