"""What a cluster is made of, each part alone: the queue's leases, a host's places, the ledger of tables, late results."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from aggregator.engine import queue
from aggregator.engine.gate import BEFORE_ASKING, SharedGate
from aggregator.engine.patient import patiently
from aggregator.errors import ConfigurationError, DatabaseError
from aggregator.model import Article, RawItem, Source, SourceState, Status
from aggregator.settings import FetchSettings, StorageSettings
from aggregator.store import Refresh, Store, cluster
from aggregator.store.dispatch import BACKLOG, Dispatch
from aggregator.store.hostgate import HostGate
from aggregator.store.schema import to_ms
from tests.conftest import new_database
from tests.integration.fakes import in_loop, source

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LEASE, LEAST = 10 * MINUTE, 15 * MINUTE


@pytest.fixture(scope="module")
def cluster_template(postgres: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    address = new_database(postgres, "cluster_template", postgres_template)
    with Store.open(address, folder=tmp_path_factory.mktemp("template"), settings=StorageSettings()) as store:
        cluster.ensure(store.database)
    return "cluster_template"


@pytest.fixture
def store(postgres: str, cluster_template: str, tmp_path: Path) -> Iterator[Store]:
    address = new_database(postgres, f"t{uuid.uuid4().hex[:12]}", cluster_template)
    with Store.open(address, folder=tmp_path, settings=StorageSettings(busy_timeout=10)) as opened:
        yield opened


@pytest.fixture
def dispatch(store: Store) -> Iterator[Dispatch]:
    dispatch = Dispatch(store.database)
    yield dispatch
    dispatch.close()


def queued(dispatch: Dispatch, now: datetime = NOW, per_host: int = 2, backlog: int = BACKLOG) -> int:
    return dispatch.queue(now, LEAST, per_host, queue.deferring, backlog)


def jobs(store: Store) -> list[tuple[str, str, str]]:
    with store.database.read() as c:
        return [tuple(row) for row in c.execute(text("SELECT queue_name, queueing_lock, status::text FROM procrastinate_jobs ORDER BY id"))]


def end_jobs(store: Store) -> None:
    with store.database.write() as c:
        c.execute(text("DELETE FROM procrastinate_jobs"))


def take(dispatch: Dispatch, name: str, holder: str = "job/1", now: datetime = NOW) -> Any:
    return dispatch.take(name, holder, now, LEASE, LEAST)


# -- the queue --


def test_what_is_due_becomes_jobs_once_those_with_pages_in_a_queue_of_their_own(store: Store, dispatch: Dispatch) -> None:
    for each in (source("a"), source("b", full_page=True), source("c")):
        store.add_source(each)
    store.set_status("c", Status.PAUSED)
    assert queued(dispatch) == 2
    assert jobs(store) == [("fetch", "source/a", "todo"), ("article", "source/b", "todo")]
    assert queued(dispatch) == 0, "what stands in the queue is not queued again"
    assert queued(dispatch, NOW + 2 * HOUR) == 0, "not even when its lease has ended long ago"


def test_lease_and_job_are_there_together_or_not_at_all(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))

    def deferred_then_broken(connection: Any, due: Any) -> None:
        queue.deferring(connection, due)
        raise RuntimeError("the process ends here")

    with pytest.raises(RuntimeError):
        dispatch.queue(NOW, LEAST, 2, deferred_then_broken)
    assert jobs(store) == []
    assert queued(dispatch) == 1, "the lease went back with the job"


def test_hosts_take_turns_and_none_has_more_in_the_queue_than_its_places(store: Store, dispatch: Dispatch) -> None:
    for n in range(50):
        store.add_source(source(f"a{n:02}", f"https://large.example/{n}"))
    for n in range(5):
        store.add_source(source(f"z{n}"))
    assert queued(dispatch, backlog=4) == 4
    assert [lock for _, lock, _ in jobs(store)] == ["source/a00", "source/z0", "source/z1", "source/z2"]
    queued(dispatch)
    large = [lock for _, lock, _ in jobs(store) if "/a" in lock]
    assert large == ["source/a00", "source/a01"]
    take(dispatch, "a00")
    with store.database.write() as c:
        c.execute(text("DELETE FROM procrastinate_jobs WHERE queueing_lock = 'source/a00'"))
    assert queued(dispatch) == 0, "one that is under way has its host's place"


def test_two_that_queue_at_once_do_not_wait_for_each_other(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))
    seen = []

    def meanwhile(connection: Any, due: Any) -> None:
        seen.append(queued(dispatch))
        queue.deferring(connection, due)

    assert dispatch.queue(NOW, LEAST, 2, meanwhile) == 1
    assert seen == [0]
    assert len(jobs(store)) == 1


def test_a_job_that_comes_late_or_twice_asks_nobody_too_soon(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))
    queued(dispatch)
    first = take(dispatch, "a", "job/1")
    assert first.source.id == "a"
    assert first.asked == NOW
    assert take(dispatch, "a", "job/2") is None, "it is being asked"
    assert take(dispatch, "a", "job/2", NOW + LEASE + SECOND) is None, "its worker died, but may have asked"
    assert take(dispatch, "a", "job/2", NOW + LEAST + SECOND) is not None


@pytest.mark.parametrize("by", ["last_fetch", "crash"])
def test_a_source_s_own_least_interval_holds_after_a_fetch_and_after_a_crash(store: Store, dispatch: Dispatch, by: str) -> None:
    own = source("a", min_interval=6 * HOUR)
    store.add_source(own)
    if by == "crash":
        queued(dispatch)
        assert take(dispatch, "a")
        end_jobs(store)
    else:
        store.record(own, SourceState(last_fetch_at=NOW, next_fetch_at=NOW + MINUTE))
    assert queued(dispatch, NOW + 5 * HOUR) == 0
    assert queued(dispatch, NOW + 6 * HOUR + SECOND) == 1


def test_a_held_host_is_neither_queued_nor_asked(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))
    store.add_source(source("b"))
    queued(dispatch)
    store.hold_host("a.example", NOW + HOUR)
    assert take(dispatch, "a") is None, "it asked to be left alone after it was queued"
    end_jobs(store)
    dispatch.free_orphans()
    queued(dispatch)
    assert [lock for _, lock, _ in jobs(store)] == ["source/b"]


def test_a_source_that_a_job_did_not_take_is_free_for_the_next(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))
    queued(dispatch)
    store.set_status("a", Status.PAUSED)
    assert take(dispatch, "a") is None
    end_jobs(store)
    store.set_status("a", Status.ACTIVE)
    assert queued(dispatch) == 1


def test_a_source_whose_job_was_lost_is_queued_again(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))
    queued(dispatch)
    assert dispatch.free_orphans() == 0
    end_jobs(store)
    assert queued(dispatch) == 0
    assert dispatch.free_orphans() == 1
    assert queued(dispatch) == 1


def test_a_source_whose_job_was_removed_while_it_was_under_way_is_free_again(store: Store, dispatch: Dispatch) -> None:
    for name in ("a", "b"):
        store.add_source(source(name))
    queued(dispatch)
    with store.database.write() as c:
        for name in ("a", "b"):
            row = c.execute(
                text("UPDATE procrastinate_jobs SET status = 'doing' WHERE queueing_lock = :lock RETURNING id"), {"lock": f"source/{name}"}
            )
            assert take(dispatch, name, queue.holder(row.scalar_one()))
    assert dispatch.free_orphans() == 0
    with store.database.write() as c:  # as a sweep does that is killed before it frees the source
        c.execute(text("DELETE FROM procrastinate_jobs WHERE queueing_lock = 'source/a'"))
    assert dispatch.free_orphans() == 1
    assert queued(dispatch, NOW + MINUTE) == 0, "it may have been asked"
    queued(dispatch, NOW + LEAST + SECOND)
    assert ("fetch", "source/a", "todo") in jobs(store)


def test_a_source_that_was_given_back_keeps_its_least_interval(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))
    queued(dispatch)
    take(dispatch, "a", "job/7")
    end_jobs(store)
    dispatch.give_back(["job/7", "job/8"])
    assert queued(dispatch, NOW + MINUTE) == 0
    assert queued(dispatch, NOW + LEAST + SECOND) == 1


def test_who_was_stopped_and_lost_its_source_learns_it_before_it_asks(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))
    queued(dispatch)
    take(dispatch, "a", "job/1")
    assert dispatch.confirm("a", "job/1", NOW + MINUTE, LEASE)
    assert take(dispatch, "a", "job/2", NOW + LEAST + SECOND) is None, "the confirmation counts as the time of asking"
    dispatch.give_back(["job/1"])
    assert take(dispatch, "a", "job/2", NOW + LEAST + 2 * MINUTE) is not None
    assert not dispatch.confirm("a", "job/1", NOW + LEAST + 3 * MINUTE, LEASE)


# -- results that come late --


def judged(name: str, title: str, body: str = "") -> Any:
    from aggregator import dedup
    from aggregator.store import Judged

    raw = RawItem(name, f"https://a.example/{name}", title, published=NOW)
    return Judged(raw, Article(title, body), dedup.draft(dedup.Report(title, body)))


def committed(store: Store, each: Source, etag: str, *items: Any) -> Any:
    from aggregator.dedup import New

    state = SourceState(etag=etag, last_fetch_at=NOW, next_fetch_at=NOW + HOUR)
    return store.commit(Refresh(each.id, state, items, (b"12345678",), 0, NOW), lambda *_: New())


def test_what_a_stopped_worker_found_adds_articles_but_undoes_nothing(
    postgres: str, store: Store, dispatch: Dispatch, tmp_path: Path
) -> None:
    each = source("a")
    store.add_source(each)
    queued(dispatch)
    stopped = take(dispatch, "a", "job/1")
    store.held["a"] = to_ms(stopped.asked) or 0
    dispatch.give_back(["job/1"])
    url = store.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with Store.open(url, folder=tmp_path, settings=StorageSettings()) as other:
        later = take(dispatch, "a", "job/2", NOW + HOUR)
        other.held["a"] = to_ms(later.asked) or 0
        committed(other, each, "new", judged("1", "العنوان كما صحح لاحقا", "النص كما صحح لاحقا وفيه ما ليس في الأول."))
    late = committed(store, each, "old", judged("1", "العنوان القديم", "النص الأول."), judged("2", "خبر لم يبق في القائمة"))
    assert len(late.new) == 1
    assert late.revised == 0
    found = store.source("a")
    assert found is not None
    assert found.state.etag == "new", "the later validators stand"
    assert found.state.next_fetch_at == NOW + HOUR
    from aggregator.model import StoryFilter

    assert sorted(item.title for item in store.iter_items(StoryFilter())) == ["العنوان كما صحح لاحقا", "خبر لم يبق في القائمة"]
    store.record(each, SourceState(etag="older still"))
    again = store.source("a")
    assert again is not None
    assert again.state.etag == "new"


# -- a host's places --


@pytest.fixture
def gates(store: Store) -> Iterator[Callable[..., SharedGate]]:
    """Give a function that makes the gate of one more worker."""
    made: list[SharedGate] = []

    def make(per_host: int = 2, spacing: float = 0.0, holds: dict[str, datetime] | None = None, timeout: float = 30) -> SharedGate:
        settings = FetchSettings(per_host=per_host, host_spacing=spacing, timeout=timeout, page_timeout=timeout)
        made.append(SharedGate(settings, HostGate(store.database, 4), {} if holds is None else holds))
        return made[-1]

    yield make
    for each in made:
        asyncio.run(each.close())


def test_two_at_once_to_a_host_whoever_asks(gates: Callable[..., SharedGate]) -> None:
    workers = [gates(per_host=2) for _ in range(3)]
    at_once = most = 0

    async def ask(gate: SharedGate) -> None:
        nonlocal at_once, most
        async with gate.enter("h.example"):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.02)
            at_once -= 1

    async def main() -> None:
        await asyncio.gather(*(ask(workers[n % 3]) for n in range(12)))
        async with workers[0].enter("h.example"), workers[1].enter("h.example"), asyncio.timeout(10), workers[2].enter("other.example"):
            pass  # another host's places are its own

    asyncio.run(main())
    assert most == 2


def test_the_starts_of_all_workers_are_spaced(gates: Callable[..., SharedGate]) -> None:
    workers = [gates(per_host=2, spacing=0.15) for _ in range(2)]
    starts: list[float] = []

    async def ask(gate: SharedGate, spacing: float | None = None) -> None:
        async with gate.enter("h.example", spacing):
            starts.append(asyncio.get_running_loop().time())

    async def main() -> float:
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(*(ask(workers[n % 2]) for n in range(6)))
        return begun

    begun = asyncio.run(main())
    assert all(start - begun >= n * 0.15 for n, start in enumerate(starts)), [start - begun for start in starts]


def test_the_place_of_a_killed_worker_comes_free_by_itself(store: Store) -> None:
    places = HostGate(store.database, 1)
    try:
        assert places.enter("h", "dead", 1, 0.0, 0.4).wait == 0
        assert places.enter("h", "alive", 1, 0.0, 30).wait is None
        assert any_time(lambda: places.enter("h", "alive", 1, 0.0, 30).wait == 0)
        places.leave("h", "dead")  # it was only stopped, and gives back what is no longer its own
        assert places.enter("h", "third", 1, 0.0, 30).wait is None
        places.leave("h", "alive")
        assert places.enter("h", "third", 1, 0.0, 30).wait == 0
        places.tidy()
    finally:
        places.close()


def any_time(what: Callable[[], bool]) -> bool:
    from tests.integration.cluster import wait_for

    return wait_for(what, 10, 0.05)


def test_a_host_that_told_one_worker_to_wait_is_left_alone_by_all(store: Store, gates: Callable[..., SharedGate]) -> None:
    holds: dict[str, datetime] = {}
    until = datetime.now(UTC).replace(microsecond=0) + HOUR
    gate = gates(holds=holds)

    async def main() -> None:
        async with gate.enter("h.example"):
            assert holds == {}
        store.hold_host("h.example", until)  # as another process would
        async with gate.enter("h.example"):
            assert holds == {"h.example": until}

    asyncio.run(main())


def test_a_refresh_that_lost_its_source_ends_before_its_request(gates: Callable[..., SharedGate]) -> None:
    gate = gates(per_host=1)
    asked = []

    async def lost() -> None:
        raise DatabaseError("given to another")

    async def refresh() -> None:
        BEFORE_ASKING.set(lost)
        async with gate.enter("h.example"):
            asked.append("never")

    async def main() -> None:
        with pytest.raises(DatabaseError):
            await asyncio.create_task(refresh())
        async with asyncio.timeout(5), gate.enter("h.example"):
            asked.append("the place was given back")

    asyncio.run(main())
    assert asked == ["the place was given back"]


# -- the ledger --


def test_the_tables_are_made_once_and_noted(store: Store) -> None:
    assert cluster.ensure(store.database) == []
    state = cluster.state(store.database)
    assert state.missing == ()
    assert (state.waiting, state.running, state.failed, state.workers) == (0, 0, 0, ())


def test_what_is_noted_is_what_the_installed_queue_brings(store: Store) -> None:
    from procrastinate.schema import SchemaManager

    files = {f"procrastinate-{file.stem}" for file in Path(SchemaManager.get_migrations_path()).glob("*.sql")}
    with store.database.read() as c:
        noted = {row[0] for row in c.execute(text("SELECT name FROM cluster_ledger"))}
    assert files <= noted


def test_a_migration_that_a_newer_queue_brings_is_run_once(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from procrastinate import schema

    for file in schema.migrations_path.glob("*.sql"):
        (tmp_path / file.name).write_text("SELECT 1 / 0")  # those that are noted are not run again
    (tmp_path / "99.00.00_01_pre_more.sql").write_text("CREATE TABLE more (n INT); INSERT INTO more VALUES (1); -- 100%")
    monkeypatch.setattr(schema, "migrations_path", tmp_path)
    assert cluster.ensure(store.database) == ["procrastinate-99.00.00_01_pre_more"]
    assert cluster.ensure(store.database) == []
    with store.database.read() as c:
        assert c.execute(text("SELECT count(*) FROM more")).scalar() == 1
    monkeypatch.undo()
    with pytest.raises(DatabaseError, match="newer Procrastinate"):
        cluster.ensure(store.database)


def test_task_tables_of_somebody_else_are_left_alone(postgres: str, postgres_template: str, tmp_path: Path) -> None:
    address = new_database(postgres, f"t{uuid.uuid4().hex[:12]}", postgres_template)
    with Store.open(address, folder=tmp_path, settings=StorageSettings()) as store:
        with store.database.write() as c:
            c.execute(text("CREATE TABLE procrastinate_jobs (id BIGINT)"))
        with pytest.raises(DatabaseError, match="a database of its own"):
            cluster.ensure(store.database)


# -- waiting, and what is said --


@in_loop
async def test_a_database_that_is_away_is_asked_again_and_one_that_refuses_is_not() -> None:
    answers: list[BaseException | str] = [DatabaseError("away", passing=True), DatabaseError("away", passing=True), "here"]

    async def work() -> str:
        answer = answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    assert await patiently(work) == "here"
    answers.append(DatabaseError("this row is not to be had"))
    with pytest.raises(DatabaseError, match="this row"):
        await patiently(work)
    told = asyncio.Event()
    told.set()
    answers.append(DatabaseError("away", passing=True))
    with pytest.raises(DatabaseError, match="away"):
        await patiently(work, told)


def test_a_worker_needs_postgresql_and_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"needs PostgreSQL: set database\.url"):
        cluster.require("sqlite:///x.db")
    cluster.require("postgresql://u@h/db")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'mujaz\[cluster\]'"):
        cluster.require("postgresql://u@h/db")


def test_jobs_say_which_queues_there_are() -> None:
    from aggregator.cli.worker import chosen
    from aggregator.errors import UsageError

    assert chosen(None) == ()
    assert chosen("fetch, article,fetch") == ("fetch", "article")
    with pytest.raises(UsageError, match="There is no queue 'fetsch'; there are fetch, article, schedule, upkeep"):
        chosen("fetsch")


def test_a_lost_worker_s_jobs_are_removed_and_a_living_one_s_are_not(store: Store, dispatch: Dispatch) -> None:
    for name in ("a", "b"):
        store.add_source(source(name))
    queued(dispatch)
    with store.database.write() as c:
        c.execute(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '31 seconds'), (now() - interval '9 seconds')"
            )
        )
        ids = [row[0] for row in c.execute(text("SELECT id FROM procrastinate_workers ORDER BY id"))]
        begun = text("SELECT id FROM procrastinate_fetch_job_v2(NULL, :worker)")
        taken = [c.execute(begun, {"worker": worker}).scalar_one() for worker in ids]
    url = store.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def swept() -> list[str]:
        nothing: Any = None
        async with queue.build(url, queue.Jobs(nothing, nothing, nothing, nothing)).open_async() as app:
            return await queue.clear_stalled(app)

    assert asyncio.run(swept()) == [queue.holder(taken[0])]
    assert [(lock, status) for _, lock, status in jobs(store)] == [("source/b", "doing")]
    assert [worker.id for worker in cluster.state(store.database).workers] == ids, "whoever is silent for two minutes is forgotten"


# -- what the doctor says --


def said(store: Store) -> dict[str, str]:
    """Give the doctor's findings: level and text, and what to do."""
    from aggregator.cli.cluster_findings import cluster_findings

    return {f"{each.level}: {each.what}": each.remedy for each in cluster_findings(store)}


