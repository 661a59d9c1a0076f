"""``mujaz demo``: the whole job, offline, on the built-in newsroom."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aggregator.cli.context import Context

if TYPE_CHECKING:
    from aggregator.demo.run import Outcome
    from aggregator.store import Store

MOST_MERGES = 60
EXPORTS = ("atom", "json", "ndjson")


@click.command()
@click.option("--once", is_flag=True, help="End after the exports; serve no page (so also without a terminal).")
@click.option("--serve", is_flag=True, help="Serve the page at the end even without a terminal.")
@click.option(
    "--articles",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Replay these articles (NDJSON, may be .gz) instead of the built-in ones.",
)
@click.option("--rounds", type=click.IntRange(1), help="At most so many rounds of publishing and fetching.")
@click.option("--timezone", default="UTC", show_default=True, help="Zone of the articles' times that name none.")
@click.option("--full-pages", is_flag=True, help="Fetch each article's page as well, not only the feeds.")
@click.pass_context
def demo(ctx: click.Context, once: bool, serve: bool, articles: Path | None, rounds: int | None, timezone: str, full_pages: bool) -> None:
    """Run the whole job, offline, on a built-in newsroom.

    Ten fictional outlets are served over loopback HTTP, each in its own way (RSS, Atom, JSON Feed, RDF, a sitemap, a page
    without a feed, windows-1256 without saying so, broken XML), fetched by the real pipeline into data/demo, merged, and
    exported to data/demo/stories.atom, .json and .ndjson. Then the page is served until Ctrl-C. Each run starts afresh.

    With --articles any articles are replayed: {"outlet","url","title","body","published","author"?,"image"?}, one a line.

    \b
    Examples:
      mujaz demo
      mujaz demo --once
      mujaz demo --articles news.ndjson.gz --timezone Asia/Riyadh --once
    """
    context: Context = ctx.obj
    context.default_data = "data/demo"
    from aggregator.cli.setup import logging_on
    from aggregator.demo import newsroom as rooms
    from aggregator.demo.run import demo_settings, rounds_of, thirds, utc_now
    from aggregator.demo.server import Newsroom, Server

    logging_on(context)
    settings = demo_settings(context.settings)
    final = None
    if articles is None:
        final = utc_now()
        styles, parts = rooms.STYLES, list(thirds(list(rooms.built_in(final)), final))
    else:
        pieces = list(rooms.from_file(articles, timezone))
        styles, parts = rooms.styles_of(pieces, timezone), list(rounds_of(pieces))
    _fresh(context)
    room = Newsroom({style.outlet.id: style for style in styles}, full_pages)
    with Server(room), context.open_store() as store:
        outcome = _replayed(context, store, settings, room, styles, parts, final, rounds)
        status = _told(context, store, outcome)
        _exported(context, store)
        if serve or (not once and sys.stdout.isatty()):
            _served(context, store, settings)
    ctx.exit(status)


def _fresh(context: Context) -> None:
    """Begin with an empty database; other files in the folder stay."""
    from aggregator.errors import UsageError
    from aggregator.store.connect import make_folder

    if context.settings.database.url:
        raise UsageError("`mujaz demo` starts afresh each time and never on a configured database; unset database.url for it.")
    make_folder(context.folder)
    old = context.folder / "mujaz.db"
    if old.exists():
        context.say(f"mujaz: starting afresh in {context.folder}.")
    for suffix in ("", "-wal", "-shm"):
        Path(f"{old}{suffix}").unlink(missing_ok=True)


def _replayed(
    context: Context, store: Store, settings: Any, room: Any, styles: Any, parts: list[Any], final: Any, limit: int | None
) -> Outcome:
    from aggregator.demo.run import replay

    if not context.on_terminal:

        def silent(number: int, total: int, result: object) -> None:
            if result is None and number % 50 == 0:
                context.say(f"mujaz: round {number} of {total}")

        return asyncio.run(replay(store, settings, room, styles, parts, final=final, limit=limit, show=silent))
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    counts = {"new": 0, "merged": 0}
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rounds"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("fetching", total=len(parts[:limit] if limit else parts), counts="")

        def show(number: int, total: int, result: Any) -> None:
            if result is None:
                bar.update(task, completed=number)
                return
            counts["new"] += len(result.committed.new)
            counts["merged"] += result.committed.merged
            bar.update(task, description=result.source.id[:16], counts=f"{counts['new']} items · {counts['merged']} merged")

        return asyncio.run(replay(store, settings, room, styles, parts, final=final, limit=limit, show=show))


def _told(context: Context, store: Store, outcome: Outcome) -> int:
    """Print the table, the merges with their reasons, and the account; gives the exit status."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from aggregator.dedup.reason import say
    from aggregator.demo.documents import guid

    console = Console(soft_wrap=True)
    merges = [merge for result in outcome.refreshed for merge in result.committed.merges]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, side in (("outlet", "left"), ("country", "left"), ("kind", "left"), ("items", "right"), ("merged", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for claim in store.sources():
        table.add_row(
            claim.source.id,
            claim.source.outlet.country,
            str(claim.source.kind),
            str(claim.state.item_count),
            str(sum(m.outlet == claim.source.outlet.id for m in merges)),
        )
    console.print(table)
    if merges:
        console.print(f"\nMerged, and why ({len(merges)}):")
        for merge in merges[:MOST_MERGES]:
            console.print(
                Text(f"  {merge.score:.2f} {merge.outlet}: {merge.title}\n       {'; '.join(say(reason) for reason in merge.why)}")
            )
        if len(merges) > MOST_MERGES:
            console.print(f"  … and {len(merges) - MOST_MERGES} more; `mujaz story show STORY` explains each.")
    counts = store.counts()
    console.print(f"\n{outcome.served} articles in {outcome.rounds} rounds: {counts.items} items in {counts.stories} stories.")
    for reason, number in outcome.reasons.items():
        console.print(f"  {number:>6}  {reason}" if number > 1 or not reason[0].isdigit() else f"  {reason}")
    if outcome.left_out:
        console.print(f"  {outcome.left_out:>6}  not published: --rounds ended before them")
    for result in outcome.failures[:20]:
        console.print(Text(f"  failed: {result.source.id}: {result.failure.detail if result.failure else ''}"))
    for piece in outcome.unaccounted[:20]:
        console.print(Text(f"  not stored and no reason known: {piece.outlet} {guid(piece)} {piece.title}"))
    return 1 if outcome.unaccounted or outcome.failures else 0


def _exported(context: Context, store: Store) -> None:
    from datetime import UTC, datetime

    from aggregator.export import write
    from aggregator.model import StoryFilter

    for form in EXPORTS:
        target = context.folder / f"stories.{form}"
        with target.with_suffix(".partial").open("wb") as out:
            write(form, store.iter_stories(StoryFilter()), out=out, title="موجز", now=datetime.now(UTC), rights=False)
        target.with_suffix(".partial").replace(target)
    click.echo("written: " + ", ".join(str(context.folder / f"stories.{form}") for form in EXPORTS))


def _served(context: Context, store: Store, settings: Any) -> None:
    from aggregator.web.alone import serve_alone
    from aggregator.web.serve import address, bind

    listener = bind(settings.web.host, settings.web.port)
    click.echo(f"\nThe page is at {address(listener)} (Ctrl-C ends it).")
    asyncio.run(serve_alone(store, settings, listener))
