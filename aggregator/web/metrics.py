"""The numbers that the database knows, in the Prometheus text form: sources, lag, silence, items, stories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Gauge

    from aggregator.store import Store


def of_store(store: Store, now: datetime) -> bytes:
    """Measure the database at ``now``: one gauge a fact, seconds for all times."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"mujaz_{name}", text, labels, registry=registry)

    counts = store.counts()
    gauge("items", "Items stored.").set(counts.items)
    gauge("stories", "Stories stored.").set(counts.stories)
    gauge("merged_items", "Items that stand in a story with another one.").set(counts.items - counts.stories)
    states = gauge("sources", "Sources by state.", "state")
    failures = gauge("source_failures", "Failures in a row of a source.", "source", "kind")
    silence = gauge("source_silence_seconds", "Time since a source last brought something new.", "source")
    confidence = store.confidence(now - timedelta(days=1))
    if confidence is not None:
        gauge("extraction_confidence", "Mean confidence of the extraction of the last day's items, 0 to 1.").set(confidence)
    lag, due = 0.0, 0
    unwell = {claim.source.id for claim in store.sources(unwell=True, now=now)}
    tally: dict[str, int] = {"unwell": len(unwell)}
    for claim in store.sources():
        state = claim.state
        tally[str(state.status)] = tally.get(str(state.status), 0) + 1
        if state.failures and state.failure:
            failures.labels(claim.source.id, str(state.failure.kind)).set(state.failures)
        if state.last_new_at:
            silence.labels(claim.source.id).set((now - state.last_new_at).total_seconds())
        if state.next_fetch_at and str(state.status) == "active":
            lag = max(lag, (now - state.next_fetch_at).total_seconds())
            due += state.next_fetch_at <= now
    for word, number in tally.items():
        states.labels(word).set(number)
    gauge("queue", "Sources that are due and not yet refreshed.").set(due)
    gauge("schedule_lag_seconds", "How late the most overdue source is.").set(max(0.0, lag))
    if not store.database.is_sqlite:
        _of_cluster(store, gauge)
    return generate_latest(registry)


def _of_cluster(store: Store, gauge: Callable[..., Gauge]) -> None:
    """Count what several machines share: who takes jobs, and how many wait."""
    from aggregator.store import cluster

    if cluster.needs_extra():
        return
    state = cluster.state(store.database)
    gauge("workers", "Workers that gave a sign of life in the last half minute.").set(sum(each.silent <= 30 for each in state.workers))
    jobs = gauge("jobs", "Jobs in the queue that workers share, by state.", "state")
    for word, number in (("waiting", state.waiting), ("running", state.running), ("failed", state.failed)):
        jobs.labels(word).set(number)
    gauge("oldest_job_seconds", "How long the first job in that queue has been waiting.").set(state.oldest)
