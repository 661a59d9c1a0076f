"""Bodies and revisions by month on PostgreSQL: made when needed and ahead, dropped whole by retention, migrated into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from aggregator.model import StoryFilter
from aggregator.settings import StorageSettings
from aggregator.store import Store, partitions
from aggregator.store.connect import Database
from tests.conftest import new_database
from tests.integration.news import entry, refresh, source

pytestmark = pytest.mark.postgres
FEED = source("alif")


@pytest.fixture
def postgres_store(postgres: str, postgres_template: str, tmp_path: Path) -> Iterator[Store]:
    import uuid

    address = new_database(postgres, f"t{uuid.uuid4().hex[:12]}", postgres_template)
    with Store.open(address, folder=tmp_path, settings=StorageSettings()) as store:
        yield store


def months(store: Store, table: str = "body") -> list[partitions.Month]:
    with store.database.read() as c:
        return sorted(month for each, month in partitions.existing(c) if each == table)


def told(store: Store, month: datetime, number: int) -> None:
    """Store one report as seen in a month."""
    refresh(store, FEED, entry(f"خبر رقم {number} عن حدث {number * 7919} في المدينة", f"نص الخبر {number}.", published=month), now=month)


def test_the_months_to_come_are_made_ahead(postgres_store: Store) -> None:
    now = datetime(2031, 11, 30, 23, 59, tzinfo=UTC)
    postgres_store.expire_keys(now, timedelta(hours=72))
    assert months(postgres_store)[-3:] == [(2031, 11), (2031, 12), (2032, 1)]
    assert months(postgres_store, "revision")[-3:] == [(2031, 11), (2031, 12), (2032, 1)]
    before = months(postgres_store)
    postgres_store.expire_keys(now, timedelta(hours=72))
    assert months(postgres_store) == before, "what is there is not made again"


@pytest.mark.parametrize(
    "moment", [datetime(1971, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), datetime(2199, 7, 1, tzinfo=UTC)]
)
def test_a_month_that_nobody_made_is_made_when_something_comes(postgres_store: Store, moment: datetime) -> None:
    told(postgres_store, moment, 1)
    assert (moment.year, moment.month) in months(postgres_store)
    assert next(postgres_store.iter_items(StoryFilter())).body == "نص الخبر 1."
    assert postgres_store.check() == []


def test_a_body_lies_in_the_month_in_which_its_item_was_seen_and_a_revision_in_its_own(postgres_store: Store) -> None:
    november, december = datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 1, 1, tzinfo=UTC)
    url = "https://alif.example/1"
    refresh(postgres_store, FEED, entry("افتتاح محطة القطار الجديدة بطنجة", "نص أول.", url=url), now=november)
    done = refresh(
        postgres_store, FEED, entry("افتتاح محطة القطار الجديدة بطنجة وتدشين الخط", "نص ثان أطول من الأول.", url=url), now=december
    )
    assert done.revised == 1
    with postgres_store.database.read() as c:
        assert c.execute(text("SELECT text FROM body_2026_11")).scalars().all() == ["نص ثان أطول من الأول."]
        assert c.execute(text("SELECT body FROM revision_2026_12")).scalars().all() == ["نص أول."]
    item = next(postgres_store.iter_items(StoryFilter()))
    assert [each.body for each in postgres_store.revisions(item.id)] == ["نص أول."]
    assert postgres_store.check() == []


def test_retention_drops_the_months_that_are_wholly_past_and_thins_the_one_that_is_not(postgres_store: Store) -> None:
    for number, moment in enumerate(
        [
            datetime(2026, 3, 5, tzinfo=UTC),
            datetime(2026, 4, 5, tzinfo=UTC),
            datetime(2026, 5, 1, tzinfo=UTC),
            datetime(2026, 5, 20, tzinfo=UTC),
        ]
    ):
        told(postgres_store, moment, number)
    assert {(2026, 3), (2026, 4), (2026, 5)} <= set(months(postgres_store))
    now = datetime(2026, 6, 9, tzinfo=UTC)
    assert postgres_store.prune(now, timedelta(days=30)) == 3, "all seen before the tenth of May"
    assert months(postgres_store)[0] == (2026, 5)
    assert months(postgres_store, "revision")[0] == (2026, 5)
    assert [item.body for item in postgres_store.iter_items(StoryFilter())] == ["نص الخبر 3."]
    with postgres_store.database.read() as c:
        assert c.execute(text("SELECT count(*) FROM body")).scalar() == 1
    assert postgres_store.check() == []


def test_a_pruning_that_was_cut_short_is_ended_by_the_next(postgres_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from aggregator.store import retention

    for number in range(4):
        told(postgres_store, datetime(2026, 3, 5 + number, tzinfo=UTC), number)
    monkeypatch.setattr(retention, "BATCH", 2)
    remove, calls = retention._remove, []

    def cut(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        remove(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(retention, "_remove", cut)
    now = datetime(2026, 6, 9, tzinfo=UTC)
    with pytest.raises(KeyboardInterrupt):
        postgres_store.prune(now, timedelta(days=30))
    assert postgres_store.counts().items == 2
    assert postgres_store.prune(now, timedelta(days=30)) == 2
    assert (2026, 3) not in months(postgres_store)
    assert postgres_store.check() == []


def test_pruning_by_size_on_postgresql_does_not_remove_all_because_files_keep_their_length(postgres_store: Store) -> None:
    from aggregator.store.retention import live_size

    long = "فقرة طويلة عن الحدث نفسه تتكرر فيها الكلمات. " * 40
    entries = [entry(f"خبر رقم {number} عن حدث {number * 7919}", f"{long} {number * 104_729}") for number in range(60)]
    refresh(postgres_store, FEED, *entries, now=datetime(2026, 11, 25, tzinfo=UTC))
    whole = live_size(postgres_store.database)
    removed = postgres_store.prune(datetime(2026, 11, 26, tzinfo=UTC), timedelta(days=365), max_bytes=whole // 2)
    assert 20 < removed < 45
    assert live_size(postgres_store.database) <= whole // 2
    assert postgres_store.prune(datetime(2026, 11, 26, tzinfo=UTC), timedelta(days=365), max_bytes=whole // 2) == 0


def test_a_check_says_which_bodies_lie_in_a_wrong_month(postgres_store: Store) -> None:
    told(postgres_store, datetime(2026, 11, 25, tzinfo=UTC), 1)
    with postgres_store.database.write() as c:
        c.execute(text("UPDATE item SET seen_at = seen_at - 1"))
    assert [problem.what for problem in postgres_store.check()] == ["1 bodies in another month than their items"]


def test_a_database_of_the_version_before_is_carried_into_months(postgres: str, tmp_path: Path) -> None:
    address = new_database(postgres, "t_before_months")
    _migrated_to(address, tmp_path, "0002")
    with _raw(address, tmp_path) as c:
        outlet = {"spec": '{"id":"alif","name":"ألف"}'}
        c.execute(text("INSERT INTO outlet VALUES ('alif', 'ألف', 'MA', 'ar', :spec)"), outlet)
        for number, month in ((1, datetime(2025, 12, 31, 23, 59, tzinfo=UTC)), (2, datetime(2026, 1, 1, tzinfo=UTC))):
            at = int(month.timestamp() * 1000)
            c.execute(text("INSERT INTO story VALUES (:n, :at, :at, :at, :at, 1, 1, 0.0)"), {"n": number, "at": at})
            c.execute(
                text(
                    "INSERT INTO item VALUES (:n, :n, 's', 'alif', 'MA', 'ar', '', :digest, 'g', '', '', '', '', 'عنوان', '', '', NULL, NULL, :at, :at,"
                    " '', '', '', '', 1.0, '[]', '[]', NULL, '[]', NULL, false, false, 1)"
                ),
                {"n": number, "at": at, "digest": bytes([number])},
            )
            c.execute(text("INSERT INTO body VALUES (:n, :body, '')"), {"n": number, "body": f"نص {number}"})
            c.execute(text("INSERT INTO revision VALUES (:n, :at, 'عنوان قديم', 'نص قديم')"), {"n": number, "at": at + 40 * 86_400_000})
    with Store.open(address, folder=tmp_path, settings=StorageSettings()) as store:
        assert {(2025, 12), (2026, 1)} <= set(months(store))
        assert {(2026, 2)} <= set(months(store, "revision"))
        this = datetime.now(UTC)
        assert (this.year, this.month) in months(store)
        assert [store.item(number).body for number in (1, 2)] == ["نص 1", "نص 2"]  # type: ignore[union-attr]
        assert [each.body for each in store.revisions(2)] == ["نص قديم"]
        store.reindex()
        assert store.check() == []


@contextmanager
def _raw(address: str, folder: Path) -> Iterator[Connection]:
    database = Database(address, folder, 5)
    try:
        with database.write() as c:
            yield c
    finally:
        database.close()


def _migrated_to(address: str, folder: Path, version: str) -> None:
    from alembic import command
    from alembic.config import Config

    from aggregator.store import migrate

    with _raw(address, folder) as c:
        config = Config()
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        config.attributes["connection"] = c
        command.upgrade(config, version)


def test_sqlite_keeps_its_bodies_in_one_table(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    with Store.open(f"sqlite:///{path}", folder=tmp_path, settings=StorageSettings()) as store:
        store.expire_keys(datetime(2031, 1, 1, tzinfo=UTC), timedelta(hours=72))
        told(store, datetime(2031, 1, 1, tzinfo=UTC), 1)
        with store.database.read() as c:
            assert c.execute(text("SELECT count(*) FROM sqlite_master WHERE name LIKE 'body_%' AND type = 'table'")).scalar() == 0
        assert store.prune(datetime(2032, 1, 1, tzinfo=UTC), timedelta(days=30)) == 1
        assert store.check() == []
