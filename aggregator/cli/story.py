"""``mujaz story``: one story, why its reports are together, and a person's last word on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from aggregator.cli.context import Context, counted, emit_json
from aggregator.errors import UsageError


@click.group()
def story() -> None:
    """Show, explain, split and merge stories.

    \b
    Examples:
      mujaz story show 12
      mujaz story why 31          why item 31 is in its story
      mujaz story split 31        by hand, for good
      mujaz story reported        what readers say was merged wrongly
      mujaz story dismiss 12      … and was not
    """


def row(found: Any) -> dict[str, Any]:
    """Give a story for programs."""
    from aggregator.dedup.reason import say

    return {
        "id": found.id,
        "title": found.lead.title,
        "first": found.first_at.isoformat(),
        "last": found.last_at.isoformat(),
        "independent": found.independent,
        "items": [
            {
                "id": item.id,
                "outlet": item.outlet.id,
                "title": item.title,
                "url": item.url,
                "source_link": item.source_link,
                "published": item.published.isoformat() if item.published else None,
                "agency": item.agency,
                "score": item.score,
                "matched": item.matched,
                "why": [say(reason) for reason in item.why],
            }
            for item in found.items
        ],
        "related": [
            {"story": r.story_id, "title": r.title, "score": r.score, "why": [say(reason) for reason in r.why]} for r in found.related
        ],
    }


def _found(store: Any, story_id: int) -> Any:
    found = store.story(story_id)
    if found is None:
        raise UsageError(f"There is no story {story_id}.")
    return found


@story.command()
@click.argument("story_id", type=int, metavar="STORY")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def show(ctx: click.Context, story_id: int, as_json: bool) -> None:
    """Show a story: its reports, and what is related.

    \b
    Example:
      mujaz story show 12
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        each = row(_found(store, story_id))
    if as_json:
        emit_json([each])
        return
    click.echo(f"story {each['id']}: {each['title']}")
    first, last = (f"{datetime.fromisoformat(each[end]):%Y-%m-%d %H:%M}" for end in ("first", "last"))
    click.echo(
        f"{counted(len(each['items']), 'report')}, {each['independent']} independent, {first}{f' to {last}' if last != first else ''} UTC"
    )
    for item in each["items"]:
        wire = f" [{item['agency']}]" if item["agency"] else ""
        click.echo(f"  {item['id']:>6}  {item['outlet']}{wire}: {item['title']}\n          {item['url']}")
        if item["score"] is not None:
            click.echo(f"          joined at {item['score']:.2f}: {'; '.join(item['why'])}")
    for link in each["related"]:
        click.echo(
            f"  related {link['score']:.2f}  story {link['story']}: {link['title']}"
            + (f" ({'; '.join(link['why'])})" if link["why"] else "")
        )


@story.command()
@click.argument("item_id", type=int, metavar="ITEM")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def why(ctx: click.Context, item_id: int, as_json: bool) -> None:
    """Say why an item is in its story, and what came close but was kept apart.

    \b
    Example:
      mujaz story why 31
    """
    context: Context = ctx.obj
    from aggregator.dedup.reason import say

    with context.open_store(create=False) as store:
        item = store.item(item_id)
        if item is None:
            raise UsageError(f"There is no item {item_id}.")
        found = _found(store, item.story_id)
    reasons = [say(reason) for reason in item.why]
    matched = next((each for each in found.items if each.id == item.matched), None)
    if as_json:
        apart = [{"story": r.story_id, "title": r.title, "score": r.score, "why": [say(w) for w in r.why]} for r in found.related]
        emit_json([{"item": item.id, "story": found.id, "matched": item.matched, "score": item.score, "why": reasons, "apart": apart}])
        return
    click.echo(f"{item.id}: {item.title}")
    if matched is not None and item.score is not None:
        click.echo(f"is in story {found.id} since it matches {matched.id} ({matched.outlet.id}: {matched.title}) at {item.score:.2f}:")
        click.echo("\n".join(f"  {reason}" for reason in reasons))
    elif "hand" in item.why:
        click.echo(f"was put into story {found.id} by hand.")
    else:
        click.echo(f"is the first report of story {found.id}.")
    for link in found.related:
        click.echo(f"kept apart from story {link.story_id} at {link.score:.2f}: {link.title}")
        click.echo("\n".join(f"  {say(reason)}" for reason in link.why))


@story.command()
@click.argument("item_ids", type=int, nargs=-1, required=True, metavar="ITEM…")
@click.pass_context
def split(ctx: click.Context, item_ids: tuple[int, ...]) -> None:
    """Take items out of their story, each into one of its own, for good.

    \b
    Example:
      mujaz story split 31
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        for item, made in zip(item_ids, store.split(item_ids), strict=True):
            click.echo(f"item {item} is now story {made}")


@story.command()
@click.argument("story_ids", type=int, nargs=-1, required=True, metavar="STORY STORY…")
@click.pass_context
def merge(ctx: click.Context, story_ids: tuple[int, ...]) -> None:
    """Put stories together, for good; the first one's number stays.

    \b
    Example:
      mujaz story merge 12 15
    """
    if len(set(story_ids)) < 2:
        raise UsageError("Give two or more different stories to put together.")
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        click.echo(f"they are now story {store.merge(tuple(dict.fromkeys(story_ids)))}")


@story.command()
@click.argument("story_id", type=int, metavar="STORY")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.pass_context
def remove(ctx: click.Context, story_id: int, yes: bool) -> None:
    """Delete a story's items for good; they don't come back from their feeds.

    \b
    Example:
      mujaz story remove 12 --yes
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        found = _found(store, story_id)
        if not yes:
            click.confirm(f"Delete story {story_id} ({found.lead.title}) with {len(found.items)} items for good?", abort=True, err=True)
        click.echo(f"{counted(store.remove_story(story_id), 'item')} deleted")


@story.command()
@click.argument("story_ids", type=int, nargs=-1, required=True, metavar="STORY…")
@click.pass_context
def dismiss(ctx: click.Context, story_ids: tuple[int, ...]) -> None:
    """Put aside readers' reports against stories that are rightly merged; a later report lists them anew.

    \b
    Example:
      mujaz story dismiss 12
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        unreported = [each for each in dict.fromkeys(story_ids) if not store.dismiss_merge(each)]
    for each in dict.fromkeys(story_ids):
        if each not in unreported:
            click.echo(f"story {each}: reports put aside")
    if unreported:
        raise UsageError(f"Nobody reported story {', '.join(map(str, unreported))}; `mujaz story reported` lists those reported.")


@story.command("reported")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Show at most so many.")
@click.pass_context
def reported(ctx: click.Context, as_json: bool, limit: int) -> None:
    """List the merges that readers reported as wrong, until they are split or dismissed.

    \b
    Example:
      mujaz story reported
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        rows: list[dict[str, Any]] = []
        for story_id, number, at in store.merge_reports()[:limit]:
            found = store.story(story_id)
            if found is not None:
                rows.append({"story": story_id, "reports": number, "latest": at.isoformat(), "title": found.lead.title})
    if as_json:
        emit_json(rows)
        return
    for each in rows:
        click.echo(f"story {each['story']}: {counted(each['reports'], 'report')} — {each['title']}")
    if not rows:
        click.echo("No merge was reported.")
