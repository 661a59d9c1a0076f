"""What a case is: a misbehaviour and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.server import Hostile, Script, Stall


@dataclass
class Seen:
    """What came of a case: one row of `mujaz fetch --json` a run (None: not fetched), the stored items, the server's side."""

    name: str
    rows: list[dict[str, Any] | None]
    items: list[dict[str, Any]]
    stall: Stall
    hostile: Hostile
    atom: str

    @property
    def kind(self) -> str:
        """Give the first run's failure, "" if there is none."""
        row = self.rows[0]
        return "" if row is None or row["error"] is None else str(row["error"]["kind"])

    def conditions(self) -> list[bool]:
        """Tell of each request whether it was conditional."""
        return [visit.conditional for visit in self.stall.visits]

    def titles(self) -> list[str]:
        """Give the stored headlines."""
        return [item["title"] for item in self.items]


Check = Callable[[Seen], None]


@dataclass(frozen=True)
class Case:
    """A misbehaviour.

    ``brings`` is how many items are stored in the end (a number, or the least and the most); ``fails`` are the failures that
    the first run may end in. Both: either is right.
    """

    name: str
    script: Script | bytes
    brings: int | tuple[int, int] | None = None
    fails: frozenset[str] = frozenset()
    check: Check | None = None
    address: str = "{base}/feed"
    beside: dict[str, Script | bytes] = field(default_factory=dict)
    keys: str = ""  # further lines of its block in the catalogue


def brings(name: str, script: Script | bytes, count: int | tuple[int, int] = 3, check: Check | None = None, **keys: Any) -> Case:
    """Give a case in which items are stored all the same."""
    return Case(name, script, count, check=check, **keys)


def fails(name: str, script: Script | bytes, *kinds: str, check: Check | None = None, **keys: Any) -> Case:
    """Give a case that has to end in one of these failures, with nothing stored."""
    return Case(name, script, None, frozenset(kinds), check, **keys)


def either(name: str, script: Script | bytes, count: int | tuple[int, int], *kinds: str, check: Check | None = None, **keys: Any) -> Case:
    """Give a case for which the grammar leaves both open; a crash or a hang is wrong all the same."""
    return Case(name, script, count, frozenset(kinds), check, **keys)


@dataclass(frozen=True)
class Group:
    """Cases that are fetched in one run (or several), beside a healthy source."""

    name: str
    cases: tuple[Case, ...]
    runs: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    private: bool = True
    seconds: float = 30  # the deadline that these settings give
    long: bool = False  # played by `make test-long` only
