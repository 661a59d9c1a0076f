"""When a source is asked again: its rhythm, its wishes, its failures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from aggregator import schedule
from aggregator.model import Failed, FailureKind, FeedHints, Outlet, Source, SourceState, Status
from aggregator.settings import FetchSettings

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)  # a Wednesday
SETTINGS = FetchSettings()
SOURCE = Source("s", Outlet("o", "منبر"), addresses=("https://o.example/feed",))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class NoDice(Random):
    """Throws 0 always, so that an interval is seen without its jitter."""

    def random(self) -> float:
        return 0.0


def succeeded(
    state: SourceState = SourceState(),  # noqa: B008
    published: tuple[datetime, ...] = (),
    *,
    source: Source = SOURCE,
    hints: FeedHints | None = None,
    freshness: timedelta | None = None,
    now: datetime = NOW,
    settings: FetchSettings = SETTINGS,
    rng: Random | None = None,
) -> SourceState:
    return schedule.after_success(source, state, {}, hints, published, now, settings, rng or NoDice(), freshness)


def wait(state: SourceState, now: datetime = NOW) -> timedelta:
    assert state.next_fetch_at is not None
    return state.next_fetch_at - now


def every(gap: timedelta, days: int = 14) -> tuple[datetime, ...]:
    return tuple(NOW - n * gap for n in range(1, int(timedelta(days=days) / gap)))


def failed(kind: FailureKind, state: SourceState = SourceState(), after: timedelta | None = None) -> SourceState:  # noqa: B008
    return schedule.after_failure(SOURCE, state, Failed(kind, "x", retry_after=after), NOW, SETTINGS, NoDice())


class TestRhythm:
    def test_an_unknown_source_is_asked_again_in_an_hour(self) -> None:
        assert wait(succeeded()) == HOUR

    def test_a_busy_source_is_asked_at_the_floor(self) -> None:
        assert wait(succeeded(published=every(2 * MINUTE, days=3))) == 15 * MINUTE

    def test_a_rare_source_is_asked_at_the_ceiling(self) -> None:
        assert wait(succeeded(published=every(timedelta(days=5)))) == timedelta(days=1)

    def test_an_hourly_source_is_asked_about_hourly(self) -> None:
        assert 45 * MINUTE < wait(succeeded(published=every(HOUR))) < 75 * MINUTE

    def test_a_source_that_sleeps_at_night_is_left_alone_at_night(self) -> None:
        days = tuple(NOW - timedelta(days=day) + timedelta(minutes=15 * k) for day in range(1, 14) for k in range(24))  # 9:30 to 15:30
        state = succeeded(published=days)
        by_day, by_night = wait(succeeded(state)), wait(succeeded(state, now=NOW + timedelta(hours=13)), NOW + timedelta(hours=13))
        assert by_day < 45 * MINUTE
        assert by_night > 5 * by_day

    def test_an_outlet_whose_hours_foretell_nothing_is_asked_evenly(self) -> None:
        dice = Random(3)
        batches = [NOW - timedelta(days=day) + timedelta(hours=dice.uniform(-12, 12)) for day in range(1, 14)]
        state = succeeded(published=tuple(at + n * timedelta(seconds=4) for at in batches for n in range(100)))
        assert schedule.regularity(state.rhythm) < 0.4
        waits = [wait(succeeded(state, now=NOW + hour * HOUR), NOW + hour * HOUR) for hour in range(24)]
        assert max(waits) < 2.5 * min(waits)

    def test_what_an_hour_promises_adds_up_to_what_the_week_brought(self) -> None:
        state = succeeded(published=every(37 * MINUTE))
        assert sum(map(schedule.Expected(state.rhythm).at, range(schedule.WEEK_HOURS))) == pytest.approx(sum(state.rhythm), rel=0.05)

    def test_twice_the_pace_is_half_the_interval(self) -> None:
        state, quick = succeeded(published=every(HOUR)), FetchSettings(pace=2)
        assert wait(succeeded(state, settings=quick)) == pytest.approx(wait(succeeded(state)) / 2, rel=0.02)

    def test_a_source_that_falls_silent_is_asked_less_and_less(self) -> None:
        state = succeeded(published=every(HOUR))
        later = NOW + timedelta(days=60)
        assert wait(succeeded(state, now=later), later) > 3 * wait(succeeded(state))

    def test_items_dated_in_the_future_or_long_ago_teach_nothing(self) -> None:
        assert succeeded(published=(NOW + timedelta(days=2), NOW - timedelta(days=900))).rhythm == ()

    def test_a_sources_own_minimum_is_its_floor(self) -> None:
        slow = replace(SOURCE, min_interval=3 * HOUR)
        assert wait(succeeded(published=every(2 * MINUTE, days=3), source=slow)) == 3 * HOUR

    def test_a_floor_above_the_ceiling_holds(self) -> None:
        slow = replace(SOURCE, min_interval=timedelta(days=3))
        assert wait(succeeded(source=slow)) == timedelta(days=3)

    def test_the_next_day_follows_the_rhythm_over_the_weeks_end(self) -> None:
        sunday = datetime(2026, 11, 29, 23, 50, tzinfo=UTC)
        assert timedelta(0) < wait(succeeded(succeeded(published=every(HOUR)), now=sunday), sunday) <= timedelta(days=1)

    def test_jitter_only_lengthens_and_by_a_tenth_at_most(self) -> None:
        waits = [wait(succeeded(rng=Random(seed))) for seed in range(200)]
        assert min(waits) >= HOUR
        assert max(waits) <= 66 * MINUTE
        assert len(set(waits)) > 100


class TestWishes:
    @pytest.mark.parametrize("freshness", [timedelta(0), 5 * MINUTE, timedelta(seconds=-5)])
    def test_a_short_wish_never_shortens(self, freshness: timedelta) -> None:
        assert wait(succeeded(freshness=freshness, hints=FeedHints(interval=freshness))) == HOUR

    def test_cache_headers_lengthen(self) -> None:
        state = succeeded(freshness=3 * HOUR)
        assert wait(state) == 3 * HOUR
        assert "cache headers" in state.reason

    def test_the_feeds_interval_lengthens(self) -> None:
        state = succeeded(hints=FeedHints(interval=4 * HOUR), freshness=2 * HOUR)
        assert wait(state) == 4 * HOUR
        assert "the feed asks" in state.reason

    def test_a_wish_of_years_is_cut_to_the_ceiling(self) -> None:
        assert wait(succeeded(freshness=timedelta(days=3650), hints=FeedHints(interval=timedelta(days=9999)))) == timedelta(days=1)

    def test_hours_and_days_to_skip_are_skipped(self) -> None:
        at = succeeded(hints=FeedHints(skip_hours=frozenset({10, 11, 12}))).next_fetch_at
        assert at == NOW.replace(hour=13, minute=0)
        at = succeeded(hints=FeedHints(skip_days=frozenset({2, 3}))).next_fetch_at
        assert at == datetime(2026, 11, 27, tzinfo=UTC)

    def test_a_feed_that_asks_to_skip_everything_is_not_heard(self) -> None:
        hints = FeedHints(skip_hours=frozenset(range(24)), skip_days=frozenset(range(7)))
        assert wait(succeeded(hints=hints)) == HOUR
        crossing = FeedHints(skip_hours=frozenset(range(1, 24)), skip_days=frozenset(range(6)))
        at = succeeded(hints=crossing).next_fetch_at
        assert at == datetime(2026, 11, 29, tzinfo=UTC)


class TestFailures:
    @pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind is not FailureKind.GONE])
    def test_each_kind_backs_off_to_a_ceiling_and_is_tried_for_ever(self, kind: FailureKind) -> None:
        state, waits = SourceState(), []
        for _ in range(200):
            state = failed(kind, state)
            assert state.status is Status.ACTIVE
            waits.append(wait(state))
        assert waits == sorted(waits)
        assert waits[0] >= 15 * MINUTE
        assert waits[-1] <= timedelta(days=7)
        assert state.failures == 200

    def test_a_source_down_for_three_days_is_back_within_half_a_day(self) -> None:
        state, at = SourceState(), NOW
        while at < NOW + timedelta(days=3):
            state = schedule.after_failure(SOURCE, state, Failed(FailureKind.HTTP_5XX, "x"), at, SETTINGS, Random(1))
            assert state.next_fetch_at is not None
            at = state.next_fetch_at
        assert at - (NOW + timedelta(days=3)) < 7 * HOUR

    def test_success_forgets_the_failures(self) -> None:
        state = succeeded(failed(FailureKind.DNS, failed(FailureKind.DNS)))
        assert (state.failures, state.failure) == (0, None)

    def test_retry_after_is_obeyed_even_where_the_back_off_is_shorter_or_longer(self) -> None:
        assert wait(failed(FailureKind.RATE_LIMITED, after=timedelta(days=6))) == timedelta(days=6)
        assert wait(failed(FailureKind.HTTP_5XX, after=MINUTE)) == 15 * MINUTE

    def test_410_closes_the_source(self) -> None:
        state = failed(FailureKind.GONE)
        assert state.status is Status.GONE
        assert state.next_fetch_at is None
        assert "resume" in state.reason

    def test_the_validators_and_the_rhythm_outlive_a_failure(self) -> None:
        before = replace(succeeded(published=every(HOUR)), etag='"a"', last_modified="b")
        after = failed(FailureKind.TIMEOUT, before)
        assert (after.etag, after.last_modified, after.rhythm) == ('"a"', "b", before.rhythm)


class TestMoves:
    def test_the_third_equal_redirect_is_adopted(self) -> None:
        state = SourceState(address="http://a.example/")
        for _ in range(2):
            state = schedule.moved(state, "https://b.example/")
            assert state.address == "http://a.example/"
        state = schedule.moved(state, "https://b.example/")
        assert (state.address, state.moved_count) == ("https://b.example/", 0)

    def test_another_target_or_none_starts_the_count_again(self) -> None:
        state = SourceState(address="http://a.example/")
        for target in ("http://b.example/", "http://b.example/", None, "http://b.example/", "http://c.example/", "http://c.example/"):
            state = schedule.moved(state, target)
        assert (state.address, state.moved_to, state.moved_count) == ("http://a.example/", "http://c.example/", 2)


class TestProbes:
    def test_one_a_day(self) -> None:
        assert schedule.wants_probe(SourceState(), NOW, SETTINGS)
        assert not schedule.wants_probe(SourceState(probed_at=NOW - timedelta(hours=23)), NOW, SETTINGS)
        assert schedule.wants_probe(SourceState(probed_at=NOW - timedelta(hours=25)), NOW, SETTINGS)

    def test_a_probe_in_the_future_does_not_stop_probing(self) -> None:
        assert schedule.wants_probe(SourceState(probed_at=NOW + timedelta(days=3650)), NOW, SETTINGS)


def test_news_comes_in_company() -> None:
    at_once = schedule.company([NOW], None, NOW)
    known = [schedule.company([], NOW - timedelta(hours=hours), NOW) for hours in (0.25, 1, 3, 5, 100)]
    assert at_once < known[0] < known[1] < known[2] == known[3] == known[4]
    assert at_once < 0.5, "soon after some news more is looked for soon"
    assert 1 <= known[4] <= 1.25, "and after a silence not much later than the hour says"
    assert schedule.company([], None, NOW) == 1.0, "nothing is known"
    assert schedule.company([NOW + timedelta(days=3)], NOW - timedelta(hours=9), NOW) == known[4], "a date in the future is no news"


def test_news_that_just_came_shortens_no_wait_below_the_floor() -> None:
    rhythm = (8.0,) * schedule.WEEK_HOURS
    state = SourceState(rhythm=rhythm, learnt_at=NOW, last_new_at=NOW)
    found = succeeded(state, (NOW,))
    assert found.next_fetch_at is not None
    assert found.next_fetch_at >= NOW + timedelta(minutes=15)
