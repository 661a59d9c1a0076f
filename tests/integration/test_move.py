"""A database carried to the other kind and back, and backups that either restores: the same down to the byte of an export."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from aggregator.cli import main
from aggregator.errors import DatabaseError
from aggregator.export import write
from aggregator.model import Status, StoryFilter
from aggregator.settings import StorageSettings
from aggregator.store import Store, backup, transfer
from aggregator.store import move as moving
from aggregator.store import schema as t
from aggregator.store.move import move
from tests.conftest import new_database
from tests.integration.news import FOOTBALL, NOW, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source

pytestmark = pytest.mark.postgres
EXPORTS = ("ndjson", "json", "atom")
CORPUS = Path(__file__).parent.parent.parent.parent / "shared/data/news/saudi_2015_dev.ndjson.gz"


@pytest.fixture(scope="module")
def places(postgres: str) -> list[str]:
    """Make two databases once; a test empties them."""
    return [new_database(postgres, f"t{uuid.uuid4().hex[:12]}") for _ in range(2)]


@pytest.fixture
def empty(places: list[str]) -> str:
    """Give the address of a PostgreSQL database without tables."""
    return emptied(places[0])


@pytest.fixture
def empty_too(places: list[str]) -> str:
    """Give another one."""
    return emptied(places[1])


def emptied(address: str) -> str:
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return address


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a SQLite database that has all that one can hold: decisions, reports, tokens, tombstones, revisions, holds."""
    folder = tmp_path_factory.mktemp("lived")
    path = folder / "mujaz.db"
    with opened(f"sqlite:///{path}") as store:
        fill(store)
    return path


@pytest.fixture
def full(lived: Path, tmp_path: Path) -> str:
    """Give the address of a copy of it."""
    folder = tmp_path / "full"
    folder.mkdir()
    shutil.copy(lived, folder / "mujaz.db")
    return f"sqlite:///{folder / 'mujaz.db'}"


def opened(address: str, *, create: bool = True) -> Store:
    folder = Path(address.removeprefix("sqlite:///")).parent if address.startswith("sqlite") else Path(os.environ["PYTEST_TMP"])
    return Store.open(address, folder=folder, settings=StorageSettings(busy_timeout=10), create=create)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_TMP", str(tmp_path))


def fill(store: Store) -> None:
    alif, ba, jim = source("alif"), source("ba", topic="sport"), source("jim", country="EG")
    refresh(store, alif, entry(*SPAIN, image="https://alif.example/1.jpg"), entry(*RAIN), entry(*FOOTBALL))
    refresh(store, ba, entry(*SPAIN_TOO, url="https://ba.example/1"), entry("خبر «غريب» & <آخر>", "نص 'فيه' \\ علامات\tوسطر\nثان."))
    refresh(store, jim, entry("خبر سيحذفه صاحبه", "نص يحذف.", url="https://jim.example/1"), entry("بلا نص", url="https://jim.example/2"))
    old = entry("انطلاق مهرجان السينما بمراكش", "نص أول عن المهرجان.", url="https://alif.example/f")
    refresh(store, alif, old, now=NOW - timedelta(days=40))
    refresh(store, alif, entry("انطلاق مهرجان السينما الدولي بمراكش", "نص ثان أطول عن المهرجان.", url="https://alif.example/f"))
    by_title = {item.title: item for item in store.iter_items(StoryFilter())}
    store.remove_story(by_title["خبر سيحذفه صاحبه"].story_id)
    store.split([by_title[SPAIN_TOO[0]].id])
    store.merge([by_title[RAIN[0]].story_id, by_title[FOOTBALL[0]].story_id])
    store.report_image(by_title[SPAIN[0]].id, "reader", NOW, 1)
    store.report_merge(by_title[RAIN[0]].story_id, "reader", NOW)
    store.add_token("desk", ["read", "write"])
    store.hold_host("ba.example", NOW + timedelta(days=2))
    store.set_status("jim", Status.PAUSED)
    store.salt()
    stories = sorted(story.id for story in store.iter_stories(StoryFilter()))
    with store.database.write() as c:  # of one score, so that only their numbers order them
        c.execute(t.related.insert(), [{"story": stories[0], "other": other, "score": 0.5, "why": "[]"} for other in stories[:0:-1]])


def exported(address: str) -> list[bytes]:
    written = []
    with opened(address, create=False) as store:
        for form in EXPORTS:
            out = io.BytesIO()
            write(form, store.iter_stories(StoryFilter()), out=out, title="موجز", now=NOW, rights=False)
            written.append(out.getvalue())
    return written


