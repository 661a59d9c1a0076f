"""``mujaz db``: looking after the database."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click

from aggregator.cli.context import Context
from aggregator.errors import UsageError


@click.group()
def db() -> None:
    """Upgrade, check, back up, restore and prune the database.

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
    with context.open_store() as store:
        click.echo(store.opened or "The database is up to date.")


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
        click.echo(f"Nothing wrong: {counts.items} items in {counts.stories} stories from {counts.sources} sources.")
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
    click.echo(f"{done} items brought up to date")


@db.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def backup(ctx: click.Context, file: Path | None) -> None:
    """Write a consistent copy while Mujaz runs (default: into backups/ of the data folder).

    \b
    Examples:
      mujaz db backup
      mujaz db backup /mnt/safe/mujaz.db
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        click.echo(str(store.backup(file)))


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def restore(ctx: click.Context, file: Path) -> None:
    """Put a backup in the database's place, after looking whether it is whole; the old file stays beside it as .replaced.

    \b
    Example:
      mujaz db restore data/backups/mujaz-20261125-120000-backup.db
    """
    context: Context = ctx.obj
    from aggregator.store import daemon_lock
    from aggregator.store.maintenance import restore as put_back

    url = context.database_url
    if not url.startswith("sqlite:///"):
        raise UsageError("`mujaz db restore` is for SQLite; restore PostgreSQL with its own pg_restore.")
    with daemon_lock(context.folder):
        put_back(file, Path(url.removeprefix("sqlite:///")))
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
    click.echo(f"{number} items {'would be' if dry_run else 'were'} removed")
