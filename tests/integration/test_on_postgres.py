"""What SQLite is tested for from outside, on PostgreSQL: killed fetches, hostile servers and a simulated week, with the same assertions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import new_database
from tests.hostile.case import Group
from tests.integration.test_crash import killed_fetches
from tests.integration.test_hostile import (  # noqa: F401  (they are collected here with the fixture of this module)
    Outcome,
    Played,
    test_a_hostile_server_ends_as_it_should,
    test_a_run_among_hostile_servers_is_quiet_bounded_and_ends,
    test_the_others_of_the_run_are_fetched_as_ever,
)
from tests.integration.test_manners_week import (  # noqa: F401
    Week,
    lived,
    test_a_feeds_own_wishes_are_kept,
    test_a_gone_feed_is_asked_no_more,
    test_a_permanent_move_is_adopted_after_three_and_a_temporary_one_never,
    test_a_source_that_was_down_for_three_days_is_back_without_a_human,
    test_an_unchanging_feed_is_asked_rarely,
    test_cache_headers_lengthen_the_interval,
    test_no_source_is_asked_sooner_than_its_least_interval,
    test_nothing_is_sent_that_tells_of_a_reader_or_changes_an_address,
    test_retry_after_holds_the_whole_host_even_against_a_fetch_by_hand,
    test_the_first_request_is_unconditional_and_others_are_probes_a_day_apart,
    test_the_start_is_no_burst,
    test_the_week_was_busy_and_processes_died_in_it,
    test_two_requests_at_once_to_a_host_at_most_by_one_process,
    test_validators_come_back_byte_for_byte,
)

pytestmark = [pytest.mark.postgres, pytest.mark.long, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def fresh(request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Give what lets the commands work on a PostgreSQL database without rows, each time on another."""
    server, template = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")
    with pytest.MonkeyPatch.context() as patch:

        def another() -> None:
            patch.setenv("MUJAZ_DATABASE__URL", new_database(server, f"t{uuid.uuid4().hex[:12]}", template))

        yield another


class OnPostgres(Played):
    """Plays each group on a database of its own."""

    def __init__(self, folder: Path, fresh: Callable[[], None]) -> None:
        super().__init__(folder)
        self._fresh = fresh

    def __call__(self, group: Group) -> Outcome:
        if group.name not in self._done:
            self._fresh()
        return super().__call__(group)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, fresh: Callable[[], None]) -> Played:
    return OnPostgres(tmp_path_factory.mktemp("hostile"), fresh)


def test_killed_at_thirty_random_moments_nothing_is_lost_or_doubled(tmp_path: Path, fresh: Callable[[], None]) -> None:
    fresh()
    killed_fetches(tmp_path, 30, seed=3)


@pytest.fixture(scope="module")
def week(fresh: Callable[[], None]) -> Week:
    fresh()
    return lived()
