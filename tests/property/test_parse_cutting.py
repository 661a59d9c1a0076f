"""Leaving known entries out gives the same items as reading the whole document."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import parse

NOW = datetime(2026, 11, 25, tzinfo=UTC)
_texts = st.sampled_from(
    [
        "خبر من الرباط",
        "a &amp; b",
        "<![CDATA[<item>داخل</item>]]>",
        "<![CDATA[</item><item>]]>",
        "<!-- <item> -->نص",
        "&lt;b&gt;عريض&lt;/b&gt;",
        "نص & آخر &nbsp;",
        "<b>مفتوح",
    ]
)


@st.composite
def feeds(draw: st.DrawFn) -> bytes:
    atom = draw(st.booleans())
    count = draw(st.integers(1, 6))
    name = "entry" if atom else "item"
    pieces = []
    for number in range(count):
        link = f'<link href="/{number}"/>' if atom else f"<link>/{number}</link>"
        base = draw(st.sampled_from(["", ' xml:base="https://other.example/x/"', ' xml:lang="fr"']))
        body = "summary" if atom else "description"
        pieces.append(f"<{name}{base}><title>{draw(_texts)}</title>{link}<id>n{number}</id><{body}>{draw(_texts)}</{body}></{name}>")
        pieces.append(draw(st.sampled_from(["", "\n", "<!-- <item> -->", "<generator>x</generator>"])))
    if atom:
        return (
            '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://base.example/" xml:lang="ar"><title>t</title>'
            + "".join(pieces)
            + "</feed>"
        ).encode()
    return (
        '<rss version="2.0"><channel><title>t</title><link>https://site.example/</link>' + "".join(pieces) + "</channel></rss>"
    ).encode()


@settings(max_examples=150, deadline=None)
@given(body=feeds(), data=st.data())
def test_an_entry_reads_the_same_whether_its_neighbours_are_known_or_not(body: bytes, data: st.DataObject) -> None:
    whole = parse.document(body, address="https://site.example/feed", now=NOW)
    known = frozenset(data.draw(st.sets(st.sampled_from(whole.digests))))
    rest = parse.document(body, address="https://site.example/feed", now=NOW, known=known)
    assert rest.digests == whole.digests
    assert rest.items == tuple(item for item in whole.items if item.digest not in known)
