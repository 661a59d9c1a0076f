"""Says when to come back to a source, and why. Pure: the time and the dice are passed in.

The interval follows the source's own rhythm: publications are counted by hour of the week with a memory of four weeks, and the more
items an hour promises, the more often it is asked in. Servers' and feeds' wishes (Cache-Control, Expires, ttl, sy:, skipHours, skipDays) lengthen
an interval and never shorten it. Failures back off by kind, and are tried for ever.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import mul
from random import Random

from aggregator.model import Failed, FailureKind, FeedHints, Source, SourceState, Status
from aggregator.settings import FetchSettings

WEEK_HOURS = 168
MEMORY = timedelta(days=28)
DEFAULT = timedelta(hours=1)
# Requests an hour = PACE x (items to be expected an hour) ^ POWER. For a given number of requests the mean delay is least with the
# square root (0.5), the median with the rate itself (1), which leaves quiet hours alone; `benchmarks/schedule.py` has both.
PACE, POWER = 0.81, 0.93
WIDTH = 2.0  # hours; the width of the bell by which an hour's count is spread over its neighbours: few counts mislead
WEEKDAY, EVEN = 0.2, 0.1  # the part that the day of the week has in an estimate, and the least part of the plain mean
# News comes in company: soon after some, more of it is likelier than the hour promises, and after a silence it is less likely.
SOON, SILENCE, MOST = 0.3, 0.5, 1.05  # of the rhythm's wait: SOON + SILENCE x (hours without news) ^ 0.5, at most MOST
FADED = 0.02  # items a week; what is left of a single one after ten weeks
JITTER = 0.1
MOVES = 3  # equal permanent redirects in a row before the new address is kept

# kind -> (first wait, longest wait) in minutes; each failure in a row doubles the wait
BACKOFF: dict[FailureKind, tuple[float, float]] = {
    FailureKind.DNS: (15, 12 * 60),
    FailureKind.CONNECT: (15, 6 * 60),
    FailureKind.TLS: (60, 24 * 60),
    FailureKind.TIMEOUT: (15, 6 * 60),
    FailureKind.PROTOCOL: (30, 12 * 60),
    FailureKind.REDIRECT: (60, 24 * 60),
    FailureKind.REFUSED_ADDRESS: (6 * 60, 24 * 60),
    FailureKind.ROBOTS: (24 * 60, 7 * 24 * 60),
    FailureKind.BLOCKED: (2 * 60, 24 * 60),
    FailureKind.RATE_LIMITED: (30, 12 * 60),
    FailureKind.UNAUTHORIZED: (2 * 60, 24 * 60),
    FailureKind.NOT_FOUND: (60, 24 * 60),
    FailureKind.GONE: (24 * 60, 7 * 24 * 60),
    FailureKind.HTTP_4XX: (60, 24 * 60),
    FailureKind.HTTP_5XX: (15, 6 * 60),
    FailureKind.TOO_LARGE: (6 * 60, 24 * 60),
    FailureKind.TOO_SLOW: (2 * 60, 24 * 60),
    FailureKind.NOT_A_FEED: (60, 24 * 60),
    FailureKind.EMPTY: (30, 12 * 60),
    FailureKind.DRIFTED: (60, 24 * 60),
    FailureKind.INTERNAL: (60, 24 * 60),
}


def floor_of(source: Source, settings: FetchSettings) -> timedelta:
    """Give the interval below which a source is never fetched."""
    return max(timedelta(seconds=settings.min_interval), source.min_interval or timedelta(0))


def learn(rhythm: Sequence[float], published: Sequence[datetime], since: datetime | None, now: datetime) -> tuple[float, ...]:
    """Give the rhythm (items a week by hour of the week, UTC) after these new publications.

    The first fetch seeds it with the last two weeks of its items; later each item adds its share and the old fade.
    """
    recent = [moment for moment in published if now - timedelta(days=14) <= moment <= now + timedelta(hours=1)]
    if not recent:
        return tuple(rhythm)
    if not rhythm or since is None:
        weeks = max(now - min(recent), timedelta(days=1)) / timedelta(days=7)
        counts, share = [0.0] * WEEK_HOURS, 1 / weeks
    else:
        fade = faded(since, now)
        counts, share = [count * fade for count in rhythm], timedelta(days=7) / MEMORY
    for moment in recent:
        counts[hour_of_week(moment)] += share
    return tuple([count and round(count, 4) for count in counts])  # most hours of a week are empty


def hour_of_week(moment: datetime) -> int:
    """Give 0 (Monday 0 h UTC) … 167."""
    utc = moment.astimezone(UTC)
    return utc.weekday() * 24 + utc.hour


def _bell(width: float) -> tuple[float, ...]:
    """Give the weights of the hours that lie 0 … 23 hours away on the clock's round."""
    weights = [sum(math.exp(-(((away + 24 * turn) / width) ** 2) / 2) for turn in (-1, 0, 1)) for away in range(24)]
    return tuple(weight / sum(weights) for weight in weights)


