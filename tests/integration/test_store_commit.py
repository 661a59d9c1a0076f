"""What a refresh writes and how entries are known again."""

from __future__ import annotations

from news import FOOTBALL, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source

from aggregator.model import StoryFilter
from aggregator.store import Store


def test_two_outlets_reports_of_one_event_are_one_story(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN), entry(*RAIN))
    done = refresh(store, source("ba"), entry(*SPAIN_TOO, url="https://ba.example/1"), entry(*FOOTBALL, url="https://ba.example/2"))
    assert len(done.new) == 2
    assert done.merged == 1
    page = store.stories(StoryFilter())
    assert len(page.rows) == 3
    story = next(each for each in page.rows if len(each.items) == 2)
    assert [item.outlet.id for item in story.items] == ["alif", "ba"]
    assert story.items[1].why
    assert story.items[1].score is not None
    assert story.items[1].matched == story.items[0].id
    assert story.independent == 2
    assert not store.check()
