"""Progress of work that goes table by table: bars on a terminal, a line a table elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aggregator.cli.context import Context


@contextmanager
def steps(context: Context) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that counts: the step's name, how many more, of how many."""
    if not context.on_terminal:
        said: set[str] = set()

        def line(name: str, _: int, total: int) -> None:
            if total and name not in said:
                said.add(name)
                context.say(f"{name}: {total}")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def count(name: str, more: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], advance=more, total=total)

        yield count
