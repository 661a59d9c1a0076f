"""``mujaz token``: access tokens of the API."""

from __future__ import annotations

import click

from aggregator.cli.context import Context, emit_json
from aggregator.errors import UsageError


@click.group()
def token() -> None:
    """Make and revoke access tokens of the API.

    \b
    Examples:
      mujaz token add newsroom --write
      mujaz token list
      mujaz token revoke newsroom
    """


@token.command()
@click.argument("name")
@click.option("--write", is_flag=True, help="Let it change things (pause sources, remove stories, block pictures).")
@click.pass_context
def add(ctx: click.Context, name: str, write: bool) -> None:
    """Make a token and print its secret, this once; only its hash is stored.

    \b
    Example:
      mujaz token add newsroom
    """
    context: Context = ctx.obj
    with context.open_store() as store:
        click.echo(store.add_token(name, ("read", "write") if write else ("read",)))
    context.say("mujaz: keep it; it is not shown again. Send it as: Authorization: Bearer …")


@token.command("list")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Show at most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
@click.pass_context
def list_tokens(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List the tokens by name.

    \b
    Example:
      mujaz token list
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        found = store.tokens()[:limit]
    if as_json:
        emit_json({"name": name, "scopes": list(scopes), "made": at.isoformat()} for name, scopes, at in found)
        return
    for name, scopes, at in found:
        click.echo(f"{name}  {' '.join(scopes)}  made {at:%Y-%m-%d}")
    if not found:
        click.echo("There is no token.")


@token.command()
@click.argument("name")
@click.pass_context
def revoke(ctx: click.Context, name: str) -> None:
    """Take a token back at once.

    \b
    Example:
      mujaz token revoke newsroom
    """
    context: Context = ctx.obj
    with context.open_store(create=False) as store:
        if not store.revoke_token(name):
            raise UsageError(f"There is no token {name!r}; `mujaz token list` shows them.")
    click.echo(f"{name}: revoked")
