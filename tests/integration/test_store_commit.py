"""What a refresh writes: all of it or nothing, stories across outlets, and entries known again through churn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import Item, SourceState, StoryFilter
from aggregator.store import Refresh, Store
from tests.integration.news import FOOTBALL, NOW, RAIN, SPAIN, SPAIN_TOO, decide, entry, judged, made, refresh, source

EVERYTHING = StoryFilter()
LATER = NOW + timedelta(hours=1)


def items(store: Store) -> list[Item]:
    return sorted(store.iter_items(EVERYTHING), key=lambda item: item.id)


# -- one story ------------------------------------------------------------------------------


def test_two_outlets_reports_of_one_event_are_one_story(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN), entry(*RAIN))
    done = refresh(store, source("ba"), entry(*SPAIN_TOO, url="https://ba.example/1"), entry(*FOOTBALL, url="https://ba.example/2"))
    assert len(done.new) == 2
    assert done.merged == 1
    page = store.stories(EVERYTHING)
    assert len(page.rows) == 3
    story = next(each for each in page.rows if len(each.items) == 2)
    assert [item.outlet.id for item in story.items] == ["alif", "ba"]
    assert story.items[1].why
    assert story.items[1].score is not None
    assert story.items[1].matched == story.items[0].id
    assert not store.check()


def test_reports_in_one_document_are_one_story_too(store: Store) -> None:
    done = refresh(store, source(), entry(*SPAIN, published=NOW - timedelta(hours=3)), entry(*SPAIN_TOO))
    stories = store.stories(EVERYTHING).rows
    assert done.merged == len(done.new) - len(stories)
    assert not store.check()


def test_a_word_for_word_copy_adds_no_independent_text(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN))
    refresh(store, source("ba"), entry(*SPAIN, url="https://ba.example/1"))
    refresh(store, source("ta"), entry(*SPAIN_TOO, url="https://ta.example/1"))
    (story,) = store.stories(EVERYTHING).rows
    assert len(story.items) == 3
    assert [item.verbatim for item in story.items][:2] == [False, True]
    assert story.independent < 3


def test_what_another_process_revised_is_judged_by_its_new_text(open_store: Callable[[], Store]) -> None:
    one, other = open_store(), open_store()
    refresh(one, source("alif"), entry(*SPAIN, guid="1", url="https://alif.example/1"))  # and keeps its draft
    refresh(other, source("alif"), entry(*FOOTBALL, guid="1", url="https://alif.example/1"))
    done = refresh(one, source("ba"), entry(*FOOTBALL, url="https://ba.example/1"), entry(*SPAIN_TOO, url="https://ba.example/2"))
    assert [merge.title for merge in done.merges] == [FOOTBALL[0]], "what it says now, not what it said"


def test_what_came_while_the_judge_looked_is_judged_again_in_the_transaction(open_store: Callable[[], Store]) -> None:
    one, other = open_store(), open_store()
    ours, theirs = made(one, source("alif"), entry(*SPAIN)), made(other, source("ba"), entry(*SPAIN_TOO, url="https://ba.example/1"))
    # both look, and see nothing
    looked = [store.candidates([refresh.items[0].draft], NOW) for store, refresh in ((one, ours), (other, theirs))]
    assert [found.by_draft for found in looked] == [((),), ((),)]
    verdicts = [decide(refresh.items[0].draft, ()) for refresh in (ours, theirs)]
    first, second = (
        replace(refresh, items=(replace(refresh.items[0], verdict=verdict),), seen_up_to=found.seen_up_to)
        for refresh, verdict, found in zip((ours, theirs), verdicts, looked, strict=True)
    )
    one.commit(first, decide)
    assert other.commit(second, decide).merged == 1
    assert len(one.stories(EVERYTHING).rows) == 1


def test_candidates_come_with_what_guards_their_story(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN))
    refresh(store, source("ba"), entry(*SPAIN_TOO, url="https://ba.example/1"))
    raw, article = entry(*SPAIN, url="https://ta.example/1")
    draft = judged(raw, article, source("ta").outlet).draft
    found = store.candidates([draft], NOW)
    assert found.seen_up_to == max(item.id for item in items(store))
    assert {candidate.size for candidate in found.by_draft[0]} == {2}
    first = items(store)[0]
    assert {candidate.first.title for candidate in found.by_draft[0]} == {
        next(c.draft.title for c in found.by_draft[0] if c.item == first.id)
    }


def test_reports_leave_the_window_and_are_no_longer_compared(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN))
    draft = judged(*entry(*SPAIN_TOO), source("ba").outlet).draft
    assert store.candidates([draft], NOW).by_draft[0]
    assert store.expire_keys(NOW + timedelta(hours=1), timedelta(hours=72)) == 0
    assert store.expire_keys(NOW + timedelta(hours=73), timedelta(hours=72)) > 0
    assert store.candidates([draft], NOW).by_draft == ((),)
    assert not store.check()


# -- all or nothing -------------------------------------------------------------------------


def test_validators_never_outlive_the_items_that_came_with_them(store: Store) -> None:
    feed = source()
    refresh(store, source("other"), entry(*SPAIN_TOO, url="https://other.example/1"))
    waiting = made(store, feed, entry(*RAIN), entry(*SPAIN))

    def broken(*_: object) -> None:
        raise RuntimeError("the judge died")

    with pytest.raises(RuntimeError):
        store.commit(waiting, broken)  # type: ignore[arg-type]
    claim = store.source(feed.id)
    assert claim is not None
    assert claim.state == SourceState()
    assert claim.known == frozenset()
    assert len(items(store)) == 1
    assert len(store.commit(waiting, decide).new) == 2
    assert not store.check()


def test_several_refreshes_are_written_in_one_transaction(store: Store) -> None:
    many = [made(store, source(name), entry(*SPAIN, url=f"https://{name}.example/1")) for name in ("alif", "ba", "ta")]
    done = store.commit_many(many, decide)
    assert [len(each.new) for each in done] == [1, 1, 1]
    assert [each.merged for each in done] == [0, 1, 1]
    assert len(store.stories(EVERYTHING).rows) == 1


def test_sections_of_one_outlet_in_one_transaction_bring_an_article_once(store: Store) -> None:
    main, section = source("alif"), source("alif-sport", outlet="alif")
    store.add_source(section)
    at = "https://alif.example/1"
    many = [made(store, main, entry(*FOOTBALL, url=at)), made(store, section, entry(*FOOTBALL, url=at, guid="2"), entry(*RAIN))]
    done = store.commit_many(many, decide)
    assert [len(each.new) for each in done] == [1, 1]
    assert done[1].unchanged == 1
    assert [item.body for item in items(store)] == [FOOTBALL[1], RAIN[1]]
    assert not store.check()


def test_one_source_twice_in_one_transaction_is_as_in_two(store: Store) -> None:
    feed = source()
    first, second = made(store, feed, entry(*SPAIN, guid="1")), made(store, feed, entry(*SPAIN, guid="1"), entry(*RAIN, guid="2"))
    third = made(store, feed, entry(RAIN[0], RAIN[1] + " وأضاف بيان لاحق أن الأمطار ستستمر إلى نهاية الأسبوع.", guid="2"))
    done = store.commit_many([first, second, third], decide)
    assert [(len(each.new), each.unchanged, each.revised) for each in done] == [(1, 0, 0), (1, 1, 0), (0, 0, 1)]
    claim = store.source(feed.id)
    assert claim is not None
    assert claim.state.item_count == 2
    assert items(store)[1].body.endswith("الأسبوع.")
    assert not store.check()


def test_a_refresh_of_a_source_removed_meanwhile_says_so(store: Store) -> None:
    feed = replace(source(), origin="user")
    waiting = made(store, feed, entry(*SPAIN))
    store.remove_source(feed.id)
    done = store.commit(waiting, decide)
    assert done.new == ()
    assert "removed" in done.skipped[0][1]


def test_characters_that_no_database_takes_cost_no_refresh(store: Store) -> None:
    raw, article = entry("خبر\x00 عاجل \ud800", "نص\x00 فيه\udfff شيء")
    refresh(store, source(), (replace(raw, author="\x00", categories=("\x00", "أ\ud800")), article))
    (item,) = items(store)
    assert item.title == "خبر عاجل "
    assert "\x00" not in item.body


# -- known again ----------------------------------------------------------------------------


def test_the_same_entry_again_changes_nothing(store: Store) -> None:
    refresh(store, source(), entry(*SPAIN, guid="1"))
    done = refresh(store, source(), entry(*SPAIN, guid="1"), now=LATER)
    assert (done.new, done.revised, done.unchanged) == ((), 0, 1)


def test_ids_that_change_at_every_fetch_double_nothing(store: Store) -> None:
    for number in range(4):
        refresh(store, source(), entry(*SPAIN, guid=f"random-{number}", url="https://alif.example/a"), now=NOW + timedelta(hours=number))
    assert len(items(store)) == 1


def test_addresses_and_dates_that_change_at_every_fetch_double_nothing(store: Store) -> None:
    for number in range(4):
        moment = NOW + timedelta(hours=number)
        refresh(store, source(), entry(*SPAIN, guid=f"r{number}", url=f"https://alif.example/?s={number}", published=moment), now=moment)
    assert len(items(store)) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://alif.example/news/1",
        "https://www.alif.example/news/1",
        "https://alif.example/news/1?utm_source=rss&utm_medium=feed",
        "https://alif.example/news/1#comments",
        "https://alif.example/news/1/",
    ],
)
def test_a_moved_address_is_the_same_article(store: Store, address: str) -> None:
    refresh(store, source(), entry(*SPAIN, url="https://alif.example/news/1"))
    refresh(store, source(), entry(*SPAIN_TOO, url=address), now=LATER)
    assert len(items(store)) == 1, "a new headline under one address is a revision"
    assert len(store.revisions(items(store)[0].id)) == 1


def test_an_article_in_two_feeds_of_its_outlet_is_one_item(store: Store) -> None:
    main, section = source("alif"), source("alif-sport", outlet="alif")
    refresh(store, main, entry(*FOOTBALL, url="https://alif.example/1", guid="a"))
    done = refresh(store, section, entry(FOOTBALL[0], FOOTBALL[1][:60], url="https://alif.example/1", guid="b"), now=LATER)
    assert (len(items(store)), done.unchanged) == (1, 1)
    assert items(store)[0].body == FOOTBALL[1], "the section's shorter text takes nothing away"


def test_two_articles_that_link_to_the_home_page_stay_two(store: Store) -> None:
    home = "https://alif.example/"
    refresh(store, source(), entry(*SPAIN, url=home, guid="1"), entry(*RAIN, url=home, guid="2"))
    refresh(store, source(), entry(*FOOTBALL, url=home, guid="3"), now=LATER)
    assert len(items(store)) == 3


def test_two_articles_under_one_live_address_stay_two(store: Store) -> None:
    live = "https://alif.example/live"
    refresh(store, source(), entry(*SPAIN, url=live, guid="1"))
    refresh(store, source(), entry(*RAIN, url=live, guid="2"), now=LATER)
    refresh(store, source(), entry(*FOOTBALL, url=live, guid="3"), now=LATER)
    assert len(items(store)) == 3
    refresh(store, source(), entry(*RAIN, url=live, guid="2"), now=LATER)
    assert len(items(store)) == 3


def test_an_id_that_is_given_to_the_next_article_doubles_and_loses_nothing(store: Store) -> None:
    for number, text in enumerate((SPAIN, RAIN, FOOTBALL)):
        refresh(store, source(), entry(*text, guid="first", url=f"https://alif.example/{number}"), now=NOW + timedelta(hours=number))
    refresh(store, source(), entry(*RAIN, guid="first", url="https://alif.example/1"), now=LATER)
    assert [item.title for item in items(store)] == [SPAIN[0], RAIN[0], FOOTBALL[0]]
    assert all(store.revisions(item.id) == [] for item in items(store))


def test_a_feed_that_gives_every_entry_the_same_id_loses_nothing(store: Store) -> None:
    texts = (SPAIN, RAIN, FOOTBALL)
    refresh(store, source(), *(entry(*text, guid="x", url=f"https://alif.example/{n}") for n, text in enumerate(texts)))
    refresh(store, source(), *(entry(*text, guid="x", url=f"https://alif.example/{n}") for n, text in enumerate(texts)), now=LATER)
    assert len(items(store)) == 3


def test_the_document_that_holds_an_entry_twice_gives_one_item(store: Store) -> None:
    done = refresh(store, source(), entry(*SPAIN, guid="1"), entry(*SPAIN, guid="1"))
    assert len(done.new) == 1
    assert done.skipped[0][1] == "the document holds it twice"


# -- revisions ------------------------------------------------------------------------------


def test_a_changed_text_is_kept_as_a_revision(store: Store) -> None:
    refresh(store, source(), entry(*SPAIN, guid="1", url="https://alif.example/1"))
    longer = SPAIN[1] + " وأضاف المصدر أن التحقيق ما زال مستمرا."
    done = refresh(store, source(), entry("عاجل: " + SPAIN[0], longer, guid="1", url="https://alif.example/1"), now=LATER)
    assert done.revised == 1
    (item,) = items(store)
    assert item.body == longer
    (before,) = store.revisions(item.id)
    assert (before.title, before.body, before.at) == (SPAIN[0], SPAIN[1], LATER)
    assert [story.id for story in store.stories(StoryFilter(query="التحقيق مستمرا")).rows] == [item.story_id], "the new words are found"
    assert not store.check()


def test_a_spelling_or_a_picture_is_no_revision(store: Store) -> None:
    refresh(store, source(), entry("حريق في مدرسة بطنجة", guid="1", url="https://alif.example/1"))
    done = refresh(
        store, source(), entry("حَريق في مدرسه بطنجة", guid="1", url="https://alif.example/1", image="https://alif.example/p.jpg"), now=LATER
    )
    assert done.revised == 0
    (item,) = items(store)
    assert item.image == "https://alif.example/p.jpg", "but the picture is taken"
    assert store.revisions(item.id) == []


def test_a_feed_that_cuts_its_text_takes_nothing_away(store: Store) -> None:
    refresh(store, source(), entry(*SPAIN, guid="1", url="https://alif.example/1"))
    done = refresh(store, source(), entry(SPAIN[0], SPAIN[1][:40], guid="1", url="https://alif.example/1"), now=LATER)
    assert done.revised == 0
    assert items(store)[0].body == SPAIN[1]


def test_an_item_whose_news_became_another_leaves_its_story(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN, guid="1", url="https://alif.example/1"))
    refresh(store, source("ba"), entry(*SPAIN_TOO, guid="1", url="https://ba.example/1"))
    assert len(store.stories(EVERYTHING).rows) == 1
    refresh(store, source("ba"), entry(*FOOTBALL, guid="1", url="https://ba.example/1"), now=LATER)
    assert sorted(len(story.items) for story in store.stories(EVERYTHING).rows) == [1, 1]
    assert not store.check()


# -- first contact --------------------------------------------------------------------------


def test_a_first_fetch_does_not_flood_the_top_of_the_list(store: Store) -> None:
    refresh(store, source("today"), entry("خبر اليوم عن الميزانية العامة", published=NOW - timedelta(hours=1)))
    refresh(
        store,
        source("archive"),
        entry("مقال قديم عن تاريخ السينما", published=NOW - timedelta(days=400)),
        entry("مقال بلا تاريخ حول الزراعة"),
        (replace(entry("مقال بلا تاريخ حول الصيد")[0], published=None), replace(entry("مقال بلا تاريخ حول الصيد")[1])),
        entry("مقال من المستقبل حول الفضاء", published=NOW + timedelta(days=900)),
    )
    titles = [story.lead.title for story in store.stories(EVERYTHING).rows]
    assert titles[:2] == ["مقال بلا تاريخ حول الزراعة", "خبر اليوم عن الميزانية العامة"], "the one dated now, and today's"
    assert set(titles[2:4]) == {"مقال بلا تاريخ حول الصيد", "مقال من المستقبل حول الفضاء"}
    assert titles[4] == "مقال قديم عن تاريخ السينما"


def test_later_undated_items_count_as_seen_now(store: Store) -> None:
    feed = source()
    refresh(store, feed, entry(*SPAIN, published=NOW - timedelta(hours=1)), state=SourceState(last_success_at=NOW))
    raw, article = entry(*RAIN)
    refresh(store, feed, (replace(raw, published=None), article), now=LATER)
    assert [story.lead.title for story in store.stories(EVERYTHING).rows] == [RAIN[0], SPAIN[0]]
    assert items(store)[1].published is None
    assert items(store)[1].shown_at == LATER


def test_a_source_counts_what_it_brought(store: Store) -> None:
    feed = source()
    refresh(store, feed, entry(*SPAIN), entry(*RAIN))
    refresh(store, feed, entry(*SPAIN), entry(*FOOTBALL), now=LATER)
    claim = store.source(feed.id)
    assert claim is not None
    assert claim.state.item_count == 3


def test_an_empty_refresh_writes_its_validators(store: Store) -> None:
    feed = source()
    store.add_source(feed)
    store.commit(Refresh(feed.id, SourceState(etag='"2"', last_fetch_at=NOW), (), (b"12345678",), 0, NOW), decide)
    claim = store.source(feed.id)
    assert claim is not None
    assert claim.state.etag == '"2"'
    assert claim.known == frozenset({b"12345678"})
