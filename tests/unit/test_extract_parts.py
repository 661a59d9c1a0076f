"""The parts of extraction, each by itself: headlines and tags, by-lines, source links, pictures, addresses, encodings, dates, walls."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.arabic.charset import decode, is_mojibake, repair
from aggregator.errors import DocumentError
from aggregator.extract import article, from_feed
from aggregator.extract.addresses import canonical, identity, site
from aggregator.extract.bylines import author_of, is_byline, is_counter
from aggregator.extract.images import declared_in, is_picture, parse_srcset, shared_by_many
from aggregator.extract.phrases import kinds
from aggregator.extract.titles import split_flags
from aggregator.model import Article, RawItem, Selectors

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
URL = "https://example.org/news/1"
TEXT = "أعلنت البلدية أن الأشغال ستنتهي قبل الصيف، وأن الطريق سيفتح على مراحل ابتداء من الشهر المقبل."
MORE = "وقال المهندس المشرف إن الجسر الجديد يتحمل ثلاثة أضعاف ما كان يتحمله القديم، بفضل دعائم من الفولاذ."


def page(body: str = f"<p>{TEXT}</p><p>{MORE}</p>", head: str = "", title: str = "افتتاح الجسر الجديد في موعده") -> bytes:
    return f'<html lang="ar"><head><meta charset="utf-8"><title>{title}</title>{head}</head><body><article><h1>{title}</h1>{body}</article></body></html>'.encode()


def read(html: bytes, **more: object) -> Article:
    return article(html, url=URL, now=NOW, **more)  # type: ignore[arg-type]


# -- headline ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "title", "flags"),
    [
        ("عاجل/ زلزال يضرب الساحل", "زلزال يضرب الساحل", ("breaking",)),
        ("عاجل: زلزال يضرب الساحل", "زلزال يضرب الساحل", ("breaking",)),
        ("بالفيديو.. لحظة انهيار الجسر", "لحظة انهيار الجسر", ("video",)),
        ("شاهد | لحظة انهيار الجسر", "لحظة انهيار الجسر", ("video",)),
        ("لحظة انهيار الجسر (فيديو وصور)", "لحظة انهيار الجسر", ("video", "photos")),
        ("لحظة انهيار الجسر - فيديو", "لحظة انهيار الجسر", ("video",)),
        ("[صور] لحظة انهيار الجسر", "لحظة انهيار الجسر", ("photos",)),
        ("حصري.. الوزير يستقيل غدا", "الوزير يستقيل غدا", ("exclusive",)),
        ("VIDÉO. Le pont s'effondre", "Le pont s'effondre", ("video",)),
        ("شاهد عيان يروي ما حدث", "شاهد عيان يروي ما حدث", ()),
        ("صور نادرة من الحرب", "صور نادرة من الحرب", ()),
        ("مباشرة بعد المباراة: المدرب يستقيل", "مباشرة بعد المباراة: المدرب يستقيل", ()),
    ],
)
def test_tags_are_taken_off_a_headline_and_words_are_not(raw: str, title: str, flags: tuple[str, ...]) -> None:
    assert split_flags(raw) == (title, flags)


@pytest.mark.parametrize("suffix", [" - جريدة الأفق", " | الأفق", " :: الأفق نيوز", " – Al Ofok", " » الأفق"])
def test_the_site_s_name_is_no_part_of_the_headline(suffix: str) -> None:
    html = page(title="افتتاح الجسر الجديد في موعده" + suffix, head='<meta property="og:site_name" content="الأفق">')
    assert read(html.replace(b"<h1>", b"<h6>").replace(b"</h1>", b"</h6>")).title == "افتتاح الجسر الجديد في موعده"


def test_a_headline_with_a_dash_of_its_own_stays_whole() -> None:
    assert read(page(title="قمة المغرب - إسبانيا تؤجل")).title == "قمة المغرب - إسبانيا تؤجل"


# -- by-lines ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [("كتب/ محمد أمين", "محمد أمين"), ("بقلم: د. ليلى قاسم", "د. ليلى قاسم"), ("كتبت : هدى سالم - القاهرة", "هدى سالم - القاهرة"), ("Par Inès Lahlou, le 12 mars 2024", "Inès Lahlou"), ("admin", ""), ("https://facebook.com/x", "")],
)  # fmt: skip
def test_an_author_is_a_name_without_its_label(raw: str, name: str) -> None:
    assert author_of(raw) == name


def test_a_sentence_that_begins_like_a_byline_is_none() -> None:
    assert not is_byline("كتب الرئيس رسالة إلى مواطنيه يشرح فيها أسباب القرار.")
    assert not is_counter("قتل 3 أشخاص")
    assert kinds("المصدرون يطالبون بفتح أسواق جديدة أمام الخضر") == frozenset()
    assert kinds("شارك الآلاف في المسيرة التي دعت إليها النقابات") == frozenset()


# -- source link ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "head", "link"),
    [
        ('<p><a href="https://a.example/1?utm_source=x">انقر هنا لقراءة الخبر من مصدره</a></p>', "", "https://a.example/1"),
        ('<p>انقر <a href="https://a.example/2">هنا</a> لقراءة الخبر من مصدره</p>', "", "https://a.example/2"),
        ('<p><a href="https://a.example/3">اقرأ الخبر من المصدر</a></p>', "", "https://a.example/3"),
        ('<p>المصدر : <a href="https://a.example/4">وكالة الأنباء</a></p>', "", "https://a.example/4"),
        ('<div><b>المصدر</b></div><div><a href="https://a.example/5">وكالة</a></div>', "", ""),
        ('<p>المصدر: <a href="/tag/agency">وكالة الأنباء</a></p>', "", ""),
        ('<a rel="source nofollow" href="https://a.example/6">x</a>', "", "https://a.example/6"),
        ("", '<link rel="canonical" href="https://a.example/7">', "https://a.example/7"),
        ("", '<meta name="syndication-source" content="https://a.example/8">', "https://a.example/8"),
        ('<a itemprop="isBasedOn" href="https://a.example/9">x</a>', "", "https://a.example/9"),
        ('<p><a href="/out?url=https%3A%2F%2Fa.example%2F10">لقراءة الخبر من مصدره اضغط هنا</a></p>', "", "https://a.example/10"),
        ("", '<link rel="canonical" href="https://www.example.org/news/1?fbclid=1">', "https://www.example.org/news/1"),
        ("", '<link rel="canonical" href="https://example.org/">', URL),
        ("", "", URL),
    ],
)
def test_the_source_link_is_where_the_story_stands_first(line: str, head: str, link: str) -> None:
    found = read(page(f"<p>{TEXT}</p><p>{MORE}</p>{line}", head)).source_link
    assert found == link if link else found in (URL, "https://a.example/5")


def test_the_line_to_the_source_is_no_part_of_the_body() -> None:
    body = read(page(f'<p>{TEXT}</p><p>{MORE}</p><p><a href="https://a.example/1">انقر هنا لقراءة الخبر من مصدره.</a></p>')).body
    assert body == f"{TEXT}\n\n{MORE}"


# -- body -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "noise",
    [
        '<p>اقرأ أيضا: <a href="/2">خبر آخر لا علاقة له بالجسر</a></p>',
        '<div><h3>مواضيع ذات صلة</h3><ul><li><a href="/2">خبر آخر لا علاقة له بالجسر</a></li><li><a href="/3">خبر ثان لا علاقة له</a></li></ul></div>',
        '<p><strong>شاهد أيضا</strong></p><p><a href="/2">خبر آخر لا علاقة له بالجسر</a></p>',
        "<p>شكرا على الإبلاغ!</p><p>سيتم حجب هذه الصورة تلقائيا عندما يتم الإبلاغ عنها من طرف عدة أشخاص.</p>",
        '<div class="share">شارك <a href="#">فيسبوك</a> <a href="#">واتساب</a></div>',
        "<figure><img src=/a.jpg><figcaption>صورة من الأرشيف لجسر آخر</figcaption></figure>",
        '<div class="cookie-bar">نستخدم ملفات تعريف الارتباط لتحسين الخدمة.</div>',
        "<p>تابعونا على قناتنا في تيليغرام</p>",
    ],
)
def test_what_is_not_the_story_is_cut_from_its_midst(noise: str) -> None:
    assert read(page(f"<p>{TEXT}</p>{noise}<p>{MORE}</p>")).body == f"{TEXT}\n\n{MORE}"


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{TEXT}<br><br>{MORE}</div>",
        f"<div>{TEXT}</div><div>{MORE}</div>",
        f"<font size=3>{TEXT}<br /><br />{MORE}</font>",
        f"<p>{TEXT}<p>{MORE}",
        f"<span><span>{TEXT}</span></span><br><br><span>{MORE}</span>",
        f"<table><tr><td>{TEXT}</td></tr><tr><td>{MORE}</td></tr></table>",
        f"{TEXT}<p>{MORE}</p>",
    ],
)
def test_paragraphs_are_found_however_they_are_set(body: str) -> None:
    assert read(page(body)).body == f"{TEXT}\n\n{MORE}"


def test_a_source_s_own_selectors_come_first() -> None:
    html = page(
        f'<div class="x">{TEXT}</div><div class="y"><p>{MORE}</p><i class="d">12/03/2024 10:00</i><b class="w">كتب: سمير</b><u>زائد</u></div>'
    )
    found = read(html, selectors=Selectors(body=".y", date=".d", author=".w", remove=("u", ".d", ".w")))
    assert found.body == MORE
    assert found.method == "selectors"
    assert read(html, selectors=Selectors(date=".d", author=".w")).published == datetime(2024, 3, 12, 10, tzinfo=UTC)
    assert read(html, selectors=Selectors(author=".w")).author == "سمير"


def test_a_selector_that_finds_nothing_or_is_none_does_no_harm() -> None:
    assert read(page(), selectors=Selectors(body=".gone", title="h1[[")).body == f"{TEXT}\n\n{MORE}"


def test_the_feed_s_text_confirms_the_page_s() -> None:
    long = f"<p>{TEXT}</p><p>{MORE}</p><p>{TEXT} {MORE}</p>"
    assert read(page(long), feed_html=long).method == "feed+tree"


def test_the_feed_s_text_stands_in_for_a_page_drawn_by_a_script() -> None:
    long = f"<p>{TEXT}</p><p>{MORE}</p><p>{TEXT}</p>"
    found = read(page("<div id=app></div>"), feed_html=long)
    assert found.body == f"{TEXT}\n\n{MORE}\n\n{TEXT}"
    assert found.method == "feed"


# -- dates, picture, restrictions --------------------------------------------------------------


def test_a_date_without_a_zone_is_the_source_s() -> None:
    html = page(head='<meta property="article:published_time" content="2024-07-16 10:15:00">')
    assert read(html, timezone="Africa/Casablanca").published == datetime(2024, 7, 16, 9, 15, tzinfo=UTC)


def test_an_impossible_date_is_none_with_a_reason() -> None:
    found = read(page(f"<span class=date>31 فبراير 2025</span><p>{TEXT}</p><p>{MORE}</p>"))
    assert found.published is None
    assert found.date_problem


def test_the_site_s_clock_and_other_stories_dates_are_not_the_article_s() -> None:
    html = f'<html><head><title>افتتاح الجسر الجديد في موعده</title></head><body><div class="today">الأربعاء 14 يناير 2026</div><h1>افتتاح الجسر الجديد في موعده</h1><p>{TEXT}</p><p>{MORE}</p><aside class="related"><time datetime="2025-12-01">1 ديسمبر</time></aside></body></html>'
    assert read(html.encode()).published is None


def test_a_default_picture_is_not_the_article_s() -> None:
    shown = f'<img src="/uploads/bridge.jpg" width="800" height="500"><p>{TEXT}</p><p>{MORE}</p>'
    head = '<meta property="og:image" content="https://example.org/share.jpg">'
    assert read(page(shown, head)).image == "https://example.org/share.jpg"
    assert (
        read(page(shown, head), shared_images=frozenset(["https://example.org/share.jpg"])).image
        == "https://example.org/uploads/bridge.jpg"
    )
    assert read(page(shown, '<meta property="og:image" content="/img/logo.png">')).image == "https://example.org/uploads/bridge.jpg"


def test_the_largest_of_a_srcset_is_taken() -> None:
    assert parse_srcset("/a.jpg 1x, /b.jpg 2x") == [("/a.jpg", 100), ("/b.jpg", 200)]
    shown = f'<img src="data:image/gif;base64,R0" data-srcset="/s.jpg 300w, /l.jpg 1200w"><p>{TEXT}</p><p>{MORE}</p>'
    assert read(page(shown)).image == "https://example.org/l.jpg"


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/logo.png",
        "https://a.example/avatars/1.jpg",
        "https://secure.gravatar.com/avatar/1",
        "https://a.example/px.gif",
        "https://a.example/img/default-image.jpg",
        "data:image/gif;base64,R0",
        "/a.jpg",
    ],
)
def test_logos_avatars_and_trackers_are_no_pictures(address: str) -> None:
    assert not is_picture(address)


def test_a_picture_that_many_pages_declare_is_the_site_s_default() -> None:
    pages = [b'<meta property="og:image" content="https://a.example/d.jpg">'] * 5 + [
        b"<meta content='https://a.example/1.jpg' property='og:image'>"
    ]
    assert shared_by_many(map(declared_in, pages), least=5) == {"https://a.example/d.jpg"}


def test_noarchive_and_nosnippet_are_kept() -> None:
    found = read(page(head='<meta name="robots" content="index, noarchive, max-snippet:0">'))
    assert (found.noarchive, found.nosnippet) == (True, True)


# -- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        (b"<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>", "blocked"),
        (b"<html><head><title>x</title></head><body>Request unsuccessful. Incapsula incident ID: 1</body></html>", "blocked"),
        ("<html><head><title>الصفحة غير موجودة - الأفق</title></head><body><p>عذرا</p></body></html>".encode(), "not_an_article"),
        (b"<rss version='2.0'><channel></channel></rss>", "not_an_article"),
        (b"plain text", "not_an_article"),
        (b"", "not_an_article"),
    ],
)
def test_a_page_that_is_no_article_says_what_it_is(html: bytes, kind: str) -> None:
    with pytest.raises(DocumentError) as error:
        read(html)
    assert error.value.kind == kind


# -- what a feed alone gives ------------------------------------------------------------------


def test_a_feed_s_item_becomes_an_article_with_less_confidence() -> None:
    item = RawItem(
        guid="1", url=URL, title="عاجل/ افتتاح الجسر", content_html=f"<p>{TEXT}</p><p>اقرأ أيضا: <a href='/2'>خبر</a></p><p>{MORE}</p>" * 3
    )
    found = from_feed(item)
    assert found.title == "افتتاح الجسر"
    assert found.flags == ("breaking",)
    assert "اقرأ أيضا" not in found.body
    assert found.confidence == 0.7
    assert from_feed(RawItem(guid="1", url=URL, title="x", summary="موجز قصير […]")).confidence == 0.3


# -- addresses and encodings ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("HTTP://Example.ORG:80/a?utm_source=x&b=1&fbclid=2#top", "http://example.org/a?b=1"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/#!/story/1", "https://example.org/#!/story/1"),
        ("tag:example.org,2025:1", "tag:example.org,2025:1"),
        ("https://example.org/a?x=1&&y", "https://example.org/a?x=1&y"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_an_address_is_stored_without_what_counts_readers(url: str, stored: str) -> None:
    assert canonical(url) == stored
    assert canonical(stored) == stored


def test_two_addresses_of_one_article_are_one() -> None:
    same = [
        "http://www.example.org/خبر/1/",
        "https://example.org/%D8%AE%D8%A8%D8%B1/1",
        "https://m.example.org/خبر/1?utm_medium=x",
        "https://example.org/خبر/1/amp/",
    ]
    assert len({identity(url) for url in same}) == 1
    assert identity("https://example.org/a?id=1") != identity("https://example.org/a?id=2")
    assert site("https://news.bbc.co.uk/1") == "bbc.co.uk"


ARABIC = "<p>أعلنت وزارة الداخلية اليوم عن توقيف أربعة أشخاص في مدينة طنجة</p>"
FRENCH = "<p>L'équipe a gagné à Fès, où l'été fut très chaud</p>"


@pytest.mark.parametrize(
    "said", ["", "text/html; charset=utf-8", "text/html; charset=iso-8859-1", "text/html; charset=windows-1256", "text/html; charset=rot13"]
)
@pytest.mark.parametrize(
    ("text", "encoding"), [(ARABIC, "windows-1256"), (ARABIC, "utf-8"), (ARABIC, "utf-16"), (ARABIC, "iso-8859-6"), (FRENCH, "utf-8")]
)
def test_a_document_is_decoded_whatever_its_header_says(text: str, encoding: str, said: str) -> None:
    assert decode(text.encode(encoding), said)[0].lstrip("\ufeff") == text


def test_text_that_was_decoded_wrongly_before_is_put_right() -> None:
    broken = ARABIC.encode().decode("windows-1256", "replace")
    assert not is_mojibake(ARABIC)
    assert not is_mojibake(FRENCH)
    assert is_mojibake(broken)
    assert repair("المغرب".encode().decode("latin-1")) == "المغرب"


@pytest.mark.parametrize(
    "document",
    [
        b"%PDF-1.7\n<a>x</a>" + bytes(range(256)) * 40,
        bytes(range(256)) * 40,
        b"<p>" + bytes(range(256)) * 40,
        b"PK\x03\x04<html>",
        b"\xff\xd8\xff<p>",
    ],
    ids=["pdf", "noise", "noise with a tag", "archive", "picture"],
)
def test_what_is_no_text_is_no_article(document: bytes) -> None:
    with pytest.raises(DocumentError) as refused:
        article(document, url="https://o.example/1", now=NOW)
    assert refused.value.kind == "not_an_article"
