"""Read RSS 0.9x to 2.0, RDF and Atom with feedparser, which sees only the entries that are new.

The document is cut into entries (`cutting`), known ones are left out, the rest goes to
feedparser with the same head in one piece. If that is not well-formed even after mending,
each entry is read by itself, so that a broken one spoils no other.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from aggregator.errors import DocumentError
from aggregator.model import Document, RawItem
from aggregator.parse import cutting, hints, mend, text
from aggregator.parse import shape as shapes
from aggregator.parse.aside import put_aside, put_back
from aggregator.parse.asked import Asked
from aggregator.parse.cutting import Cut
from aggregator.parse.entry import Surroundings, digest_of, finish, web_address
from aggregator.parse.fields import entry_of, logos_of

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
_ROOT = re.compile(rb"<[^\s/>]+(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>")
Parsed = Any  # feedparser's dictionaries

_INNER_BASE = re.compile(rb"\s(?:xml:)?base\s*=")


def read(shape: shapes.Shape, asked: Asked) -> Document:
    """Read a feed; raises `DocumentError` where nothing can be made of it."""
    data = shapes.resolved(shape)
    cut = cutting.cut(data)
    problems = [shape.problem] if shape.problem else []
    read_pairs = _parsed
    if cut is None and not mend.well_formed(data):
        cut = cutting.with_digests(data, cutting.loose_spans(data))
        problems.append("entries are not closed properly")
        read_pairs = _one_by_one
    if cut is None:
        return _whole(shape, data, asked, problems)
    wanted = _wanted(cut, asked, problems)
    feed, pairs, troubles = read_pairs(cut, wanted)
    problems += troubles
    around = _surroundings(shape, feed, asked.around, cut)
    items = [finish(entry_of(parsed, cut.entry(index), cut.digests[index]), around) for index, parsed in pairs]
    return _document(shape, feed, items, cut.digests, around, data, problems)


def _wanted(cut: Cut, asked: Asked, problems: list[str]) -> list[int]:
    """Give the indexes of the entries to read: not known, each once, at most as many as asked for, the newest."""
    indexes = range(len(cut.spans))
    if len(indexes) > asked.max_items:
        problems.append(f"{len(indexes)} entries, of which {asked.max_items} were read")
        indexes = indexes[-asked.max_items :] if _oldest_first(cut) else indexes[: asked.max_items]
    seen = set(asked.known)
    wanted = []
    for index in indexes:
        if cut.digests[index] not in seen:
            seen.add(cut.digests[index])
            wanted.append(index)
    return wanted


_YEAR = re.compile(rb"<(?:pubDate|published|updated|dc:date)>[^<]*?((?:19|20)\d\d)[^<]*<", re.IGNORECASE)


def _oldest_first(cut: Cut) -> bool:
    first, last = _YEAR.search(cut.entry(0)), _YEAR.search(cut.entry(-1))
    return bool(first and last and first[1] < last[1])


# -- feedparser -----------------------------------------------------------------------------


def _feedparser(data: bytes) -> Parsed:
    import feedparser

    feedparser.api.PREFERRED_XML_PARSERS = []  # it looks through all folders for a driver of Python 2, for each document anew
    # A stream, never a name: feedparser would open a file or an address that a text looks like. No address of the document:
    # it would join ids with it as well, and an id must not change when a feed moves.
    try:
        return feedparser.parse(
            io.BytesIO(_DECLARATION + data), response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False
        )
    except (ValueError, AttributeError, LookupError, TypeError, AssertionError, RecursionError) as error:
        raise DocumentError("not_a_feed", f"the feed can't be read: {type(error).__name__}: {error}") from error


def _parsed(cut: Cut, wanted: Sequence[int]) -> tuple[Parsed, list[tuple[int, Parsed]], list[str]]:
    """Hand the wanted entries to feedparser; give the feed's own fields, and each entry's with its index."""
    data = mend.tamed(cut.without(set(range(len(cut.spans))).difference(wanted)))
    # mending the whole would touch its healthy entries, too; and feedparser forgets to put an empty base back behind an entry with its
    # own: the next entries would be joined with it
    if not mend.well_formed(data) or (b"base" in data and _INNER_BASE.search(data, 1 + data.find(b">"))):
        return _one_by_one(cut, wanted)
    data, texts = put_aside(data)
    found = _feedparser(data)
    if len(found.entries) != len(wanted):
        return _one_by_one(cut, wanted)
    for entry in found.entries if texts else ():
        put_back(entry, texts)
    return found.feed, list(zip(wanted, found.entries, strict=True)), []


def _one_by_one(cut: Cut, wanted: Sequence[int]) -> tuple[Parsed, list[tuple[int, Parsed]], list[str]]:
    head = mend.tamed(cut.without(range(len(cut.spans))))
    head = head if mend.well_formed(head) else mend.mended(head)
    found = _feedparser(head)
    root = _ROOT.match(cut.data)
    opening = root.group() if root else b"<rss>"
    name = re.match(rb"<([^\s/>]+)", opening)
    closing = b"</%s>" % (name[1] if name else b"rss")
    if b":rdf" not in opening[:20].lower() and not opening.lower().startswith(b"<feed"):
        opening, closing = opening + b"<channel>", b"</channel>" + closing
    pairs: list[tuple[int, Parsed]] = []
    failed = 0
    for index in wanted:
        entry = mend.closed(mend.tamed(cut.entry(index)))
        try:
            alone = opening + entry + closing
            entries = _feedparser(alone if mend.well_formed(alone) else mend.mended(alone)).entries
        except DocumentError:
            entries = []
        failed += not entries
        pairs += [(index, entry) for entry in entries[:1]]
    troubles = ["entries were read one by one"]
    if failed:
        troubles.append(f"{failed} entries can't be read")
    return found.feed, pairs, troubles


def _whole(shape: shapes.Shape, data: bytes, asked: Asked, problems: list[str]) -> Document:
    """Read a document that can't be cut; an entry's digest is then of its fields."""
    found = _feedparser(mend.tamed(data))
    around = _surroundings(shape, found.feed, asked.around, None)
    items = [finish(entry_of(parsed), around) for parsed in found.entries[: asked.max_items]]
    marked = [replace(item, digest=_digest(item)) for item in items if item]
    digests = tuple(item.digest for item in marked)
    return _document(shape, found.feed, [item for item in marked if item.digest not in asked.known], digests, around, data, problems)


def _digest(item: RawItem) -> bytes:
    told = (
        item.guid,
        item.url,
        item.title,
        item.summary,
        item.content_html,
        item.author,
        item.image,
        str(item.published),
        str(item.updated),
    )
    return digest_of("\0".join(told).encode())


# -- around the entries ---------------------------------------------------------------------

_ID = re.compile(rb"<(?:[\w.-]+:)?(?:guid|id)(?=[\s>])[^>]*>\s*(?:<!\[CDATA\[)?\s*([^<\]]+)", re.IGNORECASE)
_LINK = re.compile(
    rb"<(?:[\w.-]+:)?link(?=[\s>])(?:[^>]*?\bhref\s*=\s*[\"']([^\"']*)|[^>]*>\s*(?:<!\[CDATA\[)?\s*([^<\]]+))", re.IGNORECASE
)


def _surroundings(shape: shapes.Shape, feed: Parsed, around: Surroundings, cut: Cut | None) -> Surroundings:
    site = web_address(feed.get("link") or "", around.base)
    return replace(
        around,
        # RSS has no rule; a feed behind a counter (FeedBurner) means its site. Atom means the document's address (RFC 4287)
        base=site if site and shape.kind == "rss" else around.base,
        language=text.line(feed.get("language") or "", 35) or around.language,
        logos=logos_of(feed, site or around.base),
        shared_ids=_shared_ids(cut) if cut else frozenset(),
    )


def _shared_ids(cut: Cut) -> frozenset[str]:
    """Find the ids that entries with different links claim («0», the site's address): such an id names nothing.

    All entries are looked at, known ones too, so that it does not depend on what is known.
    """
    entries = list(map(cut.entry, range(len(cut.spans))))
    ids = [found[1].strip() if (found := _ID.search(entry)) else b"" for entry in entries]
    if len(set(ids)) == len(ids):
        return frozenset()
    links: dict[bytes, set[bytes]] = {}
    for own, entry in zip(ids, entries, strict=True):
        if own and (link := _LINK.search(entry)):
            links.setdefault(own, set()).add((link[1] or link[2] or b"").strip())
    return frozenset(text.line(own.decode("utf-8", "replace")) for own, told in links.items() if len(told) > 1)


def _document(
    shape: shapes.Shape,
    feed: Parsed,
    items: Iterable[RawItem | None],
    digests: tuple[bytes, ...],
    around: Surroundings,
    data: bytes,
    problems: list[str],
) -> Document:
    return Document(
        format=shape.kind,
        items=tuple(item for item in items if item),
        digests=digests,
        title=text.line(feed.get("title") or "", text.MAX_NAME),
        site=web_address(feed.get("link") or "", around.base),
        language=around.language,
        hints=hints.of_feed(data),
        problems=tuple(problems),
    )
