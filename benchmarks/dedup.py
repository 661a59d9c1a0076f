"""Items a second of the near-duplicate judge, its memory and latency, with datasketch and rensa beside.

The reports are made up: word salads of the frequency list, a third of them rewordings of an earlier one, so that the
benchmark needs no data. ``--stream`` takes the real stream of ../shared/data instead. Times are CPU seconds of one core.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from aggregator.arabic.tokens import surface, words
from aggregator.dedup import Report, SameAs, draft
from aggregator.dedup.index import MemoryIndex

T = TypeVar("T")
START = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW_HOURS = 72.0


def reports(count: int, window: int, *, bodies: bool, seed: int = 1) -> Iterator[Report]:
    """Give made-up reports, ``window`` of them within 72 hours of one another."""
    chance = random.Random(seed)
    table = surface()
    vocabulary, frequency = list(table), list(accumulate(table.values()))
    recent: list[tuple[list[str], list[str]]] = []
    step = timedelta(hours=WINDOW_HOURS) / window
    for number in range(count):
        if recent and chance.random() < 0.33:
            title, body = chance.choice(recent)
            title = [word for word in title if chance.random() < 0.9]
            chance.shuffle(title)
            body = [word if chance.random() < 0.95 else chance.choice(vocabulary) for word in body]
        else:
            title, body = chance.choices(vocabulary, cum_weights=frequency, k=10), []
            if bodies:
                body = chance.choices(vocabulary, cum_weights=frequency, k=220)
            recent.append((title, body))
            del recent[:-500]
        yield Report(str(number), " ".join(title), " ".join(body), f"outlet{number % 40}", "", START + step * number)


def measured(found: Callable[[Report], object], items: list[Report]) -> tuple[float, list[float]]:
    """Give items a second, and the seconds of each item."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # as `mujaz` itself does
    took = []
    begin = time.process_time()
    for item in items:
        before = time.perf_counter()
        found(item)
        took.append(time.perf_counter() - before)
    return len(items) / (time.process_time() - begin), took


def line(name: str, speed: float, took: list[float], note: str = "") -> None:
    cuts = statistics.quantiles(took, n=100)
    print(f"{name:<52}{speed:>9,.0f}/s   p50 {cuts[49] * 1e3:6.2f} ms   p99 {cuts[98] * 1e3:6.2f} ms   {note}", flush=True)


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(items: list[Report], name: str, window: int, warm: int) -> None:
    before = memory()
    index = MemoryIndex(window_hours=WINDOW_HOURS)
    for item in items[:warm]:
        index.add(item)
    merged = 0

    def add(item: Report) -> None:
        nonlocal merged
        merged += isinstance(index.add(item)[1], SameAs)

    speed, took = measured(add, items[warm:])
    each = (memory() - before) * 1024 / max(1, len(items))
    line(name, speed, took, f"{merged} merged, {each:.1f} kB an item, window {len(index):,}")


def bulk(window: int, timed: int) -> None:
    """Fill the window without judging, then time the last items."""
    index = MemoryIndex(window_hours=WINDOW_HOURS)
    before = memory()
    last: list[Report] = []
    for number, item in enumerate(reports(window + timed, window + timed, bodies=True)):
        if number < window:
            index.keep(number, draft(item), number)
        else:
            last.append(item)
    each = (memory() - before) * 1024 / window
    speed, took = measured(index.add, last)
    line(f"ours in memory, bodies, {window:,} in the window", speed, took, f"{each:.1f} kB an item")


def on_sqlite(window: int, timed: int) -> None:
    """Find candidates in the store's own index of an SQLite file, judge them and enter the item, each in a transaction of its own.

    The database is the store's, with its journal and its flush to the disk; a daemon's refreshes share a transaction, these don't.
    """
    from aggregator.dedup import Candidate, judge
    from aggregator.store import keys
    from aggregator.store import schema as t
    from aggregator.store.connect import Database

    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}", Path(folder), 10.0)
        cache = keys.Drafts()
        with database.write() as c:
            t.metadata.create_all(c, tables=[t.key, t.signature])
            for part in batched(enumerate(reports(window, window + timed, bodies=True), 1), 5_000):
                keys.put(c, [(number, 0, draft(item)) for number, item in part])

        def add(item: Report) -> None:
            nonlocal window
            made = draft(item)
            window += 1
            with database.write() as c:
                [best] = keys._chosen([made], keys._sharing(c, [made], 0))
                drafts = cache.get(c, best)
                judge(made, [Candidate(each, each, drafts[each], drafts[each]) for each in best])
                keys.put(c, [(window, 0, made)])

        speed, took = measured(add, list(reports(timed, window + timed, bodies=True, seed=2)))
        line(f"ours on SQLite, bodies, {window - timed:,} in the window", speed, took)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def peers(items: list[Report]) -> None:
    try:
        from datasketch import MinHash, MinHashLSH
        from rensa import RMinHash, RMinHashLSH
    except ImportError as error:
        print(f"the peers are left out: {error}")
        return
    lsh = MinHashLSH(threshold=0.5, num_perm=128)

    def sketch(item: Report) -> None:
        made = MinHash(num_perm=128)
        parts = words(item.body)[:200]
        made.update_batch([" ".join(parts[k : k + 3]).encode() for k in range(len(parts) - 2)])
        lsh.query(made)
        lsh.insert(item.id, made)

    line("datasketch MinHashLSH (128), bodies", *measured(sketch, items))
    fast = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=16)

    def rust(item: Report) -> None:
        made = RMinHash(num_perm=128, seed=1)
        parts = words(item.body)[:200]
        made.update([" ".join(parts[k : k + 3]) for k in range(len(parts) - 2)])
        fast.query(made)
        fast.insert(int(item.id), made)

    line("rensa RMinHashLSH (128), bodies", *measured(rust, items))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stream", action="store_true", help="the real stream of ../shared/data instead of made-up reports")
    parser.add_argument("--million", action="store_true", help="a window of 1,000,000 items as well (several GB, half an hour)")
    options = parser.parse_args(sys.argv[1:])
    if options.stream:
        from tests.quality import corpus

        if not corpus.available():
            print("skipped: no shared data")
            return 0
        with_bodies = corpus.stream()[:14_000]
        warm = 6_000
    else:
        with_bodies = list(reports(14_000, 10_000, bodies=True))
        warm = 6_000
    ours(with_bodies, "ours in memory, bodies", 10_000, warm)
    ours([replace(item, body="") for item in with_bodies], "ours in memory, headlines only", 10_000, warm)
    peers(with_bodies[warm:])
    for window in (10_000, 100_000, *((1_000_000,) if options.million else ())):
        bulk(window, 10_000 if options.million else 2_000)
    for window in (10_000, 100_000):
        on_sqlite(window, 1_000)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
