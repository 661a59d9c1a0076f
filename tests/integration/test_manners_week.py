"""A simulated week with restarts, a crash, fetches by hand and two processes; then the server's log is judged line by line."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import defaultdict
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import in_memory
from tests.integration.ready import READY
from tests.integration.week import EACH, HOSTS, START, Line, Servers, mujaz, opened, sources

STEP = timedelta(minutes=15)
LEAST = timedelta(seconds=900)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


pytestmark = pytest.mark.timeout(300)


class Week:
    """The week as it was lived: the log, and when which sources were fetched by hand."""

    def __init__(self) -> None:
        self.now = START
        self.servers = Servers(lambda: self.now)
        self.by_hand: dict[datetime, tuple[str, ...]] = {}
        self.crashed: list[int | None] = []
        self.states: dict[str, object] = {}

    async def live(self, folder: Path) -> None:
        listening = await self.servers.open()
        with opened(folder) as store:
            store.sync_catalogue(sources(self.servers.port))
        for seed, days in enumerate(((0,), (1, 2), (3, 4), (5, 6))):  # with restarts between
            async with mujaz(folder, lambda: self.now, lambda result: None, seed=seed) as running:
                engine = running.engine
                for step in range(len(days) * int(DAY / STEP)):
                    other = self.other_process(folder, step)
                    await engine.tick()
                    while engine.busy:
                        await asyncio.sleep(0.001)
                    if other is not None:
                        self.crashed.append(await other)
                    self.now += STEP
                await engine.drain(5)
        with opened(folder) as store:
            self.states = {claim.source.id: claim for claim in store.sources()}
        for each in listening:
            each.close()

    def other_process(self, folder: Path, step: int) -> asyncio.Task[int | None] | None:
        """Start a fetch by hand beside the daemon, at some moments; every other one dies in the middle."""
        if step not in (40, 41):
            return None
        ids = tuple(f"h{host}-{n}" for host in (1, 2, 4, 10) for n in range(EACH))
        self.by_hand[self.now] = ids
        die_after = 7 if step == 40 else 0
        arguments = [str(folder), self.now.isoformat(), str(die_after), *ids]

        async def run() -> int | None:
            process = READY.start("tests.integration.week", arguments, env=os.environ, cwd=folder, stdout=None, stderr=None)
            _, errors = await asyncio.to_thread(process.communicate)
            assert "Traceback" not in errors, errors
            return process.returncode

        return asyncio.create_task(run())

    @property
    def by_source(self) -> dict[tuple[str, str], list[Line]]:
        found = defaultdict(list)
        for line in self.servers.log:
            if not line.path.startswith("/new"):
                found[line.host, line.path].append(line)
        return found

    def of(self, host: int, *numbers: int) -> list[list[Line]]:
        return [self.by_source[f"127.0.0.{host}:{self.servers.port}", f"/{n}"] for n in numbers or range(EACH)]


def lived() -> Week:
    """Live a week."""
    week = Week()
    # a tick of the week takes milliseconds; waiting for more refreshes to store with the first would be most of it
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        patch.setattr("aggregator.engine.writer.PAUSE", 0.002)
        asyncio.run(week.live(Path(folder)))
    return week


@pytest.fixture(scope="module")
def week() -> Week:
    return lived()


def test_the_week_was_busy_and_processes_died_in_it(week: Week) -> None:
    assert len(week.by_source) == HOSTS * EACH
    assert len(week.servers.log) > 2_000
    assert week.crashed.count(-9) == 4
    assert set(week.crashed) == {0, -9}


def test_no_source_is_asked_sooner_than_its_least_interval(week: Week) -> None:
    for lines in week.by_source.values():
        gaps = [later.at - earlier.at for earlier, later in pairwise(lines)]
        assert min(gaps) >= LEAST


def test_the_first_request_is_unconditional_and_others_are_probes_a_day_apart(week: Week) -> None:
    for (host, path), lines in week.by_source.items():
        assert not lines[0].conditional
        last, validators = lines[0].at, dict[str, str]()
        for line in lines:
            if not line.conditional and line is not lines[0] and validators:
                assert line.at - last >= DAY - STEP, f"{host}{path} at {line.at}"
                last = line.at
            if line.status == 200:
                last = line.at
                validators = {name: line.sent[name] for name in ("ETag", "Last-Modified") if name in line.sent}


def test_validators_come_back_byte_for_byte(week: Week) -> None:
    for lines in week.by_source.values():
        kept: dict[str, str] = {}
        for line in lines:
            if line.conditional:
                assert line.headers.get("if-none-match") == kept.get("ETag")
                assert line.headers.get("if-modified-since") == kept.get("Last-Modified")
            if line.status == 200:
                kept = {name: line.sent[name] for name in ("ETag", "Last-Modified") if name in line.sent}


def test_nothing_is_sent_that_tells_of_a_reader_or_changes_an_address(week: Week) -> None:
    for line in week.servers.log:
        assert not {"cookie", "referer", "authorization"} & line.headers.keys()
        assert "?" not in line.path
        assert line.headers["user-agent"].startswith("Mujaz/")
        assert "robots" not in line.path


def test_two_requests_at_once_to_a_host_at_most_by_one_process(week: Week) -> None:
    assert week.servers.most_at_once <= 4, "two processes at two each"


@pytest.mark.parametrize(("host", "number", "day", "wait"), [(2, 0, 1.0, 4 * HOUR), (3, 1, 2.0, 5 * HOUR), (4, 2, 3.0, 7 * DAY)])
def test_retry_after_holds_the_whole_host_even_against_a_fetch_by_hand(
    week: Week, host: int, number: int, day: float, wait: timedelta
) -> None:
    refused = [line for line in week.of(host, number)[0] if line.status in (429, 503)]
    assert refused, "the server said so at least once"
    for refusal in refused:
        until = refusal.at + wait
        if (after := refusal.sent["Retry-After"]).endswith("GMT"):
            until = parsedate_to_datetime(after)
        late = [line for lines in week.of(host) for line in lines if refusal.at < line.at < until]
        assert late == []


@pytest.mark.parametrize(("host", "wait"), [(7, 6 * HOUR), (8, 5 * HOUR)])
def test_cache_headers_lengthen_the_interval(week: Week, host: int, wait: timedelta) -> None:
    for lines in week.of(host):
        assert len(lines) > 10
        assert all(later.at - earlier.at >= wait for earlier, later in pairwise(lines))


def test_a_feeds_own_wishes_are_kept(week: Week) -> None:
    for number, lines in enumerate(week.of(9)):
        assert len(lines) > 5
        gaps = [later.at - earlier.at for earlier, later in pairwise(lines)]
        match number % 4:
            case 0:
                assert min(gaps) >= 5 * HOUR
            case 1:
                assert min(gaps) >= 4 * HOUR
            case 2:
                assert not [line.at for line in lines[1:] if 6 <= line.at.hour < 12]
            case 3:
                assert not [line.at for line in lines[1:] if line.at.weekday() in (2, 3)]


def test_a_gone_feed_is_asked_no_more(week: Week) -> None:
    lines = week.of(5, 3)[0]
    assert [line.status for line in lines].count(410) == 1
    assert lines[-1].status == 410


def test_a_permanent_move_is_adopted_after_three_and_a_temporary_one_never(week: Week) -> None:
    permanent, temporary = week.of(5, 4)[0], week.of(5, 5)[0]
    assert [line.status for line in permanent] == [301] * 3
    assert len(temporary) > 20
    assert sum(line.path == "/new/4" for line in week.servers.log) > 20


def test_a_source_that_was_down_for_three_days_is_back_without_a_human(week: Week) -> None:
    for lines in week.of(6):
        down = [line for line in lines if line.status == 500]
        assert 5 < len(down) < 40, "it was tried, and ever less"
        back = [line for line in lines if line.at >= START + 4 * DAY]
        assert back[0].at < START + 4 * DAY + 7 * HOUR
        assert back[0].status in (200, 304)


def test_the_start_is_no_burst(week: Week) -> None:
    first = [line for line in week.servers.log if line.at == START]
    assert 0 < len(first) <= 25


def test_an_unchanging_feed_is_asked_rarely(week: Week) -> None:
    lines = week.of(1, 9)[0]
    free = [line for line in lines if line.at not in week.by_hand]
    assert len(free) <= 7 * 24
