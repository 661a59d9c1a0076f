"""The adaptive interval beside other schedulers: delay from publication to storage against requests made.

Run: `python -m benchmarks.schedule [--articles FILE.ndjson.gz] [--timezone Asia/Riyadh]` (default: ../shared/data/news/*.ndjson.gz). The
publication times of real outlets are replayed; nothing is fetched. Beside Mujaz: Miniflux's entry-frequency scheduler (a week's minutes
divided by the entries of the last week, between 5 minutes and a day), the same with our floor of 15 minutes, and fixed intervals.
Better is fewer requests and a shorter delay at once.
"""

from __future__ import annotations

import argparse
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import mean, median

from aggregator import schedule
from aggregator.demo.newsroom import from_file
from aggregator.model import Outlet, Source, SourceState
from aggregator.settings import FetchSettings

WEEK = timedelta(days=7)
HERE = Path(__file__).resolve().parents[2] / "shared/data/news"
# from the times published so far, those that are new, and the time now, to the next time
Next = Callable[[Sequence[datetime], Sequence[datetime], datetime], datetime]


def mujaz() -> Next:
    """Give our own schedule, as the daemon uses it."""
    source, settings, rng = Source("s", Outlet("o", "o")), FetchSettings(), Random(1)
    state = SourceState()

    def after(_: Sequence[datetime], new: Sequence[datetime], now: datetime) -> datetime:
        nonlocal state
        state = schedule.after_success(source, state, {}, None, new, now, settings, rng, None)
        assert state.next_fetch_at is not None
        return state.next_fetch_at

    return after


def entry_frequency(least: timedelta) -> Next:
    """Give Miniflux's second scheduler."""

    def after(seen: Sequence[datetime], _: Sequence[datetime], now: datetime) -> datetime:
        count = len(seen) - bisect_right(seen, now - WEEK)
        return now + (min(max(WEEK / count, least), timedelta(days=1)) if count else timedelta(days=1))

    return after


def fixed(interval: timedelta) -> Next:
    """Give a fixed interval (Miniflux's round robin is one of an hour)."""
    return lambda seen, new, now: now + interval


def replay(times: Sequence[datetime], choose: Next, start: datetime, items: int = 30) -> tuple[int, list[float], int]:
    """Poll one outlet; gives requests, delays in minutes after the first three days (learning), and items that fell out of the feed unseen."""
    now, have, requests, missed = start, bisect_right(times, start), 0, 0
    delays: list[float] = []
    first = times[max(0, have - items) : have]
    now, counted = choose(times[:have], first, now), start + timedelta(days=3)
    while now < times[-1] + timedelta(hours=1):
        upto = bisect_right(times, now)
        new = times[have:upto]
        missed += max(0, len(new) - items)
        if now >= counted:
            requests += 1
            delays += [(now - moment) / timedelta(minutes=1) for moment in new]
        have = upto
        now = choose(times[:upto], new[-items:], now)
    return requests, delays, missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=Path)
    parser.add_argument("--timezone", default="Asia/Riyadh")
    asked = parser.parse_args()
    files = [asked.articles] if asked.articles else sorted(HERE.glob("*.ndjson.gz"))
    if not files:
        print("no shared data: name a file with --articles")
        return
    outlets: dict[str, list[datetime]] = defaultdict(list)
    for file in files:
        for piece in from_file(file, asked.timezone):
            # a date without a time of day says nothing of the hour
            if piece.published and (piece.published.minute or piece.published.second):
                outlets[piece.outlet].append(piece.published)
    usable = {name: sorted(times) for name, times in outlets.items() if len(times) >= 100}
    print(f"{len(usable)} outlets with times of day, {sum(map(len, usable.values()))} articles")
    print(f"{'scheduler':<44}{'requests':>10}{'median min':>12}{'mean min':>10}{'90 % min':>10}{'missed':>8}")
    choices: dict[str, Callable[[], Next]] = {
        "mujaz": mujaz,
        "fixed hour (Miniflux, round robin)": lambda: fixed(timedelta(hours=1)),
        "Miniflux, entry frequency (5 min … 24 h)": lambda: entry_frequency(timedelta(minutes=5)),
        "the same with a floor of 15 min": lambda: entry_frequency(timedelta(minutes=15)),
        "fixed 15 min": lambda: fixed(timedelta(minutes=15)),
        "fixed 30 min": lambda: fixed(timedelta(minutes=30)),
    }
    for name, make in choices.items():
        requests, missed, delays = 0, 0, list[float]()
        for times in usable.values():
            # the archive is thin at its beginning: start where a tenth of it is out
            one = replay(times, make(), times[len(times) // 10])
            requests, missed, delays = requests + one[0], missed + one[2], delays + one[1]
        delays.sort()
        print(f"{name:<44}{requests:>10}{median(delays):>12.1f}{mean(delays):>10.1f}{delays[int(len(delays) * 0.9)]:>10.1f}{missed:>8}")


if __name__ == "__main__":
    main()
