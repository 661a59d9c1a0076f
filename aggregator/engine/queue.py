"""The task queue: which jobs there are, in which queues, and how they are deferred. The only module that knows Procrastinate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aggregator.store.dispatch import Due

if TYPE_CHECKING:
    from procrastinate import App, JobContext
    from procrastinate.worker import Worker

# queue -> what its jobs do; `mujaz worker --queues` takes any of them
QUEUES = {
    "fetch": "refreshes of feeds and sitemaps",
    "article": "refreshes that fetch articles' own pages too",
    "schedule": "queueing what is due",
    "upkeep": "freeing what lost workers held, and the near-duplicate window",
}
REFRESH, TICK, SWEEP, EXPIRE = "refresh", "tick", "sweep", "expire"
HEARTBEAT, STALLED = 5.0, 30.0  # seconds between two signs of life, and those after which a worker is taken to be lost
KEEP_HOURS = 7 * 24  # for failed and aborted jobs; those that succeeded go at once
CONNECTIONS = 8  # of a worker's queue


@dataclass(frozen=True, slots=True)
class Jobs:
    """What the queue's jobs call."""

    refresh: Callable[[str, str], Awaitable[None]]  # source, name of the job
    tick: Callable[[], Awaitable[object]]
    sweep: Callable[[], Awaitable[object]]
    expire: Callable[[], Awaitable[object]]


def holder(job: int | None) -> str:
    """Name a job, as the holder of its source's lease."""
    return f"job/{job}"


def build(conninfo: str, jobs: Jobs) -> App:
    """Put the queue together; opening it connects to the database."""
    from procrastinate import App, PsycopgConnector
    from psycopg_pool import AsyncConnectionPool

    def pool(**options: Any) -> AsyncConnectionPool:
        # not asked for a sign of life before each use, which doubles the trips: a worker whose connection died starts anew
        return AsyncConnectionPool(**{**options, "check": None})

    app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=CONNECTIONS, timeout=10.0, pool_factory=pool))

    async def refresh(context: JobContext, source: str) -> None:
        await jobs.refresh(source, holder(context.job.id))

    async def tick(timestamp: int) -> None:
        await jobs.tick()

    async def sweep(timestamp: int) -> None:
        await jobs.sweep()

    async def expire(timestamp: int) -> None:
        await jobs.expire()
        await app.job_manager.delete_old_jobs(nb_hours=KEEP_HOURS, include_failed=True, include_cancelled=True, include_aborted=True)

    app.task(name=REFRESH, pass_context=True)(refresh)
    # a queueing lock each: a tick that waits for a worker stands for those after it
    for name, function, queue, cron, priority in (
        (TICK, tick, "schedule", "* * * * * */2", 20),
        (SWEEP, sweep, "upkeep", "* * * * * */10", 10),
        (EXPIRE, expire, "upkeep", "7 * * * *", 0),
    ):
        task = app.task(name=name, queue=queue, queueing_lock=name, priority=priority)(function)
        app.periodic(cron=cron)(task)
    return app


def quiet() -> None:
    """Let the queue and its driver not tell, line by line and with tracebacks, what the engine says once: the database is away."""
    import logging

    if logging.getLogger().level > logging.DEBUG:
        logging.getLogger("psycopg").setLevel(logging.ERROR)
        for name in ("procrastinate.utils", "procrastinate.worker.mujaz"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def worker(app: App, queues: Iterable[str] | None, concurrency: int, drain: float) -> Worker:
    """Give a worker of the queue; it leaves signals to us."""
    from procrastinate.worker import Worker

    return Worker(
        app,
        queues=list(queues) if queues else None,
        name="mujaz",
        concurrency=concurrency,
        install_signal_handlers=False,
        delete_jobs="successful",
        update_heartbeat_interval=HEARTBEAT,
        stalled_worker_timeout=STALLED,
        shutdown_graceful_timeout=drain,
        fetch_job_polling_interval=2.0,
    )


def deferring(connection: Any, due: Sequence[Due]) -> None:
    """Defer the refreshes of sources through the driver's connection, in the transaction that it is in."""
    from procrastinate import SyncPsycopgConnector
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager

    manager = JobManager(SyncPsycopgConnector())
    jobs = [
        Job(
            id=None,
            queue="article" if each.heavy else "fetch",
            lock=None,
            queueing_lock=f"source/{each.id}",
            task_name=REFRESH,
            task_kwargs={"source": each.id},
        )
        for each in due
    ]
    manager.batch_defer_jobs(jobs=jobs, connection=connection)


async def clear_stalled(app: App) -> list[str]:
    """Remove the jobs of workers that gave no sign of life; gives the names under which those held sources."""
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Status

    lost = []
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
        try:
            await app.job_manager.finish_job(job=job, status=Status.ABORTED, delete_job=True)
        except ConnectorException:
            continue  # another sweep was faster, or it ended after all
        lost.append(holder(job.id))
    await app.job_manager.prune_stalled_workers(seconds_since_heartbeat=4 * STALLED)
    return lost
