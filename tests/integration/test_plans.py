"""What the store asks often never goes through a whole table, on either database: read from the plans themselves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from aggregator.model import Sort, StoryFilter
from aggregator.settings import StorageSettings
from aggregator.store import Store, maintenance, transfer
from aggregator.store.keys import Drafts
from tests.conftest import new_database
from tests.integration.news import NOW, entry, refresh, source
from tests.integration.plans import Plan, ago, analyze, fill, watched

LARGE = ("item", "body", "story", "dkey", "signature", "related", "search", "tombstone", "source", "revision", "vocabulary")
number = count(1)
FEED = source("alif")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a SQLite database once."""
    folder = tmp_path_factory.mktemp("plans")
    with Store.open(f"sqlite:///{folder / 'mujaz.db'}", folder=folder, settings=StorageSettings()) as store:
        fill(store)
    return folder / "mujaz.db"


@pytest.fixture(scope="module", params=["sqlite", "sqlite that was analysed", pytest.param("postgresql", marks=pytest.mark.postgres)])
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Give a store with some rows: SQLite as it runs, SQLite with statistics, PostgreSQL with the statistics that it gathers."""
    folder = tmp_path_factory.mktemp("large")
    if request.param == "postgresql":
        address = new_database(request.getfixturevalue("postgres"), "plans", request.getfixturevalue("postgres_template"))
    else:
        shutil.copy(request.getfixturevalue("filled"), folder / "mujaz.db")
        address = f"sqlite:///{folder / 'mujaz.db'}"
    with Store.open(address, folder=folder, settings=StorageSettings()) as store:
        if request.param == "postgresql":
            fill(store)
        if request.param != "sqlite":
            analyze(store)
        yield store


def planned(store: Store, ask: Callable[[], object], *indexes: str) -> None:
    """Check that nothing large is gone through, and that these indexes are used (SQLite names its own otherwise)."""
    with watched(store) as plans:
        ask()
    assert plans, "nothing was asked"
    bad = [plan for plan in plans if any(plan.scanned(table) for table in LARGE)]
    assert not bad, "\n\n".join(map(str, bad))
    for index in indexes:
        assert any(plan.uses(name) for plan in plans for name in index.split("|")), f"{index} is not used:\n" + "\n".join(map(str, plans))


def filtered(store: Store, **wish: object) -> Callable[[], object]:
    return lambda: store.stories(StoryFilter(**wish), limit=30)  # type: ignore[arg-type]


def test_the_due_sources_are_claimed_by_when_they_are_due(large: Store) -> None:
    planned(large, lambda: large.claim_due(NOW, 20), "source_due", "source_last", "source_lease")
    planned(large, lambda: large.next_due(NOW), "source_due")
    planned(large, lambda: large.claim_due(NOW, 20, ids=["s5"], force=True), "sqlite_autoindex_source_1|source_pkey")


def new_entry() -> tuple[Path, ...]:
    n = next(number)
    return entry(f"افتتاح محطة القطار رقم {n * 7919} بطنجة", f"نص الخبر {n}.", url=f"https://alif.example/new/{n}")  # type: ignore[return-value]


def test_an_entry_is_looked_for_by_its_marks_and_its_keys(large: Store) -> None:
    planned(
        large,
        lambda: refresh(large, FEED, new_entry()),  # type: ignore[arg-type]
        "sqlite_autoindex_item_1|item_guid",
        "item_address",
        "item_sameness",
        "PRIMARY KEY \\(key=|dkey_pkey",
        "sqlite_autoindex_tombstone_1|tombstone_pkey",
    )


def test_a_changed_entry_finds_its_body_and_its_rivals(large: Store) -> None:
    url = f"https://alif.example/changed/{next(number)}"
    refresh(large, FEED, entry("انطلاق مهرجان السينما بمراكش", "نص أول عن المهرجان.", url=url))
    changed = entry("انطلاق مهرجان السينما الدولي بمراكش", "نص ثان أطول عن المهرجان وضيوفه.", url=url)
    planned(large, lambda: refresh(large, FEED, changed), "item_address")


@pytest.mark.parametrize(
    ("wish", "index"),
    [
        ({}, "story_shown"),
        ({"sort": Sort.SPREAD}, "story_spread"),
        ({"outlets": ("outlet3",)}, "item_outlet"),
        ({"countries": ("MA",)}, "item_outlet|item_story"),
        ({"topics": ("topic3",)}, "item_topic"),
        ({"languages": ("fr",)}, "item_language"),
        ({"languages": ("ar",)}, "item_language"),
        ({"since": ago(days=1)}, "item_shown"),
        ({"outlets": ("outlet3",), "since": ago(days=20)}, "item_outlet"),
    ],
    ids=lambda each: str(each) if isinstance(each, str) else " ".join(each) or "all",
)
def test_a_front_page_is_read_in_its_order(large: Store, wish: dict[str, object], index: str) -> None:
    planned(large, filtered(large, **wish), index)


def test_the_second_page_begins_where_the_first_ended(large: Store) -> None:
    first = large.stories(StoryFilter(), limit=30)
    planned(large, lambda: large.stories(StoryFilter(), limit=30, cursor=first.next), "story_shown")
    with watched(large) as plans:
        large.stories(StoryFilter(), limit=30, cursor=first.next)
    page = next(plan for plan in plans if "ORDER BY story.shown_at" in plan.statement)
    assert any("shown_at<" in step or "Index Cond" in step for step in page.steps), f"not by keyset:\n{page}"
    assert not any("TEMP B-TREE" in step or "Sort" in step for step in page.steps), f"sorted:\n{page}"


def test_one_story_is_read_by_its_number(large: Store) -> None:
    planned(large, lambda: large.story(17), "INTEGER PRIMARY KEY|story_pkey", "item_story|item_language|item_topic")
    planned(large, lambda: large.item(17), "INTEGER PRIMARY KEY|item_pkey")
    planned(large, lambda: large.revisions(17), "revision_item|revision_\\d+_\\d+_item_at_idx")


def test_a_common_word_is_not_listed_but_asked_of_each_story(large: Store) -> None:
    planned(large, filtered(large, query="القطار"), "story_shown", "item_story|item_language|item_topic")


@pytest.mark.parametrize("sort", [Sort.TIME, Sort.RELEVANCE])
@pytest.mark.parametrize("query", ["ملعبستان", "القطار مصنعيون", '"مطارلاند"', "برلمانور outlet:outlet3"])
def test_words_are_looked_for_in_their_index(large: Store, query: str, sort: Sort) -> None:
    planned(large, filtered(large, query=query, sort=sort), "VIRTUAL TABLE INDEX|search_vector|search_pkey")


def test_the_window_of_near_duplicates_is_cut_by_number(large: Store) -> None:
    planned(large, lambda: large.expire_keys(ago(days=89), timedelta(hours=72)), "item_seen")


def test_retention_finds_old_items_by_when_they_were_seen(large: Store) -> None:
    planned(large, lambda: large.prune(ago(days=0), timedelta(days=89), dry_run=True), "item_seen")
    with watched(large) as plans:
        large.prune(NOW, timedelta(days=89, hours=20))
    once = (
        "DELETE FROM body WHERE (body.item NOT IN",
        "DELETE FROM revision WHERE (revision.item NOT IN",
        "DELETE FROM tombstone WHERE tombstone.at",
    )
    often = [plan for plan in plans if not plan.statement.startswith(once)]
    bad = [plan for plan in often if any(plan.scanned(table) for table in LARGE)]
    assert not bad, "\n\n".join(map(str, bad))
    assert any(plan.uses("item_seen") for plan in often)


def test_a_move_reads_its_pages_by_key(large: Store) -> None:
    with large.database.read() as c:
        first = {table: after for table in transfer.TABLES for _, after in [next(transfer.pages(c, table, size=100), ((), None))]}

    def read() -> None:
        with large.database.read() as c:
            for table, after in first.items():
                next(transfer.pages(c, table, after, size=100), None)

    planned(large, read, "PRIMARY KEY|body_2026_10_pkey", "revision_item|revision_2026_10_item_at_idx")


def test_a_reindex_reads_its_pages_by_number(large: Store) -> None:
    def read() -> None:
        with large.database.write() as c:
            maintenance.reindex_some(c, 1, 8_000, 10, Drafts())

    planned(large, read, "INTEGER PRIMARY KEY|item_pkey", "PRIMARY KEY|body_2026_11_pkey")


def test_a_plan_that_goes_through_a_table_is_told(large: Store) -> None:
    with watched(large) as plans, large.database.read() as c:
        c.exec_driver_sql("SELECT url FROM item WHERE author = 'x'").all()
    assert [plan.scanned("item") for plan in plans] == [True]


def test_a_plan_reads_as_one() -> None:
    plan = Plan("SELECT 1", ("SCAN item", "SEARCH story USING INTEGER PRIMARY KEY (rowid=?)"))
    assert plan.scanned("item")
    assert not plan.scanned("story")
