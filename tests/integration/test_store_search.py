"""Search: any spelling finds, on both databases alike; odd queries find nothing or something, but never fail."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.model import Sort, StoryFilter
from aggregator.store import Store, search
from aggregator.store.query import Query
from tests.integration.news import FOOTBALL, NOW, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source

VARIANTS = Path(__file__).parents[3] / "shared/data/search/variants.tsv"
# written for this project: (text, query)
OURS = (
    ("صادق البرلمان على قانون المالية", "الماليه"),
    ("إضراب وطني لأساتذة التعليم", "اضراب"),
    ("ارتفاع أسعار السمك في الأسواق", "للأسواق"),
    ("الوزيرة تزور مستشفى الأطفال", "مستشفي الاطفال"),
    ("بالناظور حملة لتلقيح المواشي", "الناظور"),
    ("وَصَلَ الوَفدُ إلى مَدينةِ فاس", "الوفد مدينة فاس"),
    ("افتتاح معرض الكتاب", "مَعْرِض الكِتَاب"),
    ("تخصيص ٢٥ مليون درهم", "25 مليون"),
    ("تخصيص 25 مليون درهم", "٢٥ مليون"),
    ("الـمـنـتـخـب يسافر غدا", "المنتخب"),
    ("والجامعة تعلن عن مباراة", "الجامعة"),
    ("لقاء بين صحفيين ونقاد", "الصحفيين"),
    ("ﻓﻮﺯ ﺍﻟﺮﺟﺎﺀ في الديربي", "الرجاء"),
    ("Le gouvernement à Fès adopte la réforme", "gouvernement fes reforme"),
    ("انتهت المباراة بنتيجة 2-1", "2-1"),
)


ODD = [
    '"',
    '"شبكة',
    'شبكة"',
    "-",
    "--",
    '-"',
    ":",
    "outlet:",
    "since:yesterday شبكة",
    "AND OR NOT",
    "NEAR(a b)",
    "a*",
    "^b",
    "{title}:x",
    "(",
    ")))",
    "'; DROP TABLE item; --",
    "\x00",
    "%",
    "_",
    "\\",
    "شبكة & | ! <->",
    ":* x",
    "\u202e",
    "؟",
    "🙂",
    "a" * 5_000,
    "ش " * 3_000,
    "-شبكة",
    "since:99999-01-01",
    "until:9999-12-31",
    "2-1",
    "...",
    "٪",
    "\ud800",
]


def found(store: Store, query: str, sort: Sort = Sort.RELEVANCE) -> list[str]:
    return [story.lead.title for story in store.stories(StoryFilter(query=query, sort=sort)).rows]


@pytest.fixture
def stocked(store: Store) -> Store:
    """A store with four outlets' news of three days."""
    refresh(store, source("alif"), entry(*SPAIN), entry(*RAIN, published=NOW - timedelta(days=1)))
    refresh(
        store, source("ba", country="DZ", topic="sport"), entry(*FOOTBALL, url="https://ba.example/2", published=NOW - timedelta(days=2))
    )
    refresh(store, source("ta", country=""), entry(*SPAIN_TOO, url="https://ta.example/1"))
    french = source("lettre", language="fr")
    refresh(store, french, entry("La Chambre adopte la loi de finances", "Les députés ont voté la loi.", url="https://lettre.example/1"))
    return store


def test_a_spelling_finds_the_other(store: Store) -> None:
    feeds = [(source(f"s{n}"), text, query) for n, (text, query) in enumerate(OURS)]
    for feed, text, _ in feeds:
        refresh(store, feed, entry(text, url=f"https://{feed.id}.example/1"))
    for feed, text, query in feeds:
        for sort in (Sort.RELEVANCE, Sort.TIME):
            (story,) = store.stories(StoryFilter(query=f"{query} outlet:{feed.id}", sort=sort)).rows
            assert text in [item.title for item in story.items], query


