"""The adaptive interval beside other schedulers: delay from publication to storage against requests made.

Run: `python -m benchmarks.schedule [--articles FILE.ndjson.gz] [--timezone Asia/Riyadh] [--half first|second]`; nothing is fetched.
Beside Mujaz at several paces: fixed intervals, and Miniflux's entry-frequency scheduler (a week's minutes divided by the entries of
the last week, between a floor and a day). Better is fewer requests and a shorter delay at once; each scheduler is replayed from several
starting times, since a median over few bursts depends on where the hour begins.

Two things are replayed. *The archive* (default: ../shared/data/news/*.ndjson.gz): 12 real outlets for two weeks, whose times are those
of a collector that came by every few hours and took a hundred articles each time. An outlet's hours of yesterday say nothing of when
it came today (their likelihood is that of a flat day); only that it comes again soon after it came can be learnt, and medians over so few
bursts move by a tenth with the hour at which a replay begins. *Outlets with a day*: generated ones, by a seed, with a busy time, nights and
weekends of their own, some in bursts, some at set minutes. The constants of `aggregator.schedule` were chosen on every other outlet of the
archive and on seed 1 (`--half first`); what is reported by default is the other half and seed 2.
"""

from __future__ import annotations

import argparse
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import mean, median

from aggregator import schedule
from aggregator.demo.newsroom import from_file
from aggregator.model import Outlet, Source, SourceState
from aggregator.settings import FetchSettings

MINUTE, HOUR, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=7)
HERE = Path(__file__).resolve().parents[2] / "shared/data/news"
PHASES = 4  # starting times of each replay
# from the times published so far, those that are new, and the time now, to the next time
Next = Callable[[Sequence[datetime], Sequence[datetime], datetime], datetime]


def mujaz(pace: float = 1.0, floor: float = 900) -> Next:
    """Give our own schedule, as the daemon uses it."""
    source, settings, rng = Source("s", Outlet("o", "o")), FetchSettings(pace=pace, min_interval=floor), Random(1)
    state = SourceState()

    def after(_: Sequence[datetime], new: Sequence[datetime], now: datetime) -> datetime:
        nonlocal state
        state = replace(state, last_new_at=now if new else state.last_new_at)
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
    while now < times[-1] + HOUR:
        upto = bisect_right(times, now)
        new = times[have:upto]
        missed += max(0, len(new) - items)
        if now >= counted:
            requests += 1
            delays += [(now - moment) / MINUTE for moment in new]
        have = upto
        now = choose(times[:upto], new[-items:], now)
    return requests, delays, missed


def archive(files: Sequence[Path], timezone: str) -> list[list[datetime]]:
    """Give the times of real articles, an outlet a list."""
    outlets: dict[str, list[datetime]] = defaultdict(list)
    for file in files:
        for piece in from_file(file, timezone):
            # a date without a time of day says nothing of the hour
            if piece.published and (piece.published.minute or piece.published.second):
                outlets[piece.outlet].append(piece.published)
    return [sorted(times) for _, times in sorted(outlets.items()) if len(times) >= 100]


def outlets_with_a_day(seed: int, count: int = 12, weeks: int = 4) -> list[list[datetime]]:
    """Give the times of outlets that publish 3 to 125 items a day, more by day than by night and fewer at the week's end."""
    rng, begin = Random(seed), datetime(2026, 3, 2, tzinfo=UTC)
    return [sorted(_published(rng, begin, weeks * 7)) for _ in range(count)]


def _published(rng: Random, begin: datetime, days: int) -> list[datetime]:
    a_day, peak, width, night = 10 ** rng.uniform(0.5, 2.1), rng.uniform(8, 18), rng.uniform(2.5, 5), rng.uniform(0.02, 0.3)
    weekdays = [1, 1, 1, 1, rng.uniform(0.5, 1), rng.uniform(0.3, 0.8), rng.uniform(0.5, 1)]
    hours = [night + math.exp(-((((hour - peak + 12) % 24 - 12) / width) ** 2) / 2) for hour in range(24)]
    burst, minute = rng.choice((0.0, 0.0, 0.3, 0.5)), rng.choice((None, None, None, rng.randrange(60)))
    found = []
    for n in range(days * 24):
        expected, at = a_day * hours[n % 24] / sum(hours) * weekdays[n // 24 % 7] * (1 - burst), rng.expovariate(1.0)
        while at < expected:
            within = 60 * rng.random() if minute is None else minute + 2 * rng.random()
            moment = begin + n * HOUR + within * MINUTE
            found.append(moment)
            while rng.random() < burst:
                moment += rng.expovariate(1 / 12) * MINUTE
                found.append(moment)
            at += rng.expovariate(1.0)
    return found


CHOICES: dict[str, Callable[[], Next]] = {
    **{f"mujaz, pace {pace:g}": lambda pace=pace: mujaz(pace) for pace in (0.75, 1, 1.5, 2, 3)},  # type: ignore[misc]
    "mujaz, pace 6, floor 5 min": lambda: mujaz(6, 300),
    "mujaz, pace 8, floor 5 min": lambda: mujaz(8, 300),
    "Miniflux, entry frequency (5 min … 24 h)": lambda: entry_frequency(5 * MINUTE),
    "the same with a floor of 15 min": lambda: entry_frequency(15 * MINUTE),
    "fixed hour (Miniflux, round robin)": lambda: fixed(HOUR),
    "fixed 30 min": lambda: fixed(30 * MINUTE),
    "fixed 15 min": lambda: fixed(15 * MINUTE),
}


def table(outlets: Sequence[list[datetime]]) -> None:
    """Print one table."""
    print(f"{len(outlets)} outlets, {sum(map(len, outlets))} articles; requests are those of one replay")
    print(f"{'scheduler':<44}{'requests':>10}{'median min':>12}{'mean min':>10}{'90 % min':>10}{'missed':>8}")
    for name, make in CHOICES.items():
        requests, missed, delays = 0, 0, list[float]()
        for phase in range(PHASES):
            for times in outlets:
                # the archive is thin at its beginning: start where a tenth of it is out
                one = replay(times, make(), times[len(times) // 10] + phase * HOUR / PHASES)
                requests, missed, delays = requests + one[0], missed + one[2], delays + one[1]
        delays.sort()
        figures = (round(requests / PHASES), median(delays), mean(delays), delays[int(len(delays) * 0.9)], round(missed / PHASES))
        print("{:<44}{:>10}{:>12.1f}{:>10.1f}{:>10.1f}{:>8}".format(name, *figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=Path)
    parser.add_argument("--timezone", default="Asia/Riyadh")
    parser.add_argument("--half", choices=("first", "second"), default="second")
    asked = parser.parse_args()
    at = 0 if asked.half == "first" else 1
    files = [asked.articles] if asked.articles else sorted(HERE.glob("*.ndjson.gz"))
    if files:
        print("the archive:")
        table(archive(files, asked.timezone)[at::2])
    else:
        print("no shared data: name a file with --articles")
    print("outlets with a day (generated):")
    table(outlets_with_a_day(at + 1))


if __name__ == "__main__":
    main()
