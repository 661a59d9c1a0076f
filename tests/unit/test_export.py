"""What we write, we and others read back equal; nothing illegal, nothing that runs, nothing beyond an outlet's rights."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import feedparser
import pytest

from aggregator import export, parse
from aggregator.export.rights import shown
from aggregator.model import Item, Outlet, Related, Rights, Source, Story

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NASTY = "عنوان & <b>\x00\x0b\ufffe «اقتباس» ]]>"


def item(number: int = 1, **changes: object) -> Item:
    base = Item(
        id=number,
        story_id=1,
        source_id="s",
        outlet=Outlet("o", "منبر", country="MA", site="https://o.example/", rights=Rights.FULL),
        guid=f"g{number}",
        url=f"https://o.example/{number}",
        title=f"خبر رقم {number}",
        summary="ملخص",
        body="فقرة أولى.\n\nفقرة ثانية.",
        body_html="<p>فقرة أولى.</p><p>فقرة ثانية.</p>",
        author="سعيد",
        published=NOW,
        updated=None,
        seen_at=NOW,
        shown_at=NOW,
        image="https://o.example/1.jpg",
        image_credit="",
        source_link=f"https://o.example/{number}",
        language="ar",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def story(*items: Item) -> Story:
    return Story(1, items or (item(),), NOW, NOW, NOW, related=(Related(9, "خبر قريب", 0.5, ()),))


def written(form: str, *stories: Story, rights: bool = False) -> bytes:
    out = io.BytesIO()
    export.write(form, stories, out=out, title="موجز", now=NOW, address="https://m.example/feed", home="https://m.example/", rights=rights)
    return out.getvalue()


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_a_written_feed_is_read_back_equal(form: str) -> None:
    data = written(form, story(item(1, title=NASTY), item(2, title="رواية أخرى")))
    document = parse.document(data, address="https://m.example/feed", now=NOW)
    assert len(document.items) == 1
    raw = document.items[0]
    assert raw.guid == "tag:mujaz,2026:story/1"
    assert raw.title.startswith("عنوان &")
    assert raw.url == "https://o.example/1"
    assert raw.published == NOW
    assert "فقرة ثانية" in raw.content_html
    assert "رواية أخرى" in raw.content_html
    assert raw.image == "https://o.example/1.jpg"


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_feedparser_finds_nothing_wrong(form: str) -> None:
    parsed = feedparser.parse(written(form, story(item(1, title=NASTY)), story(item(3))))
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert len(parsed.entries) == 2


@pytest.mark.parametrize("form", ["rss", "atom", "json", "ndjson", "csv"])
def test_an_empty_export_is_a_document(form: str) -> None:
    data = written(form)
    if form in ("rss", "atom"):
        assert not feedparser.parse(data).bozo
    elif form == "json":
        assert json.loads(data)["items"] == []


def test_json_feed_names_who_else_reports() -> None:
    row = json.loads(written("json", story(item(1), item(2))))["items"][0]
    assert row["_mujaz"]["also_reported_by"] == [{"outlet": "منبر", "title": "خبر رقم 2", "url": "https://o.example/2"}]
    assert row["_mujaz"]["related"][0]["title"] == "خبر قريب"


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-2", "@x", "\tx"])
def test_a_spreadsheet_runs_no_headline(title: str) -> None:
    rows = list(csv.reader(io.StringIO(written("csv", story(item(1, title=title))).decode("utf-8-sig"))))
    assert rows[1][1] == "'" + title


def test_parquet_holds_the_same_rows() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(written("parquet", story(), story())))
    assert table.num_rows == 2
    assert table.column("title")[0].as_py() == "خبر رقم 1"


def test_what_is_shown_to_others_keeps_to_an_outlets_rights() -> None:
    full = item()
    excerpt = item(outlet=replace(full.outlet, rights=Rights.EXCERPT))
    link = item(outlet=replace(full.outlet, rights=Rights.LINK))
    assert shown(full, everything=False).whole
    assert (shown(excerpt, everything=False).body, shown(excerpt, everything=False).summary) == ("", "ملخص")
    assert (shown(link, everything=False).summary, shown(link, everything=False).image) == ("", "")
    assert not shown(replace(full, restricted=True), everything=False).whole
    assert shown(link, everything=True).body


def test_opml_comes_back_as_the_same_feeds() -> None:
    from aggregator.catalogue import from_opml

    sources = [Source("a", Outlet("a", "أ & ب", country="MA"), addresses=("https://a.example/feed?x=1&y=2",))]
    again = from_opml(export.opml(sources))
    assert [(s.addresses, s.outlet.name) for s in again] == [(("https://a.example/feed?x=1&y=2",), "أ & ب")]