def test_the_reference_variants_are_found(store: Store) -> None:
    if not VARIANTS.exists():
        pytest.skip("no shared data")
    rows = [line.split("\t") for line in VARIANTS.read_text(encoding="utf-8").splitlines()[1:]]
    documents = list(dict.fromkeys(row[1] for row in rows))
    refresh(store, source(), *(entry(text, guid=str(n), published=NOW - timedelta(days=n)) for n, text in enumerate(documents)))
    titles = {item.title: item.story_id for item in store.iter_items(StoryFilter())}
    for kind, document, query, what in rows:
        stories = [story.id for story in store.stories(StoryFilter(query=query)).rows]
        assert titles[document] in stories, f"{kind}: {what}: {query} in {document}"


def test_every_word_must_be_there(stocked: Store) -> None:
    assert len(found(stocked, "شبكة إسبانيا")) == 1
    assert found(stocked, "شبكة المنتخب") == []


def test_a_phrase_keeps_its_order(stocked: Store) -> None:
    assert len(found(stocked, '"الاتجار بالبشر"')) == 1
    assert found(stocked, '"بالبشر الاتجار"') == []


def test_a_phrase_does_not_reach_from_the_headline_into_the_text(store: Store) -> None:
    refresh(store, source(), entry("زيارة رسمية", "للعاصمة في الصيف"))
    assert found(store, "رسمية للعاصمة") == ["زيارة رسمية"]
    assert found(store, '"رسمية للعاصمة"') == []


def test_a_word_can_be_left_out(stocked: Store) -> None:
    assert found(stocked, "المملكة -أمطار") == []
    assert len(found(stocked, "المملكة")) == 1


@pytest.mark.parametrize("sort", Sort)
def test_a_word_can_be_left_out_of_all_that_a_filter_leaves(stocked: Store, sort: Sort) -> None:
    assert len(found(stocked, "country:MA", sort)) == 3
    assert RAIN[0] not in found(stocked, "country:MA -أمطار", sort)
    assert len(found(stocked, "country:MA -أمطار", sort)) == 2
    assert found(stocked, "country:MA -أمطار -شبكة", sort) == ["La Chambre adopte la loi de finances"]
    assert RAIN[0] not in found(stocked, "-أمطار", sort), "without a filter too"
    assert len(found(stocked, "-أمطار", sort)) == 3


def test_a_month_and_a_year_count_whole(stocked: Store) -> None:
    assert len(found(stocked, "since:2026-11 until:2026-11")) == 4
    assert len(found(stocked, "since:2026 until:2026")) == 4
    assert found(stocked, "until:2026-10") == found(stocked, "since:2026-12") == []
    assert len(found(stocked, "since:9999w")) == 4, "so many weeks ago"
    assert found(stocked, "since:٢٠٢٦-١١-٢٤ until:٢٠٢٦-١١-٢٤") == [RAIN[0]]


def test_filters_stand_in_the_query(stocked: Store) -> None:
    assert found(stocked, "country:DZ") == [FOOTBALL[0]]
    assert found(stocked, "outlet:ba") == [FOOTBALL[0]]
    assert found(stocked, 'outlet:"جريده ba"') == [FOOTBALL[0]], "by its name, in any spelling"
    assert found(stocked, "topic:sport") == [FOOTBALL[0]]
    assert found(stocked, "lang:fr") == ["La Chambre adopte la loi de finances"]
    assert len(found(stocked, "country:XX")) == 1, "pan-Arab outlets"
    assert found(stocked, "outlet:nobody") == []
    assert found(stocked, "since:2026-11-25 country:DZ") == []
    assert found(stocked, "until:2026-11-23") == [FOOTBALL[0]], "a day counts to its end"
    assert found(stocked, "since:2026-11-24 until:2026-11-24") == [RAIN[0]]


def test_filters_and_words_go_together(stocked: Store) -> None:
    assert found(stocked, "شبكة outlet:ta") == found(stocked, "شبكة")
    assert found(stocked, "شبكة outlet:ba") == []


