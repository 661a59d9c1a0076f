"""Sizes: bodies, bombs, and documents that are too much of one thing."""

from __future__ import annotations

import gzip
import zlib
from functools import cache

from tests.hostile.case import Case, Group, Seen, brings, either, fails
from tests.hostile.say import RSS, answer, bare, chunked, entry, feed, rss
from tests.hostile.server import Script, Talk

MEGABYTE = 2**20


async def large_in_chunks(talk: Talk) -> None:
    await talk.say(bare("HTTP/1.1 200 OK", f"Content-Type: {RSS}", "Transfer-Encoding: chunked"))
    piece = chunked(b"<!-- much ado -->" * 4096, end=b"")
    while True:
        await talk.say(piece)


async def large_and_undeclared(talk: Talk) -> None:
    await talk.say(bare("HTTP/1.1 200 OK", f"Content-Type: {RSS}"))
    while True:
        await talk.say(b" " * 65_536)


@cache
def bomb(how: str) -> bytes:
    import brotli
    from backports import zstd

    zeros = b" " * (200 * MEGABYTE)
    match how:
        case "gzip":
            return gzip.compress(zeros, 6)
        case "deflate":
            return zlib.compress(zeros, 6)
        case "br":
            return brotli.compress(zeros, quality=3)
    return zstd.compress(zeros)


def bursting(how: str) -> Script:
    async def script(talk: Talk) -> None:
        await talk.say(answer(bomb(how), f"Content-Encoding: {how}"))

    return script


def sized(make) -> Script:  # type: ignore[no-untyped-def]
    """Make the document when it is asked for: large ones need not wait in memory."""

    async def script(talk: Talk) -> None:
        await talk.say(answer(make()))

    return script


def many(count: int) -> str:
    return rss(*(f"<item><title>خبر {n}</title><link>http://many.example/{n}</link></item>" for n in range(count)))


def short_titles(seen: Seen) -> None:
    assert all(len(title) <= 1000 for title in seen.titles())


def short_bodies(seen: Seen) -> None:
    assert all(len(item["body"]) <= 500_000 for item in seen.items)


def nested(depth: int) -> str:
    return rss(entry("nested", 1), entry("nested", 2, more="<x>" * depth + "</x>" * depth), entry("nested", 3))


CASES: tuple[Case, ...] = (
    fails("large-declared", answer(b"", length=20 * MEGABYTE), "too_large"),
    fails("large-in-chunks", large_in_chunks, "too_large"),
    fails("large-undeclared", large_and_undeclared, "too_large"),
    *(fails(f"bomb-{how}", bursting(how), "too_large") for how in ("gzip", "deflate", "br", "zstd")),
    either("bomb-in-the-body", lambda talk: talk.say(answer(bomb("gzip"), kind="application/gzip")), 0, "too_large", "not_a_feed", "empty"),
    brings("items-5000", sized(lambda: many(5000)), (1000, 2000)),
    brings("title-of-a-megabyte", sized(lambda: rss(entry("t", 1, title="كلمة " * 200_000), entry("t", 2))), (1, 2), short_titles),
    brings(
        "description-of-4-megabytes",
        sized(lambda: rss(entry("d", 1, description="جملة طويلة. " * 200_000), entry("d", 2))),
        (1, 2),
        short_bodies,
    ),
    brings("link-of-100-kilobytes", sized(lambda: rss(entry("l", 1, link="http://l.example/" + "x" * 100_000), entry("l", 2))), (1, 2)),
    brings("guid-of-100-kilobytes", sized(lambda: rss(entry("g", 1, guid="x" * 100_000), entry("g", 2))), (1, 2)),
    brings(
        "categories-10000",
        sized(lambda: rss(entry("c", 1, more="".join(f"<category>قسم {n}</category>" for n in range(10_000))), entry("c", 2))),
        (1, 2),
    ),
    brings("author-of-32-kilobytes", sized(lambda: rss(entry("a", 1, more=f"<author>{'a.' * 16_000}@x</author>"), entry("a", 2))), (1, 2)),
    brings("author-of-many-brackets", sized(lambda: rss(entry("b", 1, more=f"<author>{'(' * 30_000}</author>"), entry("b", 2))), (1, 2)),
    either(
        "attributes-100000",
        sized(lambda: rss(entry("x", 1, more="<y " + " ".join(f'a{n}="v"' for n in range(100_000)) + "/>"), entry("x", 2))),
        (1, 2),
        "too_slow",
        "not_a_feed",
        "too_large",
    ),
    either("elements-200000", sized(lambda: rss(entry("e", 1, more="<y/>" * 200_000), entry("e", 2))), (1, 2), "too_slow", "too_large"),
    either("nesting-500", sized(lambda: nested(500)), (1, 3), "too_large", "not_a_feed"),
    either("nesting-100000", sized(lambda: nested(100_000)), (1, 3), "too_large", "not_a_feed", "too_slow"),
    either(
        "nesting-in-html",
        sized(lambda: rss(entry("h", 1, description="&lt;div&gt;" * 50_000 + "نص"), entry("h", 2))),
        (1, 2),
        "too_large",
        "too_slow",
    ),
    either("nesting-in-json", answer("[" * 200_000, kind="application/json"), 0, "not_a_feed", "too_large"),
    either(
        "namespaces-20000",
        sized(lambda: feed("n").replace("<channel>", "<channel " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(20_000)) + ">")),
        3,
        "too_slow",
        "not_a_feed",
        "too_large",
    ),
    brings("comment-of-5-megabytes", sized(lambda: feed("c").replace("<item>", "<!-- " + "x" * 5 * MEGABYTE + " --><item>", 1)), (2, 3)),
    brings("blanks-inside", sized(lambda: feed("b").replace("<item>", " " * 2 * MEGABYTE + "<item>", 1)), (2, 3)),
    brings(
        "enclosures-5000",
        sized(
            lambda: rss(entry("f", 1, more='<enclosure url="http://f.example/1.jpg" type="image/jpeg" length="1"/>' * 5000), entry("f", 2))
        ),
        (1, 2),
    ),
)
GROUP = Group("sizes", CASES)