def held(address: str) -> list[transfer.Sum]:
    with opened(address, create=False) as store, store.database.read() as c:
        return [transfer.sum_of(c, table) for table in transfer.TABLES]


def test_there_and_back_is_the_same_to_the_byte(full: str, empty: str, tmp_path: Path) -> None:
    before = exported(full)
    assert all(table.rows for table in held(full)), f"no row to carry: {[each.table for each in held(full) if not each.rows]}"
    there = move(full, empty, tmp_path, 10)
    assert exported(empty) == before
    back = f"sqlite:///{tmp_path / 'back' / 'mujaz.db'}"
    assert move(empty, back, tmp_path, 10) == there
    assert exported(back) == before
    for address in (full, empty, back):
        with opened(address, create=False) as store:
            assert store.check() == []


def test_what_was_moved_goes_on_as_if_nothing_had_been(full: str, empty: str, tmp_path: Path) -> None:
    with opened(full) as store:
        numbers = {item.id for item in store.iter_items(StoryFilter())}
        secret = store.add_token("phone", ["read"])
        salt = store.salt()
        highest = max(store.split([story.items[1].id])[0] for story in store.iter_stories(StoryFilter()) if len(story.items) > 1)
    move(full, empty, tmp_path, 10)
    with opened(empty) as store:
        assert store.check_token(secret) == ("read",)
        assert store.salt() == salt
        assert set(store.host_holds(NOW)) == {"ba.example"}
        assert [claim.source.id for claim in store.sources(status=Status.PAUSED)] == ["jim"]
        assert [story.lead.title for story in store.stories(StoryFilter(query="تفكيك شبكه")).rows], "the search index is there"
        again = refresh(store, source("jim"), entry("خبر سيحذفه صاحبه", "نص يحذف.", url="https://jim.example/1"))
        assert [why for _, why in again.skipped] == ["it was removed before"]
        known = refresh(store, source("alif"), entry(*SPAIN, image="https://alif.example/1.jpg"))
        assert (known.new, known.unchanged) == ((), 1)
        new = refresh(store, source("alif"), entry("خبر جديد تماما عن أمر آخر", "نص لا يشبه سواه.", url="https://alif.example/new"))
        assert new.new[0] > max(numbers), "numbers are not given twice"
        item = store.item(new.new[0])
        assert item is not None
        assert item.story_id > highest
        assert store.check() == []


def test_the_source_is_not_touched(full: str, empty: str, tmp_path: Path) -> None:
    path = Path(full.removeprefix("sqlite:///"))
    before = path.read_bytes()
    move(full, empty, tmp_path, 10)
    assert path.read_bytes() == before


def test_a_target_with_anything_in_it_is_refused(full: str, empty: str, tmp_path: Path) -> None:
    with opened(empty) as store:
        store.add_token("mine", ["read"])
    with pytest.raises(DatabaseError, match="is not empty"):
        move(full, empty, tmp_path, 10)
    with opened(empty) as store:
        assert [name for name, *_ in store.tokens()] == ["mine"]
        assert store.counts().items == 0


