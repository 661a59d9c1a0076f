"""The read side: order, pages, filters, streams."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.errors import UsageError
from aggregator.model import Sort, StoryFilter
from aggregator.store import Store
from tests.integration.news import FOOTBALL, NOW, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source

EVERYTHING = StoryFilter()
TOWNS = [
    "الرباط",
    "فاس",
    "طنجة",
    "أكادير",
    "وجدة",
    "مراكش",
    "مكناس",
    "تطوان",
    "آسفي",
    "العيون",
    "الداخلة",
    "القنيطرة",
    "الجديدة",
    "خريبكة",
    "بركان",
    "الحسيمة",
]


def fill(store: Store, number: int = 12) -> None:
    for n in range(number):
        refresh(
            store,
            source(f"s{n}"),
            entry(f"مجلس {TOWNS[n]} يعقد دورته العادية", url=f"https://s{n}.example/1", published=NOW - timedelta(hours=n)),
        )


def test_stories_stand_newest_first(store: Store) -> None:
    fill(store)
    times = [story.first_at for story in store.stories(EVERYTHING).rows]
    assert times == sorted(times, reverse=True)
    assert len(times) == 12


@pytest.mark.parametrize("sort", [Sort.TIME, Sort.SPREAD])
def test_a_cursor_goes_on_where_the_page_ended_though_news_came(store: Store, sort: Sort) -> None:
    fill(store)
    wish = StoryFilter(sort=sort)
    first = store.stories(wish, limit=5)
    assert first.next is not None
    refresh(store, source("new"), entry(*SPAIN, published=NOW + timedelta(minutes=1)), now=NOW + timedelta(minutes=1))
    second = store.stories(wish, limit=50, cursor=first.next)
    ids = [story.id for story in (*first.rows, *second.rows)]
    assert len(ids) == len(set(ids)) == 12
    assert second.next is None


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "7ff8000000000000.1",
        "7ff0000000000000.fffffffffffffff",
        "ffffffffffffffff.fffffffffffffff",
        "c3e0000000000000.1",
        "43dfffffffffffff.0",
        "3ff8000000000000.258",
        "äöü",
        "",
        "=",
        "MTox",
        "bmFuOjE",
        "MWU5OTk6MQ",
        "MTotMQ",
        "MTo5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "a" * 9_000,
        "\x00",
    ],
)
def test_what_is_no_cursor_is_refused_in_a_sentence_or_leads_somewhere(store: Store, cursor: str) -> None:
    fill(store, 3)
    for wish in (EVERYTHING, StoryFilter(sort=Sort.SPREAD), StoryFilter(query="مجلس", sort=Sort.RELEVANCE)):
        for read in (store.stories, store.items):
            with suppress(UsageError):  # any other error is one too many
                read(wish, cursor=cursor or None)


def test_a_wider_spread_stands_first(store: Store) -> None:
    fill(store, 4)
    at = NOW - timedelta(hours=5)
    for name, text in (("x", SPAIN), ("y", SPAIN_TOO), ("z", (SPAIN_TOO[0] + " على الأقل", SPAIN_TOO[1]))):
        refresh(store, source(name), entry(*text, url=f"https://{name}.example/1", published=at))
    widest = store.stories(StoryFilter(sort=Sort.SPREAD)).rows[0]
    assert len(widest.items) >= 2
    assert store.stories(EVERYTHING).rows[0].id != widest.id


def test_filters_choose_stories_by_any_of_their_reports(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN), entry(*RAIN))
    refresh(store, source("ba", country="DZ", topic="world"), entry(*SPAIN_TOO, url="https://ba.example/1"))
    refresh(store, source("ta", country="", language="fr"), entry("Le Conseil adopte le budget", url="https://ta.example/1"))
    (shared,) = store.stories(StoryFilter(countries=("DZ",))).rows
    assert [item.outlet.id for item in shared.items] == ["alif", "ba"], "a story is shown whole"
    assert len(store.stories(StoryFilter(countries=("MA", "DZ"))).rows) == 2
    assert len(store.stories(StoryFilter(countries=("XX",))).rows) == 1
    assert len(store.stories(StoryFilter(languages=("fr",))).rows) == 1
    assert len(store.stories(StoryFilter(topics=("world",))).rows) == 1
    assert len(store.stories(StoryFilter(outlets=("alif",))).rows) == 2
    assert store.stories(StoryFilter(outlets=("alif",), countries=("DZ",))).rows == ()
    assert store.stories(StoryFilter(since=NOW + timedelta(seconds=1))).rows == ()
    assert store.stories(StoryFilter(until=NOW)).rows == ()
    assert len(store.stories(StoryFilter(since=NOW, until=NOW + timedelta(seconds=1))).rows) == 3


def test_all_stories_and_items_are_streamed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from aggregator.store import stories

    monkeypatch.setattr(stories, "CHUNK", 5)
    fill(store)
    assert [story.id for story in store.iter_stories(EVERYTHING)] == [story.id for story in store.stories(EVERYTHING).rows]
    assert len(list(store.iter_items(EVERYTHING))) == 12
    assert len(list(store.iter_stories(StoryFilter(query="مجلس", sort=Sort.RELEVANCE)))) == 12


def test_related_stories_are_linked_both_ways_or_not_at_all(store: Store) -> None:
    refresh(
        store,
        source("a"),
        entry(
            "مقتل 5 أشخاص في حادث سير بمراكش",
            "لقي خمسة أشخاص مصرعهم في حادث سير قرب مراكش صباح اليوم حسب مصدر أمني.",
            url="https://a.example/1",
        ),
    )
    refresh(
        store,
        source("b"),
        entry(
            "مقتل 7 أشخاص في حادث سير بطنجة",
            "لقي سبعة أشخاص مصرعهم في حادث سير قرب طنجة صباح اليوم حسب مصدر أمني.",
            url="https://b.example/1",
        ),
    )
    stories = store.stories(EVERYTHING).rows
    assert len(stories) == 2
    one, other = stories
    assert {link.story_id for link in one.related} in (set(), {other.id})
    assert bool(one.related) == bool(other.related)
    for story in stories:
        assert all(link.title and link.why for link in story.related)


def test_an_item_comes_back_as_it_was_stored(store: Store) -> None:
    raw, article = entry(*SPAIN, guid="tag:alif,1", image="https://alif.example/p.jpg", summary="ملخص")
    raw = replace(raw, categories=("سياسة", "أمن"), author="كاتب", updated=NOW)
    article = replace(
        article, body_html="<p>نص</p>", flags=("breaking",), source_link="https://agency.example/1", image_credit="تصوير", noarchive=True
    )
    (number,) = refresh(store, source("alif", topic="world"), (raw, article)).new
    item = store.item(number)
    assert item is not None
    assert (item.guid, item.url, item.title, item.summary, item.body, item.body_html) == (
        raw.guid,
        raw.url,
        raw.title,
        "ملخص",
        SPAIN[1],
        "<p>نص</p>",
    )
    assert (item.author, item.published, item.updated, item.seen_at) == ("كاتب", NOW, NOW, NOW)
    assert (item.categories, item.flags, item.topic, item.restricted) == (("سياسة", "أمن"), ("breaking",), "world", True)
    assert (item.source_link, item.image, item.image_credit, item.confidence) == ("https://agency.example/1", raw.image, "تصوير", 0.8)
    assert store.item(number + 1) is None
    assert store.story(item.story_id) is not None
    assert store.story(10**9) is None


def test_outlets_topics_and_counts(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN), entry(*RAIN))
    refresh(store, source("ba", topic="sport"), entry(*FOOTBALL, url="https://ba.example/1"))
    assert {outlet.id: number for outlet, number in store.outlets()} == {"alif": 2, "ba": 1}
    assert store.topics() == ["sport"]
    counts = store.counts()
    assert (counts.sources, counts.items, counts.stories) == (2, 3, 3)


def test_the_generation_changes_whenever_stories_do(store: Store) -> None:
    seen = [store.generation()]
    refresh(store, source("alif"), entry(*SPAIN))
    seen.append(store.generation())
    refresh(store, source("ba"), entry(*SPAIN_TOO, url="https://ba.example/1"), now=NOW + timedelta(seconds=1))
    seen.append(store.generation())
    store.remove_story(store.stories(EVERYTHING).rows[0].id)
    seen.append(store.generation())
    assert len(set(seen)) == 4