def test_odd_queries_never_fail(stocked: Store) -> None:
    for query in ODD:
        for sort in Sort:
            stocked.stories(StoryFilter(query=query, sort=sort))
        stocked.items(StoryFilter(query=query))
        stocked.suggest(query)


def test_random_queries_never_fail(stocked: Store) -> None:
    letters = "اب ةى \"'-:()*^{}+&|!<>~@#$%\\/.,;؟،٣3\u200f\u0650\ud800\x00outletsinceANDNEAR"
    chance = random.Random(7)
    for _ in range(150):
        query = "".join(chance.choices(letters, k=chance.randrange(1, 40)))
        stocked.stories(StoryFilter(query=query, sort=chance.choice(list(Sort))), limit=3)


def test_a_filter_that_cant_be_read_is_looked_for_as_words() -> None:
    assert Query.of("since:yesterday").filters == ()
    assert Query.of("since:yesterday").must == (("since",), ("yesterday",))


def test_a_headline_weighs_more_than_a_text(store: Store) -> None:
    refresh(store, source(), entry("تقرير عام حول الموسم", "تراجع إنتاج الزيتون وسط كلام طويل عن مواضيع كثيرة", guid="1"))
    refresh(store, source(), entry("إنتاج الزيتون يرتفع", "أرقام جديدة صدرت اليوم عن الوزارة الوصية", guid="2"))
    assert found(store, "الزيتون")[0] == "إنتاج الزيتون يرتفع"


def test_of_two_equal_hits_the_fresher_stands_first(store: Store) -> None:
    refresh(store, source("a"), entry("حريق غابة كبير قرب شفشاون", published=NOW - timedelta(days=20), url="https://a.example/1"))
    refresh(store, source("b"), entry("حريق غابة كبير قرب إفران", url="https://b.example/1"))
    assert found(store, "حريق غابة") == ["حريق غابة كبير قرب إفران", "حريق غابة كبير قرب شفشاون"]


def test_pages_of_hits_hold_each_story_once(store: Store) -> None:
    cities = ("الرباط", "فاس", "طنجة", "أكادير", "وجدة", "مراكش", "مكناس", "تطوان", "آسفي", "العيون", "الداخلة")
    for number, city in enumerate(cities):
        refresh(
            store,
            source(f"s{number}"),
            entry(f"افتتاح مكتبة بمدينة {city}", url=f"https://s{number}.example/1", published=NOW - timedelta(hours=30 * number)),
        )
    for sort in (Sort.RELEVANCE, Sort.TIME, Sort.SPREAD):
        seen, cursor = [], None
        while True:
            page = store.stories(StoryFilter(query="مكتبة", sort=sort), limit=3, cursor=cursor)
            seen += [story.id for story in page.rows]
            if (cursor := page.next) is None:
                break
        assert len(seen) == len(set(seen)) == len(store.stories(StoryFilter(), limit=50).rows)


def test_did_you_mean_shows_a_word_as_it_is_written(store: Store) -> None:
    refresh(store, source(), entry("أنشيلوتي يستدعي لاعبا جديدا للمنتخب", guid="1"), entry("الحكومة تؤجل الاجتماع", guid="2"))
    assert store.suggest("أنتشيلوتي") == "أنشيلوتي"
    assert store.suggest("الحكوممة") == "الحكومة", "with its ta marbuta, not the folded form"
    assert store.suggest("outlet:alif الحكوممة اليوم") == "outlet:alif الحكومة اليوم"
    assert store.suggest("للحكومه") is None, "what finds something is not misspelt"
    assert store.suggest("قسطنطينية") is None


