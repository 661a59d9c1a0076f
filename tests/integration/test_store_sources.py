"""Sources: the catalogue and the user's own, what is due, and what a crash must not undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import Claim, Failed, FailureKind, FeedHints, Kind, Recipe, Selectors, SourceState, Status, StoryFilter
from aggregator.store import Store
from aggregator.store import sources as store_sources
from tests.integration.news import NOW, SPAIN, entry, made, refresh, source

QUARTER = timedelta(minutes=15)


def claim_ids(claims: list[Claim]) -> list[str]:
    return [claim.source.id for claim in claims]


def test_a_source_and_its_state_come_back_as_they_were_stored(store: Store) -> None:
    feed = replace(
        source(),
        kind=Kind.PAGE,
        recipe=Recipe("article", link="a.title"),
        selectors=Selectors(title="h1", remove=(".ads",)),
        min_interval=timedelta(hours=2),
        full_page=True,
    )
    state = SourceState(
        address="https://alif.example/x",
        etag='W/"é"',
        last_modified="yesterday, or so",
        next_fetch_at=NOW,
        last_fetch_at=NOW,
        failures=3,
        failure=Failed(FailureKind.TIMEOUT, "slow", 503, timedelta(0), NOW),
        body_digest=b"\x00\xff",
        hints=FeedHints(timedelta(hours=1), frozenset({3}), frozenset({6})),
        rhythm=tuple(number / 7 for number in range(168)),
        reason="because",
    )
    store.add_source(feed)
    store.record(feed, state)
    assert store.source("alif") == Claim(feed, state)


def test_the_catalogue_is_followed_and_the_users_sources_stay(store: Store) -> None:
    store.add_source(replace(source("mine"), origin="user"))
    assert store.sync_catalogue([source("alif"), source("ba")]) == (2, 0)
    refresh(store, source("ba"), entry(*SPAIN))
    assert store.sync_catalogue([source("alif")]) == (0, 1)
    assert claim_ids(store.sources()) == ["alif", "mine"]
    assert len(store.stories(StoryFilter()).rows) == 1, "what it brought stays"
    store.sync_catalogue([source("alif"), source("ba")])
    back = store.source("ba")
    assert back is not None
    assert back.state.etag == '"1"', "its state was kept meanwhile"


def test_what_is_due_is_shared_fairly_between_hosts(store: Store) -> None:
    store.sync_catalogue([*(source(f"big{n:03}", host="one.example") for n in range(200)), *(source(f"small{n}") for n in range(5))])
    claims = store.claim_due(NOW, 20, per_host=2)
    assert sum(claim.source.id.startswith("big") for claim in claims) == 2
    assert sum(claim.source.id.startswith("small") for claim in claims) == 5


def test_a_claimed_source_is_not_claimed_twice(open_store: Callable[[], Store]) -> None:
    one, other = open_store(), open_store()
    one.add_source(source())
    assert claim_ids(one.claim_due(NOW, 10)) == ["alif"]
    assert other.claim_due(NOW, 10) == []
    one.release(["alif"])
    assert claim_ids(other.claim_due(NOW, 10)) == ["alif"]
    assert claim_ids(one.claim_due(NOW + timedelta(hours=1), 10)) == ["alif"], "a lease that nobody ended runs out"


def test_force_never_goes_below_the_least_interval(store: Store) -> None:
    feed = source()
    refresh(store, feed, entry(*SPAIN))
    assert store.claim_due(NOW + timedelta(minutes=5), 10, force=True, min_interval=QUARTER) == []
    assert claim_ids(store.claim_due(NOW + QUARTER, 10, force=True, min_interval=QUARTER)) == ["alif"]


def test_force_never_goes_below_a_sources_own_interval(store: Store) -> None:
    feed = replace(source(), min_interval=timedelta(hours=6))
    refresh(store, feed, entry(*SPAIN))
    assert store.claim_due(NOW + timedelta(hours=1), 10, force=True, min_interval=QUARTER) == []
    assert claim_ids(store.claim_due(NOW + timedelta(hours=6), 10, force=True, min_interval=QUARTER)) == ["alif"]


def test_the_least_interval_outlives_a_crash_between_request_and_commit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_source(source())
    monkeypatch.setattr(store_sources, "getpid", lambda: 2**22 - 1)  # no process has this number
    assert claim_ids(store.claim_due(NOW, 10, min_interval=QUARTER)) == ["alif"]
    monkeypatch.undo()
    assert store.claim_due(NOW + timedelta(minutes=1), 10, min_interval=QUARTER) == []
    assert claim_ids(store.claim_due(NOW + QUARTER, 10, min_interval=QUARTER)) == ["alif"]


def test_a_killed_process_holds_no_lease(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_source(source())
    monkeypatch.setattr(store_sources, "getpid", lambda: 2**22 - 1)
    store.claim_due(NOW, 10)
    monkeypatch.undo()
    assert claim_ids(store.claim_due(NOW + timedelta(seconds=1), 10)) == ["alif"]


def test_a_clock_set_back_holds_no_source_for_years(store: Store) -> None:
    feed = source()
    store.add_source(feed)
    future = NOW + timedelta(days=3650)
    store.record(feed, SourceState(last_fetch_at=future, next_fetch_at=NOW))
    assert claim_ids(store.claim_due(NOW, 10, min_interval=QUARTER)) == ["alif"]


def test_a_source_paused_during_its_refresh_stays_paused(store: Store) -> None:
    feed = source()
    waiting = made(store, feed, entry(*SPAIN))
    assert store.set_status("alif", Status.PAUSED)
    store.commit(waiting, lambda *_: pytest.fail("nothing to judge against"))
    claim = store.source("alif")
    assert claim is not None
    assert claim.state.status is Status.PAUSED
    assert store.claim_due(NOW + timedelta(days=1), 10) == []
    store.set_status("alif", Status.ACTIVE)
    assert claim_ids(store.claim_due(NOW + timedelta(days=1), 10)) == ["alif"]


def test_a_host_is_held_for_all_its_sources_and_across_restarts(open_store: Callable[[], Store]) -> None:
    one = open_store()
    one.sync_catalogue([source("a1", host="busy.example"), source("a2", host="busy.example"), source("b")])
    one.hold_host("busy.example", NOW + timedelta(hours=1))
    one.hold_host("busy.example", NOW + timedelta(minutes=1))  # a shorter hold does not end a longer one
    again = open_store()
    assert again.host_holds(NOW) == {"busy.example": NOW + timedelta(hours=1)}
    assert claim_ids(again.claim_due(NOW, 10)) == ["b"]
    assert again.host_holds(NOW + timedelta(hours=1)) == {}


def test_the_next_due_moment_is_known(store: Store) -> None:
    assert store.next_due(NOW) is None
    feed = source()
    store.add_source(feed)
    assert store.next_due(NOW) == NOW
    store.record(feed, SourceState(next_fetch_at=NOW + QUARTER))
    assert store.next_due(NOW) == NOW + QUARTER


def test_known_entries_are_remembered_by_their_digests(store: Store) -> None:
    feed = source()
    refresh(store, feed, entry(*SPAIN, guid="abcdefgh"))
    claim = store.source("alif")
    assert claim is not None
    assert claim.known == frozenset({b"abcdefgh"})


def test_a_failing_drifted_or_silent_source_is_unwell(store: Store) -> None:
    for name, state in {
        "well": SourceState(last_new_at=NOW),
        "failing": SourceState(failures=3),
        "drifted": SourceState(drifted="no items"),
        "silent": SourceState(last_new_at=NOW - timedelta(days=60)),
        "gone": SourceState(status=Status.GONE),
    }.items():
        store.add_source(source(name))
        store.record(source(name), state)
    assert claim_ids(store.sources(unwell=True, now=NOW)) == ["drifted", "failing", "gone", "silent"]


def test_an_outlet_that_opts_out_is_gone_at_once_and_for_good(store: Store) -> None:
    feed = source()
    refresh(store, feed, entry(*SPAIN))
    out = replace(feed, outlet=replace(feed.outlet, opted_out=True))
    store.sync_catalogue([out])
    assert store.stories(StoryFilter()).rows == ()
    assert store.sources() == []
    assert store.claim_due(NOW + timedelta(days=1), 10) == []
    store.sync_catalogue([feed])
    assert refresh(store, feed, entry(*SPAIN)).new == (), "what was removed does not come back from its feed"


def test_many_states_are_written_at_once(store: Store) -> None:
    feeds = [source(f"s{n:03}") for n in range(300)]
    store.sync_catalogue(feeds)
    store.record_many([(feed, SourceState(next_fetch_at=NOW + QUARTER, failures=1)) for feed in feeds])
    assert {claim.state.next_fetch_at for claim in store.sources()} == {NOW + QUARTER}


def test_sources_are_hastened_and_never_put_off(store: Store) -> None:
    store.sync_catalogue([source("alif"), source("ba"), source("ta")])
    for name, hours in (("alif", 5), ("ba", 1), ("ta", 5)):
        store.record(source(name), SourceState(next_fetch_at=NOW + timedelta(hours=hours)))
    store.hasten({"alif": NOW + QUARTER, "ba": NOW + timedelta(hours=2), "gone": NOW})
    found = [claim.state.next_fetch_at for claim in store.sources()]
    assert found == [NOW + QUARTER, NOW + timedelta(hours=1), NOW + timedelta(hours=5)]
