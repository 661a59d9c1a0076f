"""What people decide stands: stories split and merged by hand, pictures hidden, tokens, removals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.errors import UsageError
from aggregator.model import StoryFilter
from aggregator.store import Store
from tests.integration.news import FOOTBALL, NOW, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source

EVERYTHING = StoryFilter()
LATER = NOW + timedelta(hours=1)


def merged(store: Store) -> tuple[int, int]:
    """Store one story of two reports and give their ids."""
    (first,) = refresh(store, source("alif"), entry(*SPAIN, guid="1", url="https://alif.example/1")).new
    (second,) = refresh(store, source("ba"), entry(*SPAIN_TOO, guid="1", url="https://ba.example/1")).new
    assert len(store.stories(EVERYTHING).rows) == 1
    return first, second


def grouped(store: Store) -> list[list[int]]:
    return sorted(sorted(item.id for item in story.items) for story in store.stories(EVERYTHING).rows)


def test_a_split_is_never_overruled(store: Store) -> None:
    first, second = merged(store)
    (made,) = store.split([second])
    assert grouped(store) == [[first], [second]]
    assert store.item(second).story_id == made  # type: ignore[union-attr]
    # either report changes and would match again
    refresh(
        store, source("alif"), entry(SPAIN[0] + " عاجل", SPAIN[1] + " وأضاف المصدر.", guid="1", url="https://alif.example/1"), now=LATER
    )
    refresh(store, source("ba"), entry(SPAIN[0], SPAIN[1] + " وأضاف المصدر نفسه.", guid="1", url="https://ba.example/1"), now=LATER)
    assert grouped(store) == [[first], [second]]
    assert not store.check()


def test_a_report_does_not_come_back_to_a_split_one_through_a_third(store: Store) -> None:
    first, second = merged(store)
    store.split([second])
    (third,) = refresh(store, source("ta"), entry(SPAIN_TOO[0], SPAIN_TOO[1], url="https://ta.example/1"), now=LATER).new
    refresh(
        store, source("alif"), entry(SPAIN[0] + " عاجل", SPAIN[1] + " وأضاف المصدر.", guid="1", url="https://alif.example/1"), now=LATER
    )
    groups = grouped(store)
    assert not any({first, second} <= set(group) for group in groups)
    assert any(third in group and len(group) == 2 for group in groups)


def test_a_merge_by_hand_is_never_overruled(store: Store) -> None:
    (first,) = refresh(store, source("alif"), entry(*RAIN, guid="1", url="https://alif.example/1")).new
    (second,) = refresh(store, source("ba"), entry(*FOOTBALL, guid="1", url="https://ba.example/1")).new
    one, other = (store.item(number).story_id for number in (first, second))  # type: ignore[union-attr]
    assert store.merge([one, other]) == one
    assert grouped(store) == [[first, second]]
    refresh(store, source("ba"), entry(*SPAIN, guid="1", url="https://ba.example/1"), now=LATER)
    assert grouped(store) == [[first, second]]
    assert store.story(other) is None
    assert not store.check()


def test_what_is_split_and_merged_again_stays_together(store: Store) -> None:
    first, second = merged(store)
    story = store.item(first).story_id  # type: ignore[union-attr]
    (made,) = store.split([second])
    store.merge([story, made])
    assert grouped(store) == [[first, second]]


def test_what_cant_be_decided_is_refused_in_a_sentence(store: Store) -> None:
    (alone,) = refresh(store, source("alif"), entry(*RAIN)).new
    for decide in (lambda: store.split([alone]), lambda: store.split([10**9]), lambda: store.merge([1, 10**9])):
        with pytest.raises(UsageError, match=r"\."):
            decide()
    assert grouped(store) == [[alone]]


def test_the_links_of_a_merged_story_go_with_it(store: Store) -> None:
    first = entry(
        "مقتل 5 أشخاص في حادث سير بمراكش",
        "لقي خمسة أشخاص مصرعهم في حادث سير قرب مراكش صباح اليوم حسب مصدر أمني.",
        url="https://a.example/1",
    )
    second = entry(
        "مقتل 7 أشخاص في حادث سير بطنجة", "لقي سبعة أشخاص مصرعهم في حادث سير قرب طنجة صباح اليوم حسب مصدر أمني.", url="https://b.example/1"
    )
    (one,) = refresh(store, source("a"), first).new
    (two,) = refresh(store, source("b"), second).new
    (rain,) = refresh(store, source("c"), entry(*RAIN, url="https://c.example/1")).new
    ids = [store.item(number).story_id for number in (one, two, rain)]  # type: ignore[union-attr]
    linked = {link.story_id for link in store.story(ids[0]).related}  # type: ignore[union-attr]
    store.merge([ids[2], ids[1]])
    after = {link.story_id for link in store.story(ids[0]).related}  # type: ignore[union-attr]
    assert after == {ids[2] if each == ids[1] else each for each in linked}
    assert not store.check()


def test_a_removed_story_does_not_come_back_from_its_feeds(store: Store) -> None:
    first, _ = merged(store)
    assert store.remove_story(store.item(first).story_id) == 2  # type: ignore[union-attr]
    assert grouped(store) == []
    for name in ("alif", "ba"):
        text = SPAIN if name == "alif" else SPAIN_TOO
        done = refresh(store, source(name), entry(*text, guid="1", url=f"https://{name}.example/1"), now=LATER)
        assert done.new == ()
        assert "removed" in done.skipped[0][1]
    assert store.stories(StoryFilter(query="إسبانيا")).rows == ()
    assert not store.check()


def test_a_picture_is_hidden_when_enough_people_report_it(store: Store) -> None:
    (number,) = refresh(store, source(), entry(*SPAIN, image="https://alif.example/p.jpg")).new
    assert not store.report_image(number, "one", NOW, 3)
    assert not store.report_image(number, "one", NOW, 3), "one person counts once"
    assert not store.report_image(number, "two", NOW, 3)
    assert store.item(number).image  # type: ignore[union-attr]
    before = store.generation()
    assert store.report_image(number, "three", NOW, 3)
    assert store.item(number).image == ""  # type: ignore[union-attr]
    assert store.stories(EVERYTHING).rows[0].lead.image == ""
    assert store.generation() != before
    (reported,) = store.images()
    assert (reported.item, reported.reports, reported.state) == (number, 3, "hidden")


def test_an_operator_has_the_last_word_on_a_picture(store: Store) -> None:
    (number,) = refresh(store, source(), entry(*SPAIN, image="https://alif.example/p.jpg")).new
    for person in "abc":
        store.report_image(number, person, NOW, 3)
    assert store.restore_image(number)
    for person in "defgh":
        assert not store.report_image(number, person, NOW, 3)
    assert store.item(number).image  # type: ignore[union-attr]
    assert store.block_image(number)
    assert store.item(number).image == ""  # type: ignore[union-attr]
    assert not store.block_image(10**9)
    assert not store.report_image(10**9, "a", NOW, 3)


def test_a_hidden_picture_is_hidden_wherever_it_stands(store: Store) -> None:
    picture = "https://alif.example/p.jpg"
    first = refresh(store, source(), entry(*SPAIN, image=picture)).new[0]
    second = refresh(store, source(), entry(*RAIN, image=picture)).new[0]
    store.block_image(first)
    assert store.item(second).image == ""  # type: ignore[union-attr]


def test_reports_are_forgotten_after_their_time(store: Store) -> None:
    (number,) = refresh(store, source(), entry(*SPAIN, image="https://alif.example/p.jpg")).new
    store.report_image(number, "one", NOW, 3)
    store.report_image(number, "two", NOW, 3)
    assert not store.report_image(number, "three", NOW + timedelta(days=91), 3)
    assert store.images()[0].reports == 1


def test_wrong_merges_are_listed_most_reported_first(store: Store) -> None:
    first, _ = merged(store)
    story = store.item(first).story_id  # type: ignore[union-attr]
    (other,) = refresh(store, source("c"), entry(*RAIN, url="https://c.example/1")).new
    store.report_merge(store.item(other).story_id, "one", NOW)  # type: ignore[union-attr]
    for person in ("one", "one", "two"):
        store.report_merge(story, person, NOW)
    assert [(number, reports) for number, reports, _ in store.merge_reports()] == [(story, 2), (store.item(other).story_id, 1)]  # type: ignore[union-attr]
    store.remove_story(story)
    assert [number for number, *_ in store.merge_reports()] == [store.item(other).story_id]  # type: ignore[union-attr]


def test_a_report_against_a_right_merge_is_put_aside(store: Store) -> None:
    first, _ = merged(store)
    story = store.item(first).story_id  # type: ignore[union-attr]
    store.report_merge(story, "one", NOW)
    assert store.dismiss_merge(story)
    assert store.merge_reports() == []
    assert not store.dismiss_merge(story)
    assert len(store.story(story).items) == 2  # type: ignore[union-attr]


def test_a_token_is_shown_once_and_stored_hashed(store: Store) -> None:
    secret = store.add_token("newsroom", ("read", "write"))
    assert store.check_token(secret) == ("read", "write")
    for wrong in ("", "mujaz_", secret[:-1], secret + "x", "\ud800", "é"):
        assert store.check_token(wrong) is None
    assert [(name, scopes) for name, scopes, _ in store.tokens()] == [("newsroom", ("read", "write"))]
    with pytest.raises(UsageError, match="already"):
        store.add_token("newsroom", ("read",))
    with store.database.read() as c:
        assert secret not in str(c.exec_driver_sql("SELECT * FROM token").all())
    assert store.revoke_token("newsroom")
    assert store.check_token(secret) is None
    assert not store.revoke_token("newsroom")


def test_the_salt_is_this_databases_own_and_stays(store: Store) -> None:
    salt = store.salt()
    assert len(salt) == 32
    store._salt = None
    assert store.salt() == salt
