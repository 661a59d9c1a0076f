"""mujaz with a fault of our own in it: `python -m tests.integration.hooked FAULT VALUE… -- ARGUMENTS`, for the crash tests.

The faults reach SQLite through its own trace and the connections' events: the program under test is the real one.

    count FILE            write at the end how many statements its writing connections ran
    kill N                die (SIGKILL) just before the N-th of them, BEGIN and COMMIT and those of the search index among them
    full FILE             while FILE is there, the database can't grow: SQLite's own «database or disk is full»
    hold FILE SECONDS     once FILE is there, stop for SECONDS in each commit; FILE.now is made when the first is reached
    stuck FILE            reading any document makes FILE and takes five minutes
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event


def traced(see: Callable[[str], None]) -> None:
    """Show every statement of every connection before it runs."""

    @event.listens_for(Engine, "connect")
    def _connected(connection: Any, _: object) -> None:
        connection.set_trace_callback(see)


class Writes:
    """Counts the statements from a BEGIN IMMEDIATE to its COMMIT, both included; dies before a given one."""

    def __init__(self, fatal: int) -> None:
        self.fatal, self.count, self.within = fatal, 0, False

    def __call__(self, statement: str) -> None:
        self.within = self.within or statement.startswith("BEGIN IMMEDIATE")
        if self.within:
            self.count += 1
            if self.count == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        if statement.startswith(("COMMIT", "ROLLBACK")):
            self.within = False


def full(sign: Path) -> None:
    @event.listens_for(Engine, "begin")
    def _begin(connection: Any) -> None:
        # one page is fewer than there are: SQLite takes the present number of pages for the most
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if sign.exists() else 2**30}").close()


def hold(sign: Path, seconds: float) -> None:
    def see(statement: str) -> None:
        if statement.startswith("COMMIT") and sign.exists():
            sign.with_suffix(".now").touch()
            time.sleep(seconds)

    traced(see)


def for_ever(task: Any) -> Any:
    """Read a document as one does that a regular expression runs away on; the sign's path travels in the environment."""
    Path(os.environ["STUCK"]).touch()
    until = time.monotonic() + 300
    while time.monotonic() < until:
        pass


def main() -> int:
    cut = sys.argv.index("--")
    fault, values, arguments = sys.argv[1], sys.argv[2:cut], sys.argv[cut + 1 :]
    writes = Writes(int(values[0]) if fault == "kill" else 0)
    match fault:
        case "count" | "kill":
            traced(writes)
        case "full":
            full(Path(values[0]))
        case "hold":
            hold(Path(values[0]), float(values[1]))
        case "stuck":
            from aggregator import pipeline
            from tests.integration.hooked import for_ever

            os.environ["STUCK"] = values[0]
            pipeline.read_document = for_ever  # type: ignore[attr-defined]
        case _:
            raise SystemExit(f"there is no fault {fault!r}")
    from aggregator.cli import main as command

    status = command(arguments)
    if fault == "count":
        Path(values[0]).write_text(str(writes.count))
    return status


if __name__ == "__main__":
    sys.exit(main())
