"""``mujaz images``: the pictures that readers reported."""

from __future__ import annotations

import click

from aggregator.cli.context import Context, counted, emit_json
from aggregator.errors import UsageError


@click.group()
def images() -> None:
    """List, restore and block reported pictures.

    \b
    Examples:
      mujaz images list
      mujaz images restore 31     show item 31's picture whatever is reported
      mujaz images block 31       hide it for good
    """


@images.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Show at most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
@click.pass_context
def list_images(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List the pictures that were reported, hidden, blocked or restored.

    \b
    Example:
      mujaz images list --json
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        found = sorted(store.images(), key=lambda each: -each.reports)[:limit]
    if as_json:
        emit_json({"item": e.item, "image": e.image, "title": e.title, "reports": e.reports, "state": e.state} for e in found)
        return
    for each in found:
        click.echo(f"item {each.item}  {each.state}, {counted(each.reports, 'report')}  {each.title}\n    {each.image}")
    if not found:
        click.echo("No picture was reported.")


def _decide(ctx: click.Context, items: tuple[int, ...], method: str, word: str) -> None:
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        for item in items:
            if not getattr(store, method)(item):
                raise UsageError(f"There is no item {item} with a picture.")
            click.echo(f"item {item}: {word}")


@images.command()
@click.argument("items", type=int, nargs=-1, required=True, metavar="ITEM…")
@click.pass_context
def restore(ctx: click.Context, items: tuple[int, ...]) -> None:
    """Show pictures again, whatever is reported.

    \b
    Example:
      mujaz images restore 31
    """
    _decide(ctx, items, "restore_image", "shown again")


@images.command()
@click.argument("items", type=int, nargs=-1, required=True, metavar="ITEM…")
@click.pass_context
def block(ctx: click.Context, items: tuple[int, ...]) -> None:
    """Hide pictures for good.

    \b
    Example:
      mujaz images block 31
    """
    _decide(ctx, items, "block_image", "hidden for good")
