"""A full disk and a locked database: one sentence, nothing lost, and it goes on by itself when there is room again."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.demo.server import Server
from aggregator.errors import DatabaseError
from aggregator.settings import StorageSettings
from aggregator.store import Store
from aggregator.store.connect import file_lock, sqlite_module
from tests.integration.fakes import feed, fetched, in_loop, parts, source
from tests.integration.served import Command, command, newsroom, pieces, waited
from tests.integration.test_crash import stored

OUTLETS = 3
FETCH = ("fetch", "--all", "--force")


def one_sentence(errors: str) -> bool:
    return errors.startswith("mujaz: ") and errors.count("\n") == 1


@pytest.mark.long
def test_a_database_that_cannot_grow_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    room = newsroom(OUTLETS)
    with Server(room):
        mujaz = command(tmp_path, room)
        room.publish(pieces(OUTLETS, 0, 5))
        assert mujaz.run(*FETCH).returncode == 0
        room.publish(pieces(OUTLETS, 10, 20))
        full = tmp_path / "full"
        full.touch()
        done = mujaz.run(*FETCH, fault=("full", str(full)))
        assert done.returncode in (1, 3)
        assert "The disk is full: free some space" in done.stderr
        assert "Traceback" not in done.stderr
        assert len(stored(mujaz)) == OUTLETS * 5
        full.unlink()
        # nothing has to be waited for: a full disk is no fault of the source, its schedule is as it was
        again = mujaz.run("fetch", "--all", "--force", fault=("full", str(full)))
        assert again.returncode == 0, again.stderr
        urls = stored(mujaz)
        assert len(urls) == len(set(urls)) == OUTLETS * 25


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk of a few megabytes; skips where this may not be done."""
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False).returncode
    ):
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def filled(folder: Path, leave: int) -> Path:
    """Fill a disk up, but for ``leave`` bytes."""
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * max(0, shutil.disk_usage(folder).free - leave))
    return ballast


def test_a_disk_that_is_really_full_is_one_sentence_whatever_is_asked(tmp_path: Path) -> None:
    room = newsroom(OUTLETS)
    with Server(room), small_disk(tmp_path / "small", "6m") as disk:
        mujaz = command(disk, room)
        room.publish(pieces(OUTLETS, 0, 5))
        assert mujaz.run(*FETCH).returncode == 0
        room.publish(pieces(OUTLETS, 10, 20))
        ballast = filled(disk, 0)
        for arguments in (FETCH, ("db", "backup"), ("export", "-f", "ndjson", "-o", str(disk / "out.ndjson"))):
            done = mujaz.run(*arguments)
            assert done.returncode in (1, 3), arguments
            assert one_sentence(done.stderr), done.stderr
            assert "The disk is full" in done.stderr
        assert not [*disk.glob("backups/*"), *disk.glob("*out.ndjson*")], "half a file is left"
        ballast.unlink()
        ballast = filled(disk, 120_000)  # room to claim sources, and none for what they bring
        assert len(stored(mujaz)) == OUTLETS * 5, "what is stored can be read all the same"
        done = mujaz.run(*FETCH)
        assert done.returncode in (1, 3)
        assert "The disk is full" in done.stderr
        assert "Traceback" not in done.stderr
        ballast.unlink()
        assert mujaz.run(*FETCH).returncode == 0
        urls = stored(mujaz)
        assert len(urls) == len(set(urls)) == OUTLETS * 25
        assert mujaz.run("db", "check").returncode == 0


def test_a_first_run_on_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    room = newsroom(1)
    with Server(room), small_disk(tmp_path / "small", "1m") as disk:
        mujaz = command(disk, room)
        ballast = filled(disk, 0)
        done = mujaz.run(*FETCH)
        assert done.returncode == 3
        assert one_sentence(done.stderr), done.stderr
        ballast.unlink()
        room.publish(pieces(1, 0, 2))
        assert mujaz.run(*FETCH).returncode == 0


def test_output_to_a_full_device_is_one_sentence(tmp_path: Path) -> None:
    mujaz = command(tmp_path, newsroom(1))
    with Store.open(f"sqlite:///{tmp_path / 'mujaz.db'}", folder=tmp_path, settings=StorageSettings()):
        pass
    process = mujaz.start("export", "-f", "atom", out="/dev/full")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert one_sentence(errors)
    assert "The disk is full" in errors


def test_a_daemon_outlives_a_full_disk(tmp_path: Path) -> None:
    room = newsroom(OUTLETS)
    with Server(room):
        mujaz = command(tmp_path, room)
        full = tmp_path / "full"
        assert mujaz.run("fetch", "o0").returncode == 0
        full.touch()
        room.publish(pieces(OUTLETS, 0, 30))
        process = mujaz.start("run", "--no-web", fault=("full", str(full)), err=str(tmp_path / "log"))
        try:
            assert waited(lambda: "could not be stored: The disk is full" in log(tmp_path))
            full.unlink()
            assert waited(lambda: len(stored(mujaz)) == (OUTLETS - 1) * 30), log(tmp_path)[-2000:]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=15)
        assert process.returncode == 0
        assert "Traceback" not in log(tmp_path)


