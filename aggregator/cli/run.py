"""``mujaz run``: the daemon."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import click

from aggregator.cli.context import Context


@click.command()
@click.option("--no-web", is_flag=True, help="Fetch only; serve no page.")
@click.option("--host", help="Address to listen on (default: web.host).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: web.port).")
@click.pass_context
def run(ctx: click.Context, no_web: bool, host: str | None, port: int | None) -> None:
    """Fetch what is due, for ever, and serve the page.

    Ends within ten seconds of SIGTERM or Ctrl-C; what was fetched is stored. A second daemon on the same data is refused, but on
    PostgreSQL any number may run, and `mujaz worker` beside them.

    \b
    Examples:
      mujaz run
      mujaz run --no-web
      MUJAZ_WEB__PORT=9000 mujaz --data /var/lib/mujaz run
    """
    context: Context = ctx.obj
    from aggregator.cli.setup import followed, logging_on, opened_patiently
    from aggregator.daemon import run as run_daemon
    from aggregator.store import cluster, daemon_lock

    settings = with_address(context, host, port)
    alone = context.database_url.startswith("sqlite")
    if not alone:
        cluster.require(context.database_url)
    logging_on(context)
    listener = None
    with daemon_lock(context.folder) if alone else nullcontext(), opened_patiently(context) as store:
        followed(context, store)
        if not no_web:
            from aggregator.web.serve import address, bind

            listener = bind(settings.web.host, settings.web.port)
            context.say(f"mujaz: the page is at {address(listener)}")
        count = len(store.sources())
        context.say(
            f"mujaz: following {count} sources; Ctrl-C ends it."
            if count
            else "mujaz: no source is followed yet; add one with `mujaz sources add URL`."
        )
        asyncio.run(run_daemon(store, settings, listener))
    ctx.exit(0)


def with_address(context: Context, host: str | None, port: int | None):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Give the settings with another address to listen on."""
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = context.settings
    return settings.model_copy(update={"web": settings.web.model_copy(update=changes)}) if changes else settings