BELL = _bell(WIDTH)


@lru_cache(64)  # asked twice for each answer
def regularity(rhythm: tuple[float, ...]) -> float:
    """Give how far the hour of day foretells, 0 to 1: on how many days of the week an item's hour has brought something.

    An outlet that puts a hundred items out at once, now at five and now at noon, has a curve of its day, and it means nothing.
    """
    total, seen = sum(rhythm), 0.0
    for hour in range(24):
        counts = rhythm[hour::24]
        if count := sum(counts):
            seen += count * sum([each > FADED for each in counts]) / 7
    return seen / total if total else 0.0


class Expected:
    """The items to be expected in an hour of the week: of the hour of day, smoothed, the day of the week, and the mean.

    It is worked out when asked, since an answer's next fetch lies a few hours ahead as a rule.
    """

    def __init__(self, rhythm: tuple[float, ...]) -> None:
        self._rhythm = rhythm
        self._mean = sum(rhythm) / WEEK_HOURS
        self._own = (1 - EVEN) * regularity(rhythm)
        self._back = [sum(rhythm[hour::24]) / 7 for hour in range(23, -1, -1)] * 2  # of each hour of day, the last one first

    def at(self, hour: int) -> float:
        """Give the items to be expected in an hour (0 … 167)."""
        if not self._mean:
            return 0.0
        day, hour = divmod(hour, 24)
        # BELL's first weight is the hour's own, the next that of the hour before
        smooth: float = sum(map(mul, BELL, self._back[23 - hour : 47 - hour]))
        weekday: float = 1 - WEEKDAY + WEEKDAY * sum(self._rhythm[24 * day : 24 * day + 24]) / 24 / self._mean
        return self._own * smooth * weekday + (1 - self._own) * self._mean


def rhythm_interval(
    rhythm: tuple[float, ...], now: datetime, shortest: timedelta, longest: timedelta, fade: float = 1.0, pace: float = 1.0
) -> timedelta:
    """Give the time until a source is worth a request, between floor and ceiling; ``fade`` is what is left of the rhythm's memory."""
    if not sum(rhythm):
        return min(max(DEFAULT, shortest), longest)
    expected = Expected(rhythm)
    hour, part = hour_of_week(now), 1 - (now.minute * 60 + now.second) / 3600
    due, hours, limit = 0.0, 0.0, longest / timedelta(hours=1)
    while hours < limit:
        here = PACE * pace * (expected.at(hour) * fade) ** POWER
        if due + here * part >= 1:
            hours += (1 - due) / here
            break
        due += here * part
        hours, hour, part = hours + part, (hour + 1) % WEEK_HOURS, 1.0
    return min(max(timedelta(hours=min(hours, limit)), shortest), longest)


def company(published: Sequence[datetime], last_new: datetime | None, now: datetime) -> float:
    """Give how much of the rhythm's wait is waited, by how long ago the last news was: that which just came, or that before it."""
    latest = max((moment for moment in published if moment <= now), default=last_new)
    if latest is None:
        return 1.0
    return min(SOON + SILENCE * math.sqrt(max(now - latest, timedelta(0)) / timedelta(hours=1)), MOST)


def faded(since: datetime | None, now: datetime) -> float:
    """Give what is left of a rhythm that was learnt up to ``since``: a source that has fallen silent is asked less and less."""
    return math.exp(-max(now - since, timedelta(0)) / MEMORY) if since else 1.0