def log(folder: Path) -> str:
    return (folder / "log").read_text() if (folder / "log").exists() else ""


def test_a_database_locked_for_longer_than_one_waits_is_one_sentence(tmp_path: Path) -> None:
    room = newsroom(1)
    with Server(room):
        mujaz = command(tmp_path, room)
        room.publish(pieces(1, 0, 5))
        assert mujaz.run(*FETCH).returncode == 0
        room.publish(pieces(1, 10, 5))
        for who in ("another mujaz", "another program"):
            with locked(tmp_path, who):
                done = mujaz.run(*FETCH, MUJAZ_DATABASE__BUSY_TIMEOUT="0.5")
                assert done.returncode == 3
                assert one_sentence(done.stderr), done.stderr
                assert re.search("Another mujaz|locked by another program", done.stderr)
                assert len(stored(mujaz)) == 5, "reading goes on"
        assert mujaz.run(*FETCH).returncode == 0
        assert len(stored(mujaz)) == 10


@contextmanager
def locked(folder: Path, who: str) -> Iterator[None]:
    """Hold the lock to write, as one of the two would."""
    if who == "another mujaz":
        with file_lock(folder / "mujaz.db.lock", 1):
            yield
        return
    with closing(sqlite_module().connect(folder / "mujaz.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.long
@pytest.mark.parametrize("who", ["another mujaz", "another program"])
def test_a_daemon_waits_a_lock_out_and_loses_nothing(tmp_path: Path, who: str) -> None:
    room = newsroom(OUTLETS)
    with Server(room):
        mujaz = command(tmp_path, room)
        assert mujaz.run("fetch", "o0").returncode == 0
        room.publish(pieces(OUTLETS, 0, 5))
        slow, held = room.answer, [False]

        def answer(path: str) -> tuple[int, bytes, str]:
            while not held[0]:  # the lock is taken between the request and its commit
                time.sleep(0.05)
            return slow(path)

        room.answer = answer  # type: ignore[method-assign]
        process = mujaz.start("run", "--no-web", err=str(tmp_path / "log"), MUJAZ_DATABASE__BUSY_TIMEOUT="0.5")
        try:
            assert waited(lambda: claimed(mujaz) > 0)
            with locked(tmp_path, who):
                held[0] = True
                assert waited(lambda: "could not be stored" in log(tmp_path)), log(tmp_path)
            assert waited(lambda: len(stored(mujaz)) == (OUTLETS - 1) * 5), log(tmp_path)[-2000:]
        finally:
            held[0] = True
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=15)
        assert "Traceback" not in log(tmp_path)


def claimed(mujaz: Command) -> int:
    with closing(sqlite_module().connect(mujaz.folder / "mujaz.db")) as look:
        return int(look.execute("SELECT count(*) FROM source WHERE lease_until IS NOT NULL").fetchone()[0])


@in_loop
async def test_a_refresh_that_could_not_be_stored_is_no_failure_of_its_source(store: Store) -> None:
    async with parts(store, min_interval=900) as p:
        store.sync_catalogue([source("a")])
        p.network.answers["https://a.example/feed"] = fetched(feed(1, 2), "https://a.example/feed")
        real, broken = store.commit_many, [True]

        def commit(*arguments: Any) -> Any:
            if broken[0]:
                raise DatabaseError("The disk is full.", passing=True)
            return real(*arguments)

        store.commit_many = commit  # type: ignore[method-assign, assignment]
        await p.engine.once(["a"])
        assert p.results[0].failure is not None
        before = store.source("a")
        assert before is not None
        assert (before.state.failures, before.until) == (0, None)
        broken[0] = False
        assert await p.engine.once(["a"]) == ["a"], "its server was asked a moment ago"
        p.clock.pass_(timedelta(minutes=15))
        assert await p.engine.once(["a"]) == []
        assert len(p.results[-1].committed.new) == 2


@in_loop
async def test_a_refresh_that_the_database_refuses_harms_no_other_of_its_batch(store: Store) -> None:
    async with parts(store) as p:
        names = [f"s{n}" for n in range(6)]
        store.sync_catalogue([source(name) for name in names])
        for n, name in enumerate(names):
            p.network.answers[f"https://{name}.example/feed"] = fetched(feed(10 * n, 10 * n + 1), f"https://{name}.example/feed")
        real = store.commit_many

        def commit(refreshes: Any, judge: Any) -> Any:
            if any(refresh.source_id == "s3" for refresh in refreshes):
                raise DatabaseError("This row is refused.")
            return real(refreshes, judge)

        store.commit_many = commit  # type: ignore[method-assign, assignment]
        await p.engine.once(names)
        assert [result.source.id for result in p.results if result.failure] == ["s3"]
        refused = store.source("s3")
        assert refused is not None
        assert refused.state.failures == 1
