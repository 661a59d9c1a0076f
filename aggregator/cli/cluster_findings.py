"""What `mujaz doctor` finds out about a database that several machines share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aggregator.cli.doctor import Finding
from aggregator.errors import MujazError

if TYPE_CHECKING:
    from aggregator.store import Store
    from aggregator.store.cluster import Server, State

LEAST_POSTGRES = 13
SKEW = 2.0  # seconds between two clocks that are worth a word
LATE = 120.0  # seconds that a job may wait
NEARLY = 0.8  # of the connections that the server allows


def cluster_findings(store: Store) -> Iterator[Finding]:
    """Look at the server, the cluster's tables, the workers and the queue."""
    from aggregator.store import cluster

    if wanted := cluster.needs_extra():
        yield Finding("wrong", "`mujaz run` and `mujaz worker` can't work on this machine", wanted)
        return
    try:
        state = cluster.state(store.database)
    except MujazError as error:
        yield Finding("wrong", str(error))
        return
    yield from _server(state.server)
    if state.missing:
        yield Finding("note", "the tables that workers share are not (all) made yet", "start a worker, or run `mujaz db upgrade`")
    yield from _workers(state)
    yield from _queue(state)


def _server(server: Server) -> Iterator[Finding]:
    major = int(server.version.split()[0].split(".")[0])
    if major < LEAST_POSTGRES:
        yield Finding("wrong", f"PostgreSQL {server.version} is too old for the task queue", f"upgrade it to {LEAST_POSTGRES} or newer")
    else:
        yield Finding("ok", f"PostgreSQL {server.version} answers")
    if server.encoding != "UTF8":
        yield Finding("wrong", f"the database's encoding is {server.encoding}", "make it anew with ENCODING 'UTF8': Arabic needs it")
    if not server.plpgsql:
        yield Finding("wrong", "the database lacks the extension plpgsql", "as its owner: CREATE EXTENSION plpgsql")
    if server.connections > NEARLY * server.most_connections:
        yield Finding(
            "note",
            f"{server.connections} of {server.most_connections} connections are in use",
            "raise max_connections of the server: a worker opens up to 30",
        )
    if abs(server.skew) > SKEW:
        ahead = "ahead of" if server.skew > 0 else "behind"
        yield Finding(
            "note",
            f"the server's clock is {abs(server.skew):.0f} s {ahead} this machine's",
            "workers go by the server's; keep both right with NTP",
        )


def _workers(state: State) -> Iterator[Finding]:
    from aggregator.engine.queue import STALLED

    alive = [each for each in state.workers if each.silent <= STALLED]
    lost = [each for each in state.workers if each.silent > STALLED]
    if alive:
        last = min(each.silent for each in alive)
        yield Finding("ok", f"workers: {len(alive)}, the last sign of life {last:.0f} s ago")
    else:
        yield Finding("note", "no worker is running: nothing is fetched", "start `mujaz run` here, or `mujaz worker` on any machine")
    for each in lost:
        remedy = "others take its sources up within a minute; start it again" if alive else "start it again: its sources wait for a worker"
        yield Finding("note", f"worker {each.id} gave no sign of life for {each.silent:.0f} s", remedy)


def _queue(state: State) -> Iterator[Finding]:
    if state.waiting and state.oldest > LATE:
        yield Finding(
            "note",
            f"{state.waiting} jobs wait, the first for {state.oldest / 60:.0f} minutes",
            "start one more `mujaz worker`, and look whether some queue is taken by none (`--queues`)",
        )
    else:
        yield Finding("ok", f"the queue: {state.waiting} jobs wait, {state.running} are under way")
    if state.failed:
        yield Finding("note", f"{state.failed} jobs failed in the last week", "look for errors in the workers' logs, and report them")
