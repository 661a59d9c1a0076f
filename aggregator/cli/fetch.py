"""``mujaz fetch``: refresh sources once, with live progress and a table at the end."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from aggregator.cli.context import Context, emit_json
from aggregator.errors import UsageError


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]…")
@click.option("--due", "which", flag_value="due", default="due", help="Only sources that are due (the default).")
@click.option("--all", "which", flag_value="all", help="All active sources, due or not.")
@click.option("--force", is_flag=True, help="Disregard the schedule (never fetch.min_interval).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a source on standard output.")
@click.pass_context
def fetch(ctx: click.Context, sources: tuple[str, ...], which: str, force: bool, as_json: bool) -> None:
    """Fetch once and show what came.

    SOURCE is the id of a source or of an outlet; without one, what is due is fetched. Named sources are fetched whether
    due or not. Exit status 1 if some source failed.

    \b
    Examples:
      mujaz fetch                        what is due
      mujaz fetch --all --force          everything, as often as manners allow
      mujaz fetch hespress akhbarona     these two
      mujaz fetch --all --json | jq .    for programs
    """
    context: Context = ctx.obj
    from aggregator.cli.setup import followed, logging_on

    logging_on(context)
    with context.open_store() as store:
        followed(context, store)
        ids = _chosen(store, sources)
        forced = force or bool(sources)
        if not sources and which == "all":
            forced = True
        status = _run(context, store, ids, forced, as_json)
    ctx.exit(status)


def _chosen(store: Any, wanted: tuple[str, ...]) -> list[str]:
    claims = store.sources()
    if not wanted:
        return [claim.source.id for claim in claims if str(claim.state.status) == "active"]
    found: list[str] = []
    for name in wanted:
        own = [claim.source.id for claim in claims if name in (claim.source.id, claim.source.outlet.id)]
        if not own:
            raise UsageError(f"There is no source {name!r}; `mujaz sources list` shows them, `mujaz sources add URL` adds one.")
        found += own
    return found


def _run(context: Context, store: Any, ids: list[str], force: bool, as_json: bool) -> int:
    from aggregator.cli.progress import Table, progress
    from aggregator.daemon import once

    table = Table()
    with progress(context, len(ids)) as show:

        def report(result: Any) -> None:
            table.add(result)
            show(result)
            if as_json:
                emit_json([table.row(result)])

        not_due, interrupted = asyncio.run(once(store, context.settings, ids, report, force=force))
    if not as_json:
        table.show(context, not_due, store, ids)
    if interrupted:
        context.say("mujaz: interrupted; what was fetched is stored.")
        return 130
    return 1 if table.failed else 0
