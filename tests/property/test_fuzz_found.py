"""What the hunt of `make fuzz` has found stays found: each of those documents is read or refused, in time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

FOUND = sorted(path for path in (Path(__file__).parents[1] / "fuzz" / "found").iterdir() if path.name.partition("-")[0] in TARGETS)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.name))
def test_what_was_found_is_read_or_refused(path: Path) -> None:
    began = time.process_time()
    TARGETS[path.name.partition("-")[0]](path.read_bytes())
    assert time.process_time() - began < 5