@pytest.mark.parametrize("at", [0, 3, 15, 50, 75])
def test_cut_short_anywhere_it_goes_on_and_nobody_opens_the_half(
    full: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(transfer, "FEWER", dict.fromkeys((table.name for table in transfer.TABLES), 9))
    steps: list[str] = []

    def stop(name: str, more: int, total: int) -> None:
        steps.append(name)
        if len(steps) == at + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(full, empty, tmp_path, 10, stop)
    with pytest.raises(DatabaseError, match="db move` again"):
        opened(empty)
    move(full, empty, tmp_path, 10)
    assert exported(empty) == exported(full)


def test_it_goes_on_where_it_was_and_does_not_begin_anew(full: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "FEWER", {"item": 2})

    def stop(name: str, more: int, total: int) -> None:
        if name == "item" and more:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(full, empty, tmp_path, 10, stop)
    counted: list[int] = []
    move(full, empty, tmp_path, 10, lambda name, more, total: counted.append(more) if name == "item" else None)
    with opened(full) as store:
        items = store.counts().items
    assert counted[0] == 2, "those that are there already"
    assert sum(counted[1:]) == items - 2


def test_a_move_is_known_again_from_another_folder(full: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(full.removeprefix("sqlite:///"))
    monkeypatch.chdir(path.parent)
    with pytest.raises(KeyboardInterrupt):
        move("sqlite:///mujaz.db", empty, tmp_path, 10, _interrupt)
    monkeypatch.chdir(path.parent.parent)
    shutil.copy(path, tmp_path / "mujaz.db")
    with pytest.raises(DatabaseError, match="unfinished move from"):
        move("sqlite:///mujaz.db", empty, tmp_path, 10)
    move(f"sqlite:///{path.parent.name}/mujaz.db", empty, tmp_path, 10)
    assert exported(empty) == exported(full)


def test_what_was_written_between_two_runs_is_carried_as_well(full: str, empty: str, tmp_path: Path) -> None:
    def stop(name: str, more: int, total: int) -> None:
        if name == "source":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(full, empty, tmp_path, 10, stop)
    with opened(full) as store:
        refresh(store, source("alif"), entry("خبر جاء بين محاولتين", "نص جاء متأخرا.", url="https://alif.example/late"))
        store.remove_story(next(store.iter_stories(StoryFilter(query="بلا"))).id)
    move(full, empty, tmp_path, 10)
    assert exported(empty) == exported(full)
    with opened(empty) as store:
        assert store.check() == []


def test_a_source_that_is_written_meanwhile_is_told_and_the_rest_fetched_by_the_same_command(full: str, empty: str, tmp_path: Path) -> None:
    def meddle(name: str, more: int, total: int) -> None:
        if name == "checking meta" and not more:
            with opened(full) as store:
                refresh(store, source("alif"), entry("خبر جاء أثناء النقل", "نص.", url="https://alif.example/meanwhile"))

    with pytest.raises(DatabaseError, match="written while it was moved"):
        move(full, empty, tmp_path, 10, meddle)
    with pytest.raises(DatabaseError, match="db move` again"):
        opened(empty)
    move(full, empty, tmp_path, 10)
    assert exported(empty) == exported(full)


def test_while_workers_are_at_work_nothing_is_moved_or_restored(full: str, empty: str, tmp_path: Path) -> None:
    from aggregator.store import cluster

    move(full, empty, tmp_path, 10)
    with opened(empty) as store:
        cluster.ensure(store.database)
        saved = store.backup(tmp_path / "saved.db")
        with store.database.write() as c:
            c.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
    with pytest.raises(DatabaseError, match="1 workers are at work"):
        move(empty, f"sqlite:///{tmp_path / 'back.db'}", tmp_path, 10)
    with pytest.raises(DatabaseError, match="1 workers are at work"):
        restored(saved, empty, force=True)
    with opened(empty) as store, store.database.write() as c:
        c.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"))
    restored(saved, empty, force=True)
    move(empty, f"sqlite:///{tmp_path / 'back.db'}", tmp_path, 10)


def test_an_unfinished_move_of_another_database_is_not_ended(full: str, empty: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        move(full, empty, tmp_path, 10, _interrupt)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    opened(other).close()
    with pytest.raises(DatabaseError, match="unfinished move from"):
        move(other, empty, tmp_path, 10)
    with pytest.raises(DatabaseError, match="itself the target"):
        move(empty, f"sqlite:///{tmp_path / 'third.db'}", tmp_path, 10)


def _interrupt(name: str, more: int, total: int) -> None:
    raise KeyboardInterrupt


def test_a_missing_an_older_and_a_foreign_source_are_one_sentence_each(empty: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="to move from"):
        move(f"sqlite:///{tmp_path / 'none.db'}", empty, tmp_path, 10)
    path = tmp_path / "old.db"
    opened(f"sqlite:///{path}").close()
    with opened(f"sqlite:///{path}") as store, store.database.write() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(DatabaseError, match="db upgrade"):
        move(f"sqlite:///{path}", empty, tmp_path, 10)
    with pytest.raises(DatabaseError, match="one database"):
        move(empty, empty, tmp_path, 10)


def test_a_killed_command_goes_on(full: str, empty: str, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom aggregator.store import transfer\nfrom aggregator.cli import main\n"
        "transfer.FEWER = dict.fromkeys((table.name for table in transfer.TABLES), 1)\nput, calls = transfer.put, []\n"
        "def cut(*a):\n    put(*a)\n    calls.append(1)\n    if len(calls) == 9: os.kill(os.getpid(), signal.SIGKILL)\n"
        "transfer.put = cut\nsys.exit(main(['--data', sys.argv[3], 'db', 'move', sys.argv[1], sys.argv[2]]))"
    )
    killed = subprocess.run([sys.executable, "-c", code, full, empty, str(tmp_path / "d")], capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert main(["--quiet", "--data", str(tmp_path / "d"), "db", "move", full, empty]) == 0
    assert exported(empty) == exported(full)


def test_the_command_tells_what_each_table_holds(full: str, empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = full.removeprefix("sqlite:///")
    assert main(["--quiet", "--data", str(tmp_path / "d"), "db", "move", path, empty, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["table"] for row in rows} == {table.name for table in t.metadata.sorted_tables}
    assert next(row["rows"] for row in rows if row["table"] == "token") == 1
    assert all(len(row["checksum"]) == 32 for row in rows)
    assert main(["--quiet", "--data", str(tmp_path / "d"), "db", "move", path, empty]) == 3
    assert "is not empty" in capsys.readouterr().err


def test_a_checksum_sees_one_letter_one_row_and_no_order(full: str) -> None:
    with opened(full) as store:
        with store.database.read() as c:
            whole = transfer.sum_of(c, t.item)
        with store.database.write() as c:
            c.execute(text("UPDATE item SET title = title || '.' WHERE id = 1"))
        with store.database.read() as c:
            assert transfer.sum_of(c, t.item).checksum != whole.checksum
            assert transfer.sum_of(c, t.item).rows == whole.rows


# -- backups --------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, full: str, empty: str, tmp_path: Path) -> str:
    """Give the address of the same content in either database."""
    if request.param == "sqlite":
        return full
    move(full, empty, tmp_path, 10)
    return empty


def restored(saved: Path, address: str, *, force: bool = False) -> None:
    database = moving.Database(address, Path(os.environ["PYTEST_TMP"]), 5)
    try:
        if database.path is not None:
            backup.restore_file(saved, database.path, force=force, busy_timeout=5)
        else:
            backup.restore_server(saved, database, force=force)
    finally:
        database.close()


@pytest.mark.parametrize("onto", ["sqlite", "postgresql"])
def test_a_backup_of_either_is_restored_on_either(either: str, onto: str, empty_too: str, tmp_path: Path) -> None:
    before = exported(either)
    with opened(either) as store:
        saved = store.backup(tmp_path / "saved.db")
    assert [path.name for path in tmp_path.glob("*saved.db*")] == ["saved.db"], "nothing is left beside it"
    place = empty_too if onto == "postgresql" else f"sqlite:///{tmp_path / 'new' / 'mujaz.db'}"
    restored(saved, place)
    assert exported(place) == before
    with opened(place) as store:
        assert store.check() == []
        done = refresh(store, source("alif"), entry("خبر جديد بعد الاسترجاع", "نص.", url="https://alif.example/after"))
        assert len(done.new) == 1


def test_a_backup_is_of_one_moment_though_others_write(either: str, tmp_path: Path) -> None:
    def meddle(name: str, more: int, total: int) -> None:
        if name == "item":
            with opened(either) as other:
                refresh(other, source("ba"), entry(f"خبر جاء أثناء النسخ {more}", "نص.", url=f"https://ba.example/{uuid.uuid4()}"))

    with opened(either) as store:
        count = store.counts().items
        saved = store.backup(tmp_path / "saved.db", meddle)
    restored(saved, f"sqlite:///{tmp_path / 'new.db'}")
    with opened(f"sqlite:///{tmp_path / 'new.db'}") as store:
        assert store.counts().items == count
        assert store.check() == []


def test_a_restore_does_not_overwrite_unless_it_is_told_to(either: str, tmp_path: Path) -> None:
    with opened(either) as store:
        saved = store.backup(tmp_path / "saved.db")
        before = store.counts()
        refresh(store, source("ba"), entry("خبر جاء بعد النسخة", "نص.", url="https://ba.example/after"))
    with pytest.raises(DatabaseError, match="--force"):
        restored(saved, either)
    with opened(either) as store:
        assert store.counts().items == before.items + 1
    restored(saved, either, force=True)
    with opened(either) as store:
        assert store.counts() == before
        assert store.check() == []


@pytest.mark.parametrize("at", [1, 4, 8])
def test_a_restore_that_is_cut_short_changes_nothing(either: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    with opened(either) as store:
        saved = store.backup(tmp_path / "saved.db")
        refresh(store, source("ba"), entry("خبر جاء بعد النسخة", "نص.", url="https://ba.example/after"))
        later = store.counts()
    calls = []

    def cut(*arguments: object, **named: object) -> None:
        calls.append(arguments)
        if len(calls) >= at:
            raise KeyboardInterrupt

    if either.startswith("sqlite"):
        monkeypatch.setattr(backup, ("_prepared", "_set_aside", "_sync")[at // 4], cut)
        calls.extend([()] * 8)
    else:
        put = transfer.put
        monkeypatch.setattr(transfer, "put", lambda *arguments: (put(*arguments), cut(*arguments)))
    with pytest.raises(KeyboardInterrupt):
        restored(saved, either, force=True)
    monkeypatch.undo()
    os.environ["PYTEST_TMP"] = str(tmp_path)
    with opened(either) as store:
        assert store.counts() == later
        assert store.check() == []
        done = refresh(store, source("ba"), entry("خبر جاء بعد المحاولة", "نص آخر.", url="https://ba.example/again"))
        assert len(done.new) == 1, "numbers are not given twice"


def test_a_damaged_backup_touches_nothing(either: str, tmp_path: Path) -> None:
    with opened(either) as store:
        saved = store.backup(tmp_path / "saved.db")
        before = store.counts()
    data = bytearray(saved.read_bytes())
    data[4096:12288] = b"\xff" * 8192
    saved.write_bytes(bytes(data))
    with pytest.raises(DatabaseError):
        restored(saved, either, force=True)
    with opened(either) as store:
        assert store.counts() == before


def test_the_latest_transactions_of_the_old_database_are_kept_with_it(full: str, tmp_path: Path) -> None:
    path = Path(full.removeprefix("sqlite:///"))
    with opened(full) as store:
        saved = store.backup(tmp_path / "saved.db")
        refresh(store, source("ba"), entry("خبر في السجل وحده", "نص.", url="https://ba.example/wal"))
        for suffix in ("", "-wal", "-shm"):  # as a killed process leaves it
            shutil.copy(f"{path}{suffix}", f"{tmp_path / 'killed.db'}{suffix}")
    killed = tmp_path / "killed.db"
    restored(saved, f"sqlite:///{killed}", force=True)
    with opened(f"sqlite:///{killed}") as store:
        assert not store.stories(StoryFilter(query="السجل")).rows
    with opened(f"sqlite:///{killed.with_suffix('.replaced')}") as store:
        assert len(store.stories(StoryFilter(query="السجل")).rows) == 1


def test_the_commands_back_up_and_restore(
    either: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUJAZ_DATABASE__URL", either)
    data = ["--quiet", "--data", str(tmp_path / "d")]
    (tmp_path / "d").mkdir()
    assert main([*data, "db", "backup", str(tmp_path / "saved.db")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "saved.db")
    assert main([*data, "db", "backup", str(tmp_path / "saved.db")]) == 3
    assert main([*data, "db", "restore", str(tmp_path / "saved.db")]) == 3
    assert "--force" in capsys.readouterr().err
    assert main([*data, "db", "restore", "--force", str(tmp_path / "saved.db")]) == 0
    assert main([*data, "db", "check"]) == 0


# -- what a newsroom published --------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the database of the demo."""
    folder = tmp_path_factory.mktemp("demo")
    assert main(["--quiet", "--data", str(folder), "demo", "--once"]) == 0
    return folder / "mujaz.db"


def test_the_demos_stories_come_back_to_the_byte(demo: Path, empty: str, tmp_path: Path) -> None:
    before = exported(f"sqlite:///{demo}")
    move(f"sqlite:///{demo}", empty, tmp_path, 10)
    move(empty, f"sqlite:///{tmp_path / 'back.db'}", tmp_path, 10)
    assert exported(f"sqlite:///{tmp_path / 'back.db'}") == before == exported(empty)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not CORPUS.exists(), reason=f"no corpus at {CORPUS}")
def test_the_replayed_corpus_comes_back_to_the_byte(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    words = ["--quiet", "--data", str(folder), "demo", "--articles", str(CORPUS), "--timezone", "Asia/Riyadh", "--once"]
    program = Path(sys.executable).with_name("mujaz")
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL, timeout=1500)
    empty = request.getfixturevalue("empty")  # only now: a server that idled through the replay was found stopped
    before = exported(f"sqlite:///{folder / 'mujaz.db'}")
    move(f"sqlite:///{folder / 'mujaz.db'}", empty, tmp_path, 30)
    move(empty, f"sqlite:///{tmp_path / 'back.db'}", tmp_path, 30)
    assert exported(f"sqlite:///{tmp_path / 'back.db'}") == before == exported(empty)