def after_success(
    source: Source,
    state: SourceState,
    headers: Mapping[str, str],
    hints: FeedHints | None,
    published: Sequence[datetime],
    now: datetime,
    settings: FetchSettings,
    rng: Random,
    freshness: timedelta | None,
) -> SourceState:
    """Give the state with its next fetch after an answer that could be used; ``published`` are the new items' dates."""
    shortest, longest = floor_of(source, settings), timedelta(seconds=settings.max_interval)
    longest = max(shortest, longest)
    rhythm = learn(state.rhythm, published, state.learnt_at, now)
    learnt_at = now if rhythm != state.rhythm else state.learnt_at
    fade = faded(learnt_at, now)
    wait = rhythm_interval(rhythm, now, shortest, longest, fade, settings.pace)
    if sum(rhythm):
        # where the hours foretell little, what just came says more
        share = 1 - (1 - regularity(rhythm)) * (1 - company(published, state.last_new_at, now))
        wait = min(max(wait * share, shortest), longest)
    per_day = sum(rhythm) * fade / 7
    reason = (
        f"about {per_day:.0f} items a day, by its rhythm at this hour"
        if per_day >= 0.5
        else "few items are known yet"
        if not per_day
        else "less than one item in two days"
    )
    wishes = hints or FeedHints()
    for asked, words in ((freshness, "the server's cache headers ask for it"), (wishes.interval, "the feed asks for it")):
        if asked is not None and min(asked, longest) > wait:
            wait, reason = min(asked, longest), words
    wait += timedelta(seconds=wait.total_seconds() * JITTER * rng.random())
    at = now + wait
    allowed = skip(at, wishes)
    if allowed != at:
        reason += "; the feed asks to skip some hours or days"
    return replace(
        state,
        next_fetch_at=allowed,
        rhythm=rhythm,
        learnt_at=learnt_at,
        hints=hints,
        failures=0,
        failure=None,
        last_success_at=now,
        last_fetch_at=now,
        reason=reason,
        fetch_count=state.fetch_count + 1,
    )


def skip(at: datetime, hints: FeedHints) -> datetime:
    """Move a time out of the hours and days that a feed asks to skip (a feed that skips all of them is not heard)."""
    if len(hints.skip_hours) >= 24 or len(hints.skip_days) >= 7:
        return at
    for _ in range(8 * 24):
        if at.weekday() in hints.skip_days:
            at = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        elif at.hour in hints.skip_hours:
            at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        else:
            return at
    return at


def after_failure(source: Source, state: SourceState, failure: Failed, now: datetime, settings: FetchSettings, rng: Random) -> SourceState:
    """Give the state with its next try after a failure: later with each in a row, never given up; 410 closes the source."""
    failures = state.failures + 1
    if failure.kind is FailureKind.GONE:
        return replace(
            state,
            status=Status.GONE,
            failures=failures,
            failure=failure,
            last_fetch_at=now,
            next_fetch_at=None,
            reason="its server says that it is gone for good (410); `mujaz sources resume` tries again",
            fetch_count=state.fetch_count + 1,
        )
    first, longest = BACKOFF.get(failure.kind, (60, 24 * 60))
    minutes = min(first * 2.0 ** min(failures - 1, 20), longest)
    wait = max(timedelta(minutes=minutes), floor_of(source, settings))
    reason = f"failure {failures} in a row ({failure.kind}): tried again later each time, for ever"
    if failure.retry_after is not None:
        wait, reason = max(failure.retry_after, floor_of(source, settings)), "its server asked to be left alone (Retry-After)"
    wait += timedelta(seconds=wait.total_seconds() * JITTER * rng.random())
    return replace(
        state,
        failures=failures,
        failure=failure,
        last_fetch_at=now,
        next_fetch_at=now + wait,
        reason=reason,
        fetch_count=state.fetch_count + 1,
    )


def moved(state: SourceState, moved_to: str | None) -> SourceState:
    """Count equal permanent redirects of answers that could be used; the third in a row is adopted."""
    if moved_to is None or moved_to == state.address:
        return replace(state, moved_to=None, moved_count=0)
    count = state.moved_count + 1 if moved_to == state.moved_to else 1
    if count >= MOVES:
        return replace(state, address=moved_to, moved_to=None, moved_count=0)
    return replace(state, moved_to=moved_to, moved_count=count)


def wants_probe(state: SourceState, now: datetime, settings: FetchSettings) -> bool:
    """Tell whether it is time to ask without validators: no 200 for a day may mean a server that lies."""
    return state.probed_at is None or not timedelta(0) <= now - state.probed_at < timedelta(seconds=settings.probe_interval)