def test_a_common_word_and_a_rare_one_are_found_alike(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from aggregator.store import stories

    for number in range(12):
        refresh(
            store,
            source(f"s{number}"),
            entry(f"بيان رقم {number} عن الموضوع {'الفريد' if number == 4 else ''}", url=f"https://s{number}.example/1"),
        )
    before = {query: found(store, query, Sort.TIME) for query in ("بيان", "الفريد", "بيان outlet:s4", "country:MA")}
    monkeypatch.setattr(stories, "FEW", 3)
    assert {query: found(store, query, Sort.TIME) for query in before} == before
    assert len(list(store.iter_items(StoryFilter(query="بيان")))) == 12


@pytest.mark.parametrize("few", [0, 1_000])
def test_a_search_goes_on_past_the_newest_hits_and_gives_each_story_once(store: Store, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    from aggregator.store import relevance

    monkeypatch.setattr(relevance, "WINDOW", 5)
    monkeypatch.setattr(relevance, "FEW", few)
    for number in range(17):
        place = "مكتبة المدينة" if number % 3 else "افتتاح قاعة"
        refresh(
            store,
            source(f"s{number % 4}"),
            entry(
                f"{place} {number * 7919 % 10007}",
                "نص عن مكتبة جديدة",
                url=f"https://s.example/{number}",
                published=NOW - timedelta(hours=number),
            ),
        )
    # two reports of one story, far apart in the order of arrival, and news that comes while the reader goes on
    refresh(store, source("old"), entry(SPAIN[0], SPAIN[1] + " مكتبة", url="https://old.example/1", published=NOW - timedelta(days=1)))
    for number in range(17, 24):
        refresh(store, source(f"s{number % 4}"), entry(f"مكتبة المدينة {number * 7919 % 10007}", url=f"https://s.example/{number}"))
    refresh(store, source("new"), entry(SPAIN_TOO[0], SPAIN_TOO[1] + " مكتبة", url="https://new.example/1"))
    for wish in (StoryFilter(query="مكتبة", sort=Sort.RELEVANCE), StoryFilter(query="مكتبة country:MA", sort=Sort.RELEVANCE)):
        expected = {story.id for story in store.iter_stories(StoryFilter(query=wish.query))}
        seen, cursor = [], None
        while True:
            page = store.stories(wish, limit=3, cursor=cursor)
            seen += [story.id for story in page.rows]
            refresh(
                store, source("late"), entry(f"مكتبة حديثة {len(seen)} {wish.query}", url=f"https://late.example/{len(seen)}{wish.query}")
            )
            if (cursor := page.next) is None:
                break
        assert len(seen) == len(set(seen))
        assert expected <= set(seen)


def test_relevance_is_the_share_of_the_query_in_the_headline_then_freshness(store: Store) -> None:
    body = "تقرير عن ارتفاع إنتاج الزيتون هذا الموسم"
    texts = [("ارتفاع إنتاج الزيتون", 3), ("إنتاج الزيتون", 2), ("الزيتون", 1), ("موضوع آخر", 0)]
    for number, (title, days) in enumerate(texts):
        refresh(
            store,
            source(f"s{number}"),
            entry(f"{title} {number * 7919}", body, url=f"https://s{number}.example/1", published=NOW - timedelta(days=days)),
        )
    assert [title.split()[0] for title in found(store, "ارتفاع إنتاج الزيتون")] == ["ارتفاع", "إنتاج", "الزيتون", "موضوع"]


def test_names_that_no_database_can_be_asked_for_find_nothing(stocked: Store) -> None:
    for wish in (
        StoryFilter(outlets=("a\0b",)),
        StoryFilter(topics=("\0",)),
        StoryFilter(languages=("\0",)),
        StoryFilter(countries=("\0",)),
    ):
        for sort in Sort:
            assert stocked.stories(replace(wish, sort=sort)).rows == (), wish
        assert stocked.items(wish).rows == ()
    assert stocked.source("a\0b") is None


def test_a_word_of_five_thousand_letters_is_stored_and_found(store: Store) -> None:
    long = "ع" * 5_000
    refresh(store, source(), entry(f"خبر {long}", f"نص {long}"))
    for sort in Sort:
        assert len(found(store, f"خبر {'ع' * 400}", sort)) == 0
        assert len(found(store, "خبر", sort)) == 1
    with store.database.read() as c:
        assert len(c.execute(search.hits(Query(must=(("خبر", long),)), c.dialect.name).select()).all()) == 1
