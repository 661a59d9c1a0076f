"""``mujaz worker``: one more worker of a cluster."""

from __future__ import annotations

import asyncio

import click

from aggregator.cli.context import Context


@click.command()
@click.option("--queues", metavar="LIST", help="Take these jobs only: fetch, article, schedule, upkeep (default: all).")
@click.option("--concurrency", type=click.IntRange(1, 1000), help="Refreshes under way at once (default: fetch.concurrency).")
@click.option("--health-port", type=click.IntRange(0, 65535), help="Answer /healthz and /readyz on this port of web.host.")
@click.pass_context
def worker(ctx: click.Context, queues: str | None, concurrency: int | None, health_port: int | None) -> None:
    """Help with a database that several machines share (PostgreSQL): take its jobs, for ever.

    Any number may run, here and elsewhere; manners towards sources and hosts are kept across all of them. Ends within ten seconds
    of SIGTERM or Ctrl-C; what was fetched is stored, what was not is taken up by others.

    \b
    Examples:
      MUJAZ_DATABASE__URL=postgresql://mujaz@db/mujaz mujaz worker
      mujaz worker --queues fetch --concurrency 100
      mujaz worker --queues article,upkeep --health-port 8091
    """
    context: Context = ctx.obj
    from aggregator.cli.setup import logging_on, opened_patiently
    from aggregator.daemon import Share
    from aggregator.daemon import run as run_daemon
    from aggregator.store import cluster

    settings = context.settings
    cluster.require(context.database_url)
    share = Share(chosen(queues), concurrency or 0)
    if concurrency:
        settings = settings.model_copy(update={"fetch": settings.fetch.model_copy(update={"concurrency": concurrency})})
    logging_on(context)
    listener = None
    with opened_patiently(context) as store:
        if health_port is not None:
            from aggregator.web.serve import address, bind

            listener = bind(settings.web.host, health_port)
            context.say(f"mujaz: how this worker does is told at {address(listener)}readyz")
        context.say("mujaz: a worker; Ctrl-C ends it.")
        asyncio.run(run_daemon(store, settings, None, share=share, health=listener))
    ctx.exit(0)


def chosen(text: str | None) -> tuple[str, ...]:
    """Read a list of queues (raises `UsageError` for one that is not there)."""
    from aggregator.engine.queue import QUEUES
    from aggregator.errors import UsageError

    names = tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
    if unknown := [name for name in names if name not in QUEUES]:
        raise UsageError(f"There is no queue {unknown[0]!r}; there are {', '.join(QUEUES)}.")
    return names
