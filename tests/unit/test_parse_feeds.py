"""Documents as servers send them, and what must come out."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator import parse
from aggregator.cli import main
from aggregator.errors import DocumentError
from aggregator.model import Document, Recipe
from aggregator.parse import page
from aggregator.parse.charset import decode
from aggregator.parse.discover import discover

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ARABIC = "رئيس الحكومة يستقبل وفدا من رجال الأعمال في الرباط اليوم ويبحث معهم سبل التعاون الاقتصادي"


def read(text: str | bytes, **options: object) -> Document:
    body = text.encode() if isinstance(text, str) else text
    return parse.document(body, address="https://news.example/feed", now=NOW, **options)  # type: ignore[arg-type]


def rss(items: str, head: str = "") -> str:
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>https://news.example/</link>{head}{items}</channel></rss>'
    )


@pytest.mark.parametrize("encoding", ["cp1256", "iso8859-6", "utf-16-le", "utf-16-be", "utf-32-le", "utf-8"])
@pytest.mark.parametrize("lie", ["", "text/xml; charset=utf-8", "text/xml; charset=iso-8859-1"])
def test_arabic_is_read_whatever_the_server_says(encoding: str, lie: str) -> None:
    body = rss(f"<item><title>{ARABIC}</title><link>/1</link></item>").replace('<?xml version="1.0"?>', "").encode(encoding)
    assert read(body, content_type=lie).items[0].title == ARABIC


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Президент России Владимир Путин заявил о мерах"),
        ("cp1252", "Le Premier ministre a déclaré à l'été"),
        ("cp1254", "Cumhurbaşkanı Erdoğan İstanbul"),
    ],
)
def test_a_true_declaration_of_another_script_is_believed(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), f"text/xml; charset={encoding.replace('cp', 'windows-')}").text == text


def test_text_that_was_encoded_twice_is_put_right() -> None:
    assert decode("Ø§Ù„Ù…ØºØ±Ø¨ Ø§Ù„Ù…ØºØ±Ø¨".encode()).text == "المغرب المغرب"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a & b &nbsp; c", "a & b c"),
        ("&amp;amp;quot;خبر&amp;amp;quot;", '"خبر"'),
        ("خبر\x08 عاجل\x1f", "خبر عاجل"),
        ("&lt;b&gt;خبر&lt;/b&gt;", "خبر"),
        ("\u202bخبر\u202c", "خبر"),
        ("&#55357;&#56832; خبر", "😀 خبر"),
        ("5 &lt; 6", "5 < 6"),
        ("<b>خبر", "خبر"),
    ],
)
def test_titles_come_out_as_plain_text(title: str, expected: str) -> None:
    assert read(rss(f"<item><title>{title}</title><link>/1</link></item>")).items[0].title == expected


@pytest.mark.parametrize("junk", ["\ufeff\ufeff", "\n\n  ", "<br />\n<b>Warning</b>: x in y on line 3<br />\n", "junk "])
def test_what_stands_before_the_declaration_does_no_harm(junk: str) -> None:
    assert len(read(junk + rss("<item><title>خبر</title><link>/1</link></item>")).items) == 1


def test_a_body_that_is_gzip_unannounced_is_unpacked() -> None:
    assert len(read(gzip.compress(rss("<item><title>خبر</title></item>").encode())).items) == 1


def test_one_broken_entry_costs_only_itself() -> None:
    found = read(
        "<rss><channel><item><title>واحد</title><link>http://a.example/1</link><item><title>اثنان</title><link>http://a.example/2</link><description><![CDATA[نص</description></item><item><title a=b>ثلاثة</title><link>http://a.example/3</link></item>"
    )
    assert [(item.title, item.url) for item in found.items] == [
        (t, f"http://a.example/{n}") for n, t in enumerate(("واحد", "اثنان", "ثلاثة"), 1)
    ]


def test_an_id_that_all_entries_share_names_none() -> None:
    found = read(rss("".join(f"<item><title>خبر {n}</title><link>/{n}</link><guid>0</guid></item>" for n in range(3))))
    assert len({item.guid for item in found.items}) == 3


def test_hints_are_read_in_any_capitals() -> None:
    hints = read(
        rss("<item><title>x</title></item>", "<TTL>30</TTL><skiphours><HOUR>24</HOUR></skiphours><skipDays><day>friday</day></skipDays>")
    ).hints
    assert (hints.interval, hints.skip_hours, hints.skip_days) == (timedelta(minutes=30), {0}, {4})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "empty"),
        ("<html><head><title>Just a moment...</title></head><body>cf_chl_opt</body></html>", "blocked"),
        ("<html><body><p>مرحبا</p></body></html>", "not_a_feed"),
        ("%PDF-1.4", "not_a_feed"),
        ('{"a":1}', "not_a_feed"),
        (
            '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            + "".join(f'<!ENTITY a{n} "{("&a" + (str(n - 1) if n else "") + ";") * 10}">' for n in range(9))
            + "]><rss>&a8;</rss>",
            "too_large",
        ),
        ("<rss>" + "<" * 300_000, "too_large"),
    ],
)
def test_what_is_no_feed_is_refused_with_its_kind(body: str, kind: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(body)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "items",
    [
        "<item><title>خبر</title><author>" + "a" * 32_000 + "</author></item>",
        "<managingEditor>" + "a" * 200_000 + "</managingEditor><item><title>خبر</title></item>",
        "<item><title>خبر</title><x " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/></item>",
        "<item><title>خبر</title><description>" + "&lt;div&gt;" * 100_000 + "</description></item>",
    ],
)
def test_what_stalls_feedparser_does_not_stall_us(items: str) -> None:
    started = time.process_time()
    assert read(rss(items)).items[0].title == "خبر"
    assert time.process_time() - started < 3


def test_a_news_sitemap_gives_headlines_and_dates() -> None:
    item = read(
        '<urlset xmlns:news="n"><url><loc>https://a.example/1</loc><news:news><news:publication_date>2026-11-25T10:00:00+01:00</news:publication_date><news:title>خبر</news:title></news:news></url></urlset>'
    ).items[0]
    assert (item.title, item.url, item.published) == ("خبر", "https://a.example/1", datetime(2026, 11, 25, 9, tzinfo=UTC))


def test_a_list_page_is_proposed_read_and_known_to_drift() -> None:
    blocks = "".join(
        f'<div class="post"><h3><a href="/news/{n}">خبر طويل بعنوان واضح رقم {n} من الرباط</a></h3><time datetime="2026-11-25">x</time></div>'
        for n in range(6)
    )
    html = f'<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body>{blocks}</body></html>'.encode()
    recipe = page.propose(html, "https://a.example/")
    assert recipe is not None
    found = page.items(html, recipe, "https://a.example/", now=NOW)
    assert [item.url for item in found] == [f"https://a.example/news/{n}" for n in range(6)]
    assert found[0].published == datetime(2026, 11, 25, tzinfo=UTC)
    assert discover(html, "https://a.example/").feeds == ("https://a.example/feed",)
    with pytest.raises(DocumentError, match="finds no blocks"):
        read(html, recipe=Recipe(item="article.gone"))


def test_the_command_gives_lines_and_an_error_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text(rss("<item><title>خبر</title><link>/1</link></item>"))
    bad.write_text("")
    assert main(["parse", str(good), str(bad)]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (rows[0]["title"], rows[0]["url"]) == ("خبر", "https://news.example/1")
    assert rows[1]["error"]["kind"] == "empty"
