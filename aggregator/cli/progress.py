"""Live progress of refreshes on a terminal, log lines elsewhere, and the table at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aggregator.cli.context import Context, counted

if TYPE_CHECKING:
    from aggregator.pipeline import Refreshed
    from aggregator.store import Store

MOST_ROWS = 60


@contextmanager
def progress(context: Context, total: int) -> Iterator[Callable[[Refreshed], None]]:
    """Give a function that shows one more refresh: a bar on a terminal, a log line elsewhere."""
    from aggregator.daemon import reported

    if not context.on_terminal:
        yield reported
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    logging.getLogger().setLevel(logging.ERROR)
    new = merged = failed = 0
    with Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
        console=console,
    ) as bar:
        task = bar.add_task("fetching", total=total, counts="")

        def show(result: Refreshed) -> None:
            nonlocal new, merged, failed
            new += len(result.committed.new)
            merged += result.committed.merged
            failed += result.failure is not None
            bar.update(task, advance=1, description=result.source.id[:24], counts=f"{new} new · {merged} merged · {failed} failed")

        yield show


class Table:
    """Gathers refreshes for the table at the end."""

    def __init__(self) -> None:
        self.results: list[Refreshed] = []

    def add(self, result: Refreshed) -> None:
        """Take one refresh in."""
        self.results.append(result)

    @property
    def failed(self) -> int:
        """Give how many sources failed."""
        return sum(1 for result in self.results if result.failure)

    def row(self, result: Refreshed) -> dict[str, Any]:
        """Give one refresh for programs."""
        committed = result.committed
        return {
            "source": result.source.id,
            "outlet": result.source.outlet.id,
            "outcome": result.outcome,
            "new": len(committed.new),
            "merged": committed.merged,
            "revised": committed.revised,
            "skipped": [{"entry": guid, "why": why} for guid, why in committed.skipped],
            "problems": list(result.problems),
            "error": {"kind": str(result.failure.kind), "detail": result.failure.detail} if result.failure else None,
            "next_fetch": result.state.next_fetch_at.isoformat() if result.state.next_fetch_at else None,
        }

    def show(self, context: Context, not_due: list[str], store: Store, asked: list[str]) -> None:
        """Print the table and one line of sums to standard output."""
        if context.quiet:
            return
        from rich.console import Console
        from rich.table import Table as Drawn

        console = Console()
        if self.results:
            drawn = Drawn(box=None, pad_edge=False, header_style="bold")
            for name, side in (("source", "left"), ("outcome", "left"), ("new", "right"), ("merged", "right"), ("what", "left")):
                drawn.add_column(name, justify=side, no_wrap=name != "what")  # type: ignore[arg-type]
            ordered = sorted(self.results, key=lambda result: (result.failure is None, -len(result.committed.new), result.source.id))
            from rich.text import Text

            for result in ordered[:MOST_ROWS]:
                what = result.failure.detail if result.failure else "; ".join(result.problems)[:200]
                counts = (str(len(result.committed.new)), str(result.committed.merged)) if result.outcome == "fetched" else ("", "")
                drawn.add_row(result.source.id, str(result.failure.kind) if result.failure else result.outcome, *counts, Text(what))
            console.print(drawn)
            if len(ordered) > MOST_ROWS:
                console.print(f"… and {len(ordered) - MOST_ROWS} more sources")
        new = sum(len(result.committed.new) for result in self.results)
        merged = sum(result.committed.merged for result in self.results)
        sums = f"{counted(len(self.results), 'source')} fetched, {self.failed} failed; {counted(new, 'new item')}, {merged} of them merged."
        if not_due:
            sums += (
                f" {len(not_due)} {'was' if len(not_due) == 1 else 'were'} not due or fetched too short a time ago (fetch.min_interval)."
            )
        if not asked:
            sums = "There is no source to fetch: `mujaz sources add URL` adds one."
        counts_now = store.counts()
        console.print(f"{sums} Stored: {counted(counts_now.items, 'item')} in {counted(counts_now.stories, 'story')}.", soft_wrap=True)
        if (
            self.results
            and self.failed == len(self.results)
            and all(str(r.failure.kind) in ("dns", "connect") for r in self.results if r.failure)
        ):
            console.print("No server could be reached: is this machine connected to the network?")
