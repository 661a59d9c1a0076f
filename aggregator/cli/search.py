"""``mujaz search``: stories, whatever their spelling."""

from __future__ import annotations

import click

from aggregator.cli.context import Context, emit_json
from aggregator.cli.filters import Narrowed, narrowing
from aggregator.errors import UsageError


# «-الدولار» is a word to leave out, no option
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, required=True)
@narrowing
@click.option("--newest", is_flag=True, help="Newest first instead of by relevance.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Show at most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
@click.pass_context
def search(
    ctx: click.Context,
    query: tuple[str, ...],
    outlet: tuple[str, ...],
    country: tuple[str, ...],
    lang: tuple[str, ...],
    newest: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Find stories: «الحكومه» finds «الحكومة», «للفلاحين» finds «الفلاحين».

    Words must all be there; "a phrase" in its order; -word must not. outlet:, country:, lang:, topic:, since: and until: narrow
    the search.

    \b
    Examples:
      mujaz search الحكومة المغربية
      mujaz search '"سعر الفائدة" -الدولار since:2026-11-01'
      mujaz search الأمطار since:7d --country MA
      mujaz search 'outlet:hespress المحروقات' --json
    """
    from aggregator.cli.story import row
    from aggregator.model import Sort, StoryFilter

    context: Context = ctx.obj
    text, narrowed = " ".join(query), Narrowed.of(outlet, country, lang)
    for word in query:
        if word.startswith("--") and len(word) > 2:
            raise click.NoSuchOption(word, ctx=ctx)
    if not text.strip():
        raise UsageError("Give a word to look for, or a filter such as country:MA.")
    wish = StoryFilter(
        outlets=narrowed.outlets,
        countries=narrowed.countries,
        languages=narrowed.languages,
        query=text,
        sort=Sort.TIME if newest else Sort.RELEVANCE,
    )
    with context.open_store(create=False) as store:
        narrowed.check(store)
        found = store.stories(wish, limit=limit).rows
        better = store.suggest(text) if not found else None
    if as_json:
        emit_json(row(each) for each in found)
        return
    for each in found:
        others = f"  (+{len(each.outlets) - 1})" if len(each.outlets) > 1 else ""
        click.echo(f"{each.id:>7}  {each.lead.shown_at:%Y-%m-%d}  {each.lead.outlet.id}: {each.lead.title}{others}")
    if not found:
        click.echo("Nothing found." + (f" Did you mean: {better}" if better else ""))
