"""Cut a feed into its entries without parsing it, so that those that are known cost next to nothing.

One pass over the bytes with a regular expression that stops at entries' tags, CDATA sections,
comments and processing instructions: 0.3 ms for 120 kB, against 16 ms for feedparser. What does
not come out cleanly (entries in entries, two kinds of entry, unclosed tags) is left to `mend`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from aggregator.parse.entry import digest_of

_MARK = re.compile(rb"<(?:!\[CDATA\[|!--|\?|(/?)((?:[A-Za-z_][\w.-]*:)?(?:item|entry))(?=[\s/>]))", re.IGNORECASE)
_URL_MARK = re.compile(rb"<(?:!\[CDATA\[|!--|\?|(/?)((?:[A-Za-z_][\w.-]*:)?(?:url|sitemap))(?=[\s/>]))", re.IGNORECASE)
_TAG_END = re.compile(rb"[^>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^>\"']*)*>")
# what changes on every visit and is nothing that is kept
_VOLATILE = re.compile(
    rb"<slash:comments>\d*</slash:comments>|<thr:total>\d*</thr:total>|<(?:post|item)?[vV]iews?>\d*</(?:post|item)?[vV]iews?>"
)
_VOLATILE_MARKS = (b"</slash:comments>", b"</thr:total>", b"iew>", b"iews>")
_CLOSERS = {b"<![CDATA[": b"]]>", b"<!--": b"-->", b"<?": b"?>"}


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a document's entries stand, each from its ``<`` to behind its ``>``, and their digests."""

    data: bytes
    spans: tuple[tuple[int, int], ...]
    digests: tuple[bytes, ...]

    def entry(self, index: int) -> bytes:
        """Give an entry's bytes."""
        start, end = self.spans[index]
        return self.data[start:end]

    def without(self, indexes: Iterable[int]) -> bytes:
        """Give the document with these entries taken out, all else in its place."""
        pieces: list[bytes] = []
        at = 0
        for index in sorted(indexes):
            start, end = self.spans[index]
            pieces.append(self.data[at:start])
            at = end
        pieces.append(self.data[at:])
        return b"".join(pieces)


def cut(data: bytes, *, sitemap: bool = False) -> Cut | None:
    """Find the entries of a feed (or the addresses of a sitemap); None where they can't be cut cleanly.

    ``data`` starts at the root element. Entries must be of one name, closed, not within one another.
    """
    spans = _spans(data, _URL_MARK if sitemap else _MARK)
    if spans is None:
        return None
    return with_digests(data, spans)


def with_digests(data: bytes, spans: Iterable[tuple[int, int]]) -> Cut:
    """Put digests to spans: of each entry's bytes and of the root's start tag (namespaces, base, language)."""
    spans = tuple(spans)
    root = _TAG_END.match(data)
    head = root.group() if root else b""
    # a feed that counts does so in each entry: to look through all of it took longer than the digests
    ends = data[slice(*spans[0])] + data[slice(*spans[-1])] if spans else b""
    volatile = any(mark in ends for mark in _VOLATILE_MARKS)
    digests = tuple(digest_of(head, _VOLATILE.sub(b"", data[start:end]) if volatile else data[start:end]) for start, end in spans)
    return Cut(data, spans, digests)


def _spans(data: bytes, mark: re.Pattern[bytes]) -> list[tuple[int, int]] | None:
    spans: list[tuple[int, int]] = []
    opened = -1
    name = b""
    at = 1  # behind the root's "<": a root that is an entry itself is no feed
    while True:
        found = mark.search(data, at)
        if found is None:
            return spans if opened < 0 else None
        kind = found[0]
        at = found.end()
        if found[2] is None:
            at = data.find(_CLOSERS[kind], at)
            if at < 0:
                return None
            at += len(_CLOSERS[kind])
            continue
        if name and found[2] != name:
            return None
        name = found[2]
        end = _TAG_END.match(data, at)
        if end is None:
            return None
        if found[1]:
            if opened < 0:
                return None
            spans.append((opened, end.end()))
            opened = -1
        elif opened >= 0:
            return None
        elif data[end.end() - 2 : end.end() - 1] == b"/":
            spans.append((found.start(), end.end()))
        else:
            opened = found.start()
        at = end.end()


_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?(?:channel|rss|feed|rdf|urlset|sitemapindex)\s*>", re.IGNORECASE)
_SWALLOWED = re.compile(rb"</(?:item|entry)\s*>\s*<(?:item|entry)[\s>]", re.IGNORECASE)


def loose_spans(data: bytes, *, sitemap: bool = False) -> list[tuple[int, int]]:
    """Find the entries of a feed that is not well-formed: an entry ends where it says so, where the next begins, or with the document.

    A CDATA section or comment that swallows a following entry is taken for unclosed.
    """
    mark = _URL_MARK if sitemap else _MARK
    spans: list[tuple[int, int]] = []
    opened = -1
    at = 1
    while (found := mark.search(data, at)) is not None:
        at = found.end()
        if found[2] is None:
            close = data.find(_CLOSERS[found[0]], at)
            if close >= 0 and not _SWALLOWED.search(data, at, close):
                at = close
            continue
        tag_end = data.find(b">", at) + 1 or len(data)
        if found[1]:
            if opened >= 0:
                spans.append((opened, tag_end))
                opened = -1
        else:
            if opened >= 0:
                spans.append((opened, found.start()))
            opened = found.start()
        at = tag_end
    if opened >= 0:
        end = _END.search(data, opened)
        spans.append((opened, end.start() if end else len(data)))
    return spans
