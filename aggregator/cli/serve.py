"""``mujaz serve``: the page and the API alone."""

from __future__ import annotations

import asyncio

import click

from aggregator.cli.context import Context


@click.command()
@click.option("--host", help="Address to listen on (default: web.host).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: web.port).")
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None) -> None:
    """Serve the page and the API alone; nothing is fetched but pictures.

    \b
    Examples:
      mujaz serve
      mujaz serve --port 9000
      mujaz --data data/demo serve        what `mujaz demo` stored
    """
    context: Context = ctx.obj
    from aggregator.cli.run import with_address
    from aggregator.cli.setup import logging_on
    from aggregator.web.alone import serve_alone
    from aggregator.web.serve import address, bind

    settings = with_address(context, host, port)
    logging_on(context)
    with context.open_store(create=False) as store:
        listener = bind(settings.web.host, settings.web.port)
        context.say(f"mujaz: the page is at {address(listener)}; Ctrl-C ends it.")
        asyncio.run(serve_alone(store, settings, listener))
    ctx.exit(0)
