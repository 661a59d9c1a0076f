"""``mujaz db``: looking after the database."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click

from aggregator.cli.context import Context, counted
from aggregator.errors import UsageError


@click.group()
def db() -> None:
    """Upgrade, check, back up, restore, move and prune the database.

    \b
    Examples:
      mujaz db check
      mujaz db backup
      mujaz db prune --keep-days 90 --dry-run
    """


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the tables to this program's version, after a backup (other commands do it by themselves).

    \b
    Example:
      mujaz db upgrade
    """
    context: Context = ctx.obj
    from aggregator.store import cluster

    with context.open_store() as store:
        done = [store.opened] if store.opened else []
        if not store.database.is_sqlite and (steps := cluster.ensure(store.database, queue=cluster.needs_extra() is None)):
            done.append(f"made or brought up to date what workers share ({len(steps)} steps)")
        click.echo("; ".join(done) or "The database is up to date.")


@db.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Look for damage: integrity, orphans, counts, the search index. Exit status 1 if something is found.

    \b
    Example:
      mujaz db check
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        problems, counts = store.check(), store.counts()
    for problem in problems:
        click.echo(f"{problem.what}: {problem.remedy}")
    if not problems:
        click.echo(
            f"Nothing wrong: {counted(counts.items, 'item')} in {counted(counts.stories, 'story')} from {counted(counts.sources, 'source')}."
        )
    ctx.exit(1 if problems else 0)


@db.command()
@click.pass_context
def reindex(ctx: click.Context) -> None:
    """Make near-duplicate keys and search words anew, e.g. after an upgrade of their rules; an interrupted run goes on.

    \b
    Example:
      mujaz db reindex
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        total = store.counts().items
        with click.progressbar(length=total, label="reindexing", file=sys.stderr, hidden=not context.on_terminal) as bar:
            done = store.reindex(bar.update)
    click.echo(f"{counted(done, 'item')} brought up to date")


@db.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def backup(ctx: click.Context, file: Path | None) -> None:
    """Write a consistent copy while Mujaz runs (default: into backups/ of the data folder).

    It is a SQLite file, also where the database is PostgreSQL (no pg_dump is needed), and can be restored on either.

    \b
    Examples:
      mujaz db backup
      mujaz db backup /mnt/safe/mujaz.db
    """
    context: Context = ctx.obj
    from aggregator.cli.steps import steps

    with context.open_store(create=False) as store, steps(context) as count:
        made = store.backup(file, count)
    click.echo(str(made))


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also where something is stored already.")
@click.pass_context
def restore(ctx: click.Context, file: Path, force: bool) -> None:
    """Put a backup in the database's place, after looking whether it is whole.

    Refused where something is stored already, unless --force is said: a SQLite database is then kept beside the new one as
    .replaced; on PostgreSQL what was there is lost. Cut short, all is as before.

    \b
    Examples:
      mujaz db restore data/backups/mujaz-20261125-120000-backup.db
      mujaz db restore --force /mnt/safe/mujaz.db
    """
    context: Context = ctx.obj
    from aggregator.cli.steps import steps
    from aggregator.store import backup as backups
    from aggregator.store import daemon_lock
    from aggregator.store.connect import Database

    database = Database(context.database_url, context.folder, context.settings.database.busy_timeout)
    try:
        with daemon_lock(context.folder), steps(context) as count:
            if database.is_sqlite:
                place = database.path
                if place is None:
                    raise UsageError("A database in memory can't be restored; name a file with database.url or --data.")
                backups.restore_file(file, place, force=force, busy_timeout=database.busy_timeout, progress=count)
            else:
                backups.restore_server(file, database, force=force, progress=count)
    finally:
        database.close()
    click.echo(f"restored from {file}")


@db.command()
@click.option("--keep-days", type=click.IntRange(1), help="Remove items seen longer ago (default: database.keep_days).")
@click.option(
    "--max-megabytes",
    type=click.IntRange(1),
    help="Then remove the oldest until the database is smaller (default: database.max_megabytes).",
)
@click.option("--dry-run", is_flag=True, help="Only say how many would go.")
@click.pass_context
def prune(ctx: click.Context, keep_days: int | None, max_megabytes: int | None, dry_run: bool) -> None:
    """Remove old items; tombstones keep those still in their feeds from coming back.

    \b
    Examples:
      mujaz db prune --dry-run
      mujaz db prune --keep-days 90
    """
    context: Context = ctx.obj
    from aggregator.store import utc_now

    settings = context.settings.database
    keep = timedelta(days=keep_days or settings.keep_days)
    limit = (max_megabytes or settings.max_megabytes) * 10**6
    with context.open_store(create=False) as store:
        number = store.prune(utc_now(), keep, limit, dry_run=dry_run)
    click.echo(f"{counted(number, 'item')} {'would be' if dry_run else 'were' if number != 1 else 'was'} removed")


@db.command()
@click.argument("from_url")
@click.argument("to_url")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line: what each table holds.")
@click.pass_context
def move(ctx: click.Context, from_url: str, to_url: str, as_json: bool) -> None:
    """Carry a whole database over, from SQLite to PostgreSQL or back; the source is only read.

    Stop what writes to the source first. A move that was cut short goes on when the same command is run again; until all is
    there and each table's count and checksum are those of the source, nothing else opens the target. A target that holds anything
    is refused. Then set database.url to the new address.

    \b
    Examples:
      mujaz db move sqlite:///data/mujaz.db postgresql://mujaz@db.example/mujaz
      mujaz db move postgresql://mujaz@db.example/mujaz sqlite:///back/mujaz.db --json
    """
    context: Context = ctx.obj
    from aggregator.cli.context import emit_json
    from aggregator.cli.steps import steps
    from aggregator.store.move import move as carry

    with steps(context) as count:
        sums = carry(address_of(from_url), address_of(to_url), context.folder, context.settings.database.busy_timeout, count)
    if as_json:
        emit_json({"table": each.table, "rows": each.rows, "checksum": each.checksum} for each in sums)
        return
    for each in sums:
        click.echo(f"{each.table:<14}{each.rows:>12}  {each.checksum}")
    click.echo(
        "Moved: each table's count and checksum are the same in both. Set database.url to the new address; the old database is as it was."
    )


def address_of(text: str) -> str:
    """Give a database's address; a plain file name is a SQLite database."""
    if "://" in text:
        return text
    return f"sqlite:///{Path(text).resolve()}"