# -- close to the limit of 15 MiB: many seconds of work each --

JSON = '{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": ['


def close(make, kind: str = RSS) -> Script:  # type: ignore[no-untyped-def]
    async def script(talk: Talk) -> None:
        await talk.say(answer(make(), kind=kind))

    return script


def real(megabytes: int, count: int) -> str:
    """Give a feed of articles that differ in every sentence."""
    sentences = megabytes * MEGABYTE // count // 70
    return rss(
        *(
            entry("real", n, description=" ".join(f"جملة رقم {n * 7919 + k * 104_729} من نص الخبر." for k in range(sentences)))
            for n in range(count)
        )
    )


TOO = ("too_large", "too_slow", "not_a_feed")
LARGE: tuple[Case, ...] = (
    either("large-feed-of-300", close(lambda: real(13, 300)), (300, 300), "too_slow"),
    either("large-feed-of-5000", close(lambda: real(12, 5000)), (2000, 2000), "too_slow"),
    either("large-json-of-lists", close(lambda: JSON + "[]," * (14 * MEGABYTE // 3) + "0]}", "application/json"), 0, *TOO),
    either("large-json-of-items", close(lambda: JSON + '{"id":1},' * (14 * MEGABYTE // 9) + "0]}", "application/json"), (0, 1), *TOO),
    either("large-elements", close(lambda: feed("le").replace("<item>", "<a/>" * (14 * MEGABYTE // 4) + "<item>", 1)), (0, 3), *TOO),
    either("large-empty-items", close(lambda: rss("<item/>" * (14 * MEGABYTE // 7))), (0, 1), *TOO, "empty"),
    either("large-small-items", close(lambda: many(150_000)), (1000, 2000), *TOO),
    either("large-one-text", close(lambda: rss(entry("ot", 1, description="كلمة نص " * MEGABYTE), entry("ot", 2))), (1, 2), *TOO),
    either(
        "large-one-html", close(lambda: rss(entry("oh", 1, description="&lt;i&gt;" * (14 * MEGABYTE // 9)), entry("oh", 2))), (1, 2), *TOO
    ),
    either("large-page", close(lambda: "<html><body>" + "<p><a href=x>" * MEGABYTE, "text/html"), 0, *TOO),
    either("large-less-than", close(lambda: "<" * (14 * MEGABYTE)), 0, *TOO),
    either("large-blanks", close(lambda: " " * (14 * MEGABYTE) + feed("lb", head="")), (0, 3), *TOO, "empty"),
    either(
        "large-in-windows-1256",
        close(lambda: rss(entry("w", 1, description="كلمة نص " * MEGABYTE), head="").encode("cp1256")),
        (0, 1),
        *TOO,
    ),
)
LARGE_GROUP = Group("large", LARGE, seconds=45, long=True)