def test_the_doctor_says_that_no_worker_runs(store: Store) -> None:
    found = said(store)
    assert "start `mujaz run` here" in found["note: no worker is running: nothing is fetched"]
    assert any(line.startswith("ok: PostgreSQL ") for line in found)
    assert "ok: the queue: 0 jobs wait, 0 are under way" in found


def test_the_doctor_tells_living_workers_from_lost_ones_and_sees_a_queue_that_nobody_takes(store: Store, dispatch: Dispatch) -> None:
    store.add_source(source("a"))
    queued(dispatch)
    with store.database.write() as c:
        c.execute(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '95 seconds'), (now() - interval '2 seconds')"
            )
        )
        c.execute(text("UPDATE procrastinate_events SET at = now() - interval '10 minutes'"))
        c.execute(text("INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('fetch', 'refresh', 'failed')"))
    found = said(store)
    assert "ok: workers: 1, the last sign of life 2 s ago" in found
    assert any(line.startswith("note: worker ") and line.endswith("gave no sign of life for 95 s") for line in found)
    assert "--queues" in found["note: 1 jobs wait, the first for 10 minutes"]
    assert "note: 1 jobs failed in the last week" in found


def test_the_doctor_names_what_is_missing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.database.write() as c:
        c.execute(text("DELETE FROM cluster_ledger WHERE name = 'mujaz-02'"))
        c.execute(text("DROP INDEX source_leased, source_leased_by"))
    assert "mujaz db upgrade" in said(store)["note: the tables that workers share are not (all) made yet"]
    assert cluster.ensure(store.database) == ["mujaz-02"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert list(said(store).values()) == ["Running on PostgreSQL needs the extra: pip install 'mujaz[cluster]'."]


@pytest.mark.parametrize(
    ("server", "level", "words"),
    [
        (cluster.Server("12.20", "UTF8", True, 5, 100, 0.0), "wrong", "too old"),
        (cluster.Server("17.2 (Debian 17.2-1)", "SQL_ASCII", True, 5, 100, 0.0), "wrong", "SQL_ASCII"),
        (cluster.Server("17.2", "UTF8", False, 5, 100, 0.0), "wrong", "plpgsql"),
        (cluster.Server("17.2", "UTF8", True, 95, 100, 0.0), "note", "95 of 100 connections"),
        (cluster.Server("17.2", "UTF8", True, 5, 100, -40.0), "note", "40 s behind"),
    ],
    ids=["old", "encoding", "language", "connections", "clock"],
)
def test_the_doctor_looks_at_the_server(store: Store, monkeypatch: pytest.MonkeyPatch, server: Any, level: str, words: str) -> None:
    monkeypatch.setattr(cluster, "state", lambda _: cluster.State(server, (), (), 0, 0, 0, 0.0))
    line, remedy = next((line, remedy) for line, remedy in said(store).items() if words in line)
    assert line.startswith(level)
    assert remedy


def test_a_server_that_does_not_speak_is_given_up_in_time(tmp_path: Path) -> None:
    import socket
    import time

    from aggregator.store.connect import Database

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begun = time.monotonic()
        with pytest.raises(DatabaseError, match="does not answer") as failed:
            Store.open(f"postgresql://u@127.0.0.1:{port}/db?connect_timeout=2", folder=tmp_path, settings=StorageSettings())
        assert time.monotonic() - begun < 30
    assert failed.value.passing
    plain = Database("postgresql://u@127.0.0.1:1/db?keepalives_idle=7", tmp_path, 1)
    query = plain.engine.url.query
    plain.close()
    assert (query["connect_timeout"], query["keepalives_idle"], query["tcp_user_timeout"]) == ("10", "7", "30000")


def test_workers_with_the_same_news_at_the_same_moment_make_one_story(store: Store, tmp_path: Path) -> None:
    import threading
    from concurrent.futures import ThreadPoolExecutor

    from aggregator.engine.writer import ThreadWriter
    from aggregator.model import StoryFilter
    from aggregator.settings import DedupSettings
    from tests.integration import news

    url = store.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    names = ("alif", "ba", "ta", "tha")
    workers = [Store.open(url, folder=tmp_path, settings=StorageSettings()) for _ in names]
    together = threading.Barrier(len(names))

    def bring(name: str, own: Store) -> None:
        writer = ThreadWriter(own, DedupSettings())
        for number, each in enumerate((news.SPAIN, news.RAIN, news.FOOTBALL)):
            made = news.made(own, news.source(name), news.entry(*each, url=f"https://{name}.example/{number}"))
            together.wait(30)
            writer._judged([made])  # judged without the lock, then again in it

    try:
        with ThreadPoolExecutor(len(names)) as pool:
            for done in [pool.submit(bring, name, own) for name, own in zip(names, workers, strict=True)]:
                done.result()
    finally:
        for own in workers:
            own.close()
    stories = store.stories(StoryFilter()).rows
    assert sorted(len(story.items) for story in stories) == [4, 4, 4]
    assert all(len({item.title for item in story.items}) == 1 for story in stories)
    assert store.check() == []


def test_the_metrics_tell_of_workers_and_jobs(store: Store, dispatch: Dispatch) -> None:
    from aggregator.web.metrics import of_store

    store.add_source(source("a"))
    queued(dispatch)
    with store.database.write() as c:
        c.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '95 seconds'), (now())"))
    told = of_store(store, NOW).decode().splitlines()
    assert "mujaz_workers 1.0" in told
    assert 'mujaz_jobs{state="waiting"} 1.0' in told
    assert 'mujaz_jobs{state="running"} 0.0' in told
    assert any(line.startswith("mujaz_oldest_job_seconds ") for line in told)
