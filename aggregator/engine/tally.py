"""Counts what refreshes come to, in the form of Prometheus; /metrics of the same process shows it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter

    from aggregator.pipeline import Refreshed


@cache
def _counters() -> dict[str, Counter]:
    from prometheus_client import Counter

    return {
        "fetches": Counter("mujaz_fetches", "Refreshes since the start, by outcome.", ["outcome"]),
        "failures": Counter("mujaz_failures", "Refreshes that failed since the start, by kind.", ["kind"]),
        "new": Counter("mujaz_new_items", "Items stored since the start."),
        "merges": Counter("mujaz_merges", "Items that joined a story since the start."),
        "revised": Counter("mujaz_revised_items", "Items whose text changed since the start."),
    }


def count(result: Refreshed) -> None:
    """Count one refresh."""
    counters = _counters()
    counters["fetches"].labels(result.outcome).inc()
    if result.failure:
        counters["failures"].labels(str(result.failure.kind)).inc()
    counters["new"].inc(len(result.committed.new))
    counters["merges"].inc(result.committed.merged)
    counters["revised"].inc(result.committed.revised)
