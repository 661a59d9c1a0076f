"""A text that is put aside while feedparser reads comes back as feedparser would have given it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import parse
from aggregator.parse import feed as feeds
from aggregator.parse.aside import put_aside

NOW = datetime(2026, 11, 25, tzinfo=UTC)
LONG = "نص طويل عن حدث في المدينة. " * 9
_parts = st.sampled_from(
    [
        LONG,
        "<p>" + LONG + "</p>\r\n<p>ثان &amp; ثالث &nbsp; &#8217;</p>",
        "Texte français, déjà vu en été. " * 9,
        "Plain words of a text in English. " * 9,
        "\x80\x93" + LONG,
        "  " + LONG + " \n ",
        "<description><![CDATA[" + LONG,
        "mujaz:aside:0;" + LONG,
        "قصير",
        "",
    ]
)


@st.composite
def elements(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(["description", "content:encoded", "content:encoded", "summary"]))
    attribute = draw(st.sampled_from(["", "", ' type="html"', ' xml:lang="ar"']))
    inside = "".join(
        draw(st.sampled_from(["<![CDATA[{}]]>", "\n<![CDATA[{}]]> ", "<![CDATA[{}]]><!-- x -->", "{}"])).format(draw(_parts))
        for _ in range(draw(st.integers(1, 2)))
    )
    return f"<{name}{attribute}>{inside}</{name}>"


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    items = "".join(
        f"<item><title>خبر {n}</title><link>https://a.example/{n}</link>{''.join(draw(st.lists(elements(), max_size=3)))}</item>"
        for n in range(draw(st.integers(1, 3)))
    )
    head = draw(elements())
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return f'<rss version="2.0" {spaces}><channel><title>م</title>{head}{items}</channel></rss>'.encode()


@settings(max_examples=200, deadline=None)
@given(body=documents())
def test_nothing_comes_back_otherwise(body: bytes) -> None:
    with_marks = parse.document(body, address="https://a.example/feed", now=NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "put_aside", lambda data: (data, ()))
        assert with_marks == parse.document(body, address="https://a.example/feed", now=NOW)
    assert "mujaz:aside" in body.decode() or not any("mujaz:aside" in item.content_html + item.summary for item in with_marks.items)


def test_only_long_texts_that_feedparser_copies_are_put_aside() -> None:
    whole = f"<rss><channel><item><description><![CDATA[ {LONG}]]></description></item></channel></rss>"
    short, texts = put_aside(whole.encode())
    assert short == b"<rss><channel><item><description><![CDATA[ mujaz:aside:0; ]]></description></item></channel></rss>"
    assert texts == (LONG.rstrip(),)
    for kept in (
        whole.replace("المدينة", "\x93المدينة"),
        whole.replace("<description>", "<description type='x'>"),
        whole[:60] + whole[-60:],
    ):
        assert put_aside(kept.encode()) == (kept.encode(), ())
