"""Killed before any one of the writes of a fetch, or with the disk's last writes lost, Mujaz is whole and loses nothing."""

from __future__ import annotations

import shutil
import signal
import struct
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import pytest

from aggregator.demo.server import Newsroom
from aggregator.model import StoryFilter
from aggregator.settings import StorageSettings
from aggregator.store import Store
from aggregator.store.connect import sqlite_module
from tests.integration.served import growing

OUTLETS = 3
FETCH = ("fetch", "--all", "--force")
FRAME = 24  # bytes of a WAL frame's head, before its page


def sound(folder: Path, room: Newsroom) -> set[str]:
    """Look at a database that nobody closed: whole, nothing twice, no validator without its items; gives the stored addresses."""
    with Store.open(f"sqlite:///{folder / 'mujaz.db'}", folder=folder, settings=StorageSettings()) as store:
        assert store.check() == []
        urls = [item.url for item in store.iter_items(StoryFilter())]
        assert len(urls) == len(set(urls)), "an item is stored twice"
        for claim in store.sources():
            body = room.answer(f"/{claim.source.id}/feed")[1]
            if claim.state.etag == f'"{blake2b(body, digest_size=8).hexdigest()}"':
                offered = {piece.url for piece in room._published[claim.source.id][:30]}
                assert offered <= set(urls), "its validator is stored, and some of its items are not"
        return set(urls)


def killed_at(tmp_path: Path, step: int, offset: int) -> None:
    """Kill a fetch before each ``step``-th write while new articles keep coming; then fetch in peace and count."""
    with growing(tmp_path, OUTLETS, 6) as news:
        news.more(2)
        assert news.mujaz.run(*FETCH, fault=("count", str(tmp_path / "count"))).returncode == 0
        whole = int((tmp_path / "count").read_text())
        assert whole > 60, "the writes are no longer seen"
        for round_, fatal in enumerate(range(1 + offset, whole - 3, step)):
            news.more(2)
            died = news.mujaz.run(*FETCH, fault=("kill", str(fatal)), timeout=200)
            # refreshes that come together are written together: a fetch may have fewer writes than the one that was counted
            assert died.returncode == -signal.SIGKILL or (fatal > 0.8 * whole and died.returncode == 0), (fatal, died.stderr)
            sound(tmp_path, news.room)
            if round_ % 8 == 7:  # a feed holds 30 entries: let it catch up before they fall out of it
                assert news.mujaz.run(*FETCH).returncode == 0
        assert news.mujaz.run(*FETCH).returncode == 0
        assert sound(tmp_path, news.room) == news.urls


def test_killed_before_some_of_the_writes_of_a_fetch_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    killed_at(tmp_path, step=150, offset=60)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_before_every_write_of_a_fetch_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    killed_at(tmp_path, step=1, offset=0)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_killed_in_the_midst_of_sqlites_own_writes_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with growing(tmp_path, OUTLETS, 6) as news:
        killed = 0
        for round_, (call, count) in enumerate([("pwrite64", n) for n in range(1, 160, 4)] + [("fdatasync", n) for n in range(1, 7)]):
            news.more(2)
            trace = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={count}")
            killed += news.mujaz.run(*FETCH, before=trace).returncode != 0
            sound(tmp_path, news.room)
            if round_ % 8 == 7:
                assert news.mujaz.run(*FETCH).returncode == 0
        assert killed >= 20
        assert news.mujaz.run(*FETCH).returncode == 0
        assert sound(tmp_path, news.room) == news.urls


def power_cut(tmp_path: Path, most: int) -> None:
    """Cut the write-ahead log off at up to ``most`` places, between frames and in them, as a power cut would, and look each time."""
    with growing(tmp_path, OUTLETS, 4) as news:
        before = (tmp_path / "mujaz.db").read_bytes()
        # as long as somebody reads, the last to close does not empty the log into the database
        with closing(sqlite_module().connect(tmp_path / "mujaz.db")) as reader:
            reader.execute("SELECT count(*) FROM item").fetchall()
            news.more(4)
            assert news.mujaz.run(*FETCH).returncode == 0
            whole = (tmp_path / "mujaz.db-wal").read_bytes()
        assert len(whole) > 10_000
        page = struct.unpack(">I", whole[8:12])[0] + FRAME
        frames = (len(whole) - 32) // page
        cuts = [32 + n * page for n in range(frames + 1)] + [32 + n * page + page // 2 for n in range(frames)]
        counts = set()
        for cut in [*sorted(cuts)[:: max(1, len(cuts) // most)], len(whole)]:
            copy = tmp_path / "cut"
            copy.mkdir()
            (copy / "mujaz.db").write_bytes(before)
            (copy / "mujaz.db-wal").write_bytes(whole[:cut])
            counts.add(len(sound(copy, news.room)))
            shutil.rmtree(copy)
        assert {4 * OUTLETS, 8 * OUTLETS} <= counts, "the cuts fell on one transaction only"


def test_a_power_cut_leaves_whole_transactions(tmp_path: Path) -> None:
    power_cut(tmp_path, 14)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_power_cut_at_any_frame_leaves_whole_transactions(tmp_path: Path) -> None:
    power_cut(tmp_path, 100_000)
