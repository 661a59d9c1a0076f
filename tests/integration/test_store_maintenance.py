"""Looking after a database: checked, backed up, restored, pruned, reindexed; older ones migrated, others refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from aggregator.errors import DatabaseError
from aggregator.model import StoryFilter
from aggregator.settings import StorageSettings
from aggregator.store import Store
from aggregator.store.backup import restore_file
from tests.integration.news import NOW, entry, refresh, source

FEED = source("alif")
NEWS = [
    entry("افتتاح محطة القطار الجديدة بطنجة", "افتتحت صباح اليوم محطة القطار الجديدة بمدينة طنجة بحضور وزير النقل."),
    entry("انطلاق مهرجان السينما بمراكش", "انطلقت مساء أمس فعاليات مهرجان السينما بمراكش."),
    entry("ارتفاع صادرات الحوامض", "ارتفعت صادرات الحوامض بعشرين في المائة خلال الموسم الجاري."),
]


def opened(path: Path) -> Store:
    return Store.open(f"sqlite:///{path}", folder=path.parent, settings=StorageSettings())


def test_a_healthy_database_has_no_problem(store: Store) -> None:
    refresh(store, FEED, *NEWS)
    assert store.check() == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM body", "items without a body row"),
        ("UPDATE story SET size = 7", "stories whose size is wrong"),
        ("DELETE FROM search", "the search index lacks 3 items"),
        ("DELETE FROM signature", "items without a signature"),
        ("UPDATE item SET outlet = 'nobody'", "items of unknown outlets"),
    ],
)
def test_a_check_finds_what_is_damaged_and_says_what_to_do(store: Store, damage: str, said: str) -> None:
    refresh(store, FEED, *NEWS)
    with store.database.write() as c:
        c.execute(text(damage))
    problems = store.check()
    assert any(said in problem.what for problem in problems), problems
    assert all(problem.remedy for problem in problems)


def test_what_was_pruned_does_not_come_back_from_its_feed(store: Store) -> None:
    refresh(store, FEED, *NEWS)
    later = NOW + timedelta(days=100)
    assert store.prune(later, timedelta(days=90), dry_run=True) == 3
    assert store.counts().items == 3
    assert store.prune(later, timedelta(days=90)) == 3
    again = refresh(store, FEED, *NEWS, now=later)
    assert again.new == ()
    assert {why for _, why in again.skipped} == {"it was removed before"}
    assert store.counts().items == 0
    assert store.check() == []


def test_pruning_by_size_takes_the_oldest_first(store: Store) -> None:
    refresh(store, FEED, NEWS[0], now=NOW)
    refresh(store, FEED, NEWS[1], now=NOW + timedelta(days=1))
    assert store.prune(NOW + timedelta(days=2), timedelta(days=365), max_bytes=1) == 2
    assert store.check() == []


def test_a_reindex_brings_back_search_and_candidates(store: Store) -> None:
    refresh(store, FEED, *NEWS)
    with store.database.write() as c:
        c.execute(text("DELETE FROM search"))
        c.execute(text("DELETE FROM dkey"))
        c.execute(text("DELETE FROM signature"))
    assert store.stories(StoryFilter(query="القطار")).rows == ()
    counted: list[int] = []
    assert store.reindex(counted.append) == 3
    assert sum(counted) == 3
    assert store.check() == []
    assert [story.lead.title for story in store.stories(StoryFilter(query="القطار")).rows] == [NEWS[0][0].title]
    beside = refresh(store, source("ba"), entry("افتتاح محطة القطار الجديدة بطنجة", NEWS[0][1].body, url="https://ba.example/9"))
    assert beside.merged == 1, "the keys are there again"


def test_an_interrupted_reindex_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from aggregator.store import maintenance

    refresh(store, FEED, *NEWS)
    one_by_one = maintenance.reindex_some
    monkeypatch.setattr(maintenance, "reindex_some", lambda c, version, after, limit, drafts: one_by_one(c, version, after, 1, drafts))

    class Interrupted(Exception):
        pass

    def stop(_: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        store.reindex(stop)
    assert store.reindex() == 2
    assert store.check() == []


def test_a_backup_is_made_in_use_and_restored_whole(tmp_path: Path) -> None:
    path = tmp_path / "mujaz.db"
    with opened(path) as store:
        refresh(store, FEED, *NEWS)
        saved = store.backup()
        refresh(store, FEED, entry("خبر جاء بعد النسخة", "نص."))
    restore_file(saved, path, force=True, busy_timeout=5)
    with opened(path) as store:
        assert store.counts().items == 3
        assert store.check() == []
    assert path.with_suffix(".replaced").exists(), "what was there is kept"


def test_a_damaged_backup_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "mujaz.db"
    with opened(path) as store:
        refresh(store, FEED, *NEWS)
        saved = store.backup()
    data = bytearray(saved.read_bytes())
    data[4096:12288] = b"\xff" * 8192
    saved.write_bytes(bytes(data))
    with pytest.raises(DatabaseError):
        restore_file(saved, path, force=True, busy_timeout=5)
    with opened(path) as store:
        assert store.counts().items == 3


def test_a_database_of_a_newer_program_is_refused(open_store: Callable[[], Store]) -> None:
    store = open_store()
    with store.database.write() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer mujaz"):
        open_store()


def test_an_older_database_is_backed_up_and_migrated(tmp_path: Path) -> None:
    from aggregator.store import migrate
    from aggregator.store.connect import Database

    path = tmp_path / "mujaz.db"
    database = Database(f"sqlite:///{path}", tmp_path, 5)
    with database.write() as c:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        config.attributes["connection"] = c
        command.upgrade(config, migrate.KNOWN[0])
    database.close()
    with opened(path) as store:
        assert store.opened is not None
        assert "after a backup" in store.opened
        refresh(store, FEED, *NEWS)
        assert store.check() == []
    assert list((tmp_path / "backups").glob("*.db"))


def test_the_newest_migration_is_the_one_that_the_program_knows() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from aggregator.store import migrate

    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look like one" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mujaz.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseError) as caught:
        opened(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mujaz.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseError, match="none of Mujaz's"):
        opened(path)


def test_a_missing_database_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="mujaz fetch"):
        Store.open(f"sqlite:///{tmp_path / 'mujaz.db'}", folder=tmp_path, settings=StorageSettings(), create=False)
