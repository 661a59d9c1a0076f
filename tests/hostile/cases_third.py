"""A third harvest: pieces of compression, frames said oddly, letters and references without end, feeds that point at strange places."""

from __future__ import annotations

import asyncio
import gzip
import zlib

from tests.hostile.case import Case, Group, Seen, brings, either, fails
from tests.hostile.say import NOW, RSS, XML, answer, bare, chunked, entry, feed, paths, redirect, rss, turns
from tests.hostile.server import Talk

MARKS = "\u0650\u064b\u0300\u0323"


def gz(body: bytes, flags: int = 0, more: bytes = b"") -> bytes:
    """Give a gzip member with a header of these flags."""
    plain = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (
        b"\x1f\x8b\x08" + bytes([flags]) + b"\0" * 4 + b"\0\xff" + more + plain.compress(body) + plain.flush()
        + zlib.crc32(body).to_bytes(4, "little") + (len(body) & 0xFFFFFFFF).to_bytes(4, "little")
    )  # fmt: skip


def one(name: str, more: str = "", head: str = XML, title: str = "") -> str:
    """Give a feed of two usual entries and one with something more."""
    return rss(entry(name, 1), entry(name, 2, more=more, title=title), entry(name, 3), head=head)


def titled(name: str, words: str):  # type: ignore[no-untyped-def]
    def check(seen: Seen) -> None:
        assert any(words in title for title in seen.titles()), (name, seen.titles())

    return check


def asked_once(seen: Seen) -> None:
    assert len(seen.stall.visits) == 1


async def half_closed(talk: Talk) -> None:
    await talk.say(answer(feed("hc")))
    talk.writer.write_eof()
    await talk.wait()


async def in_two_breaths(talk: Talk) -> None:
    said = answer(feed("tb"))
    cut = said.index("خ".encode()) + 1  # in the middle of a letter
    await talk.say(said[:cut])
    await asyncio.sleep(0.5)
    await talk.say(said[cut:])


async def trailers_for_ever(talk: Talk) -> None:
    await talk.say(
        bare("HTTP/1.1 200 OK", f"Content-Type: {RSS}", "Transfer-Encoding: chunked") + chunked(feed("tf").encode(), end=b"0\r\n")
    )
    while True:
        await talk.say(b"X-More: and more\r\n" * 50)
        await asyncio.sleep(0.05)


async def extension_for_ever(talk: Talk) -> None:
    await talk.say(bare("HTTP/1.1 200 OK", f"Content-Type: {RSS}", "Transfer-Encoding: chunked") + b"5;x=")
    while True:
        await talk.say(b"y" * 1000)
        await asyncio.sleep(0.05)


def framed(body: bytes) -> bytes:
    return bare("HTTP/1.1 200 OK", f"Content-Type: {RSS}", "Transfer-Encoding: chunked") + body


def json_of(*numbers: str) -> str:
    """Give a JSON Feed of entries whose ids are these numbers."""
    entries = (
        f'{{"id":{number},"url":"http://js.example/{n}","title":"خبر رقم {n} عن حدث {n * 7919}"}}' for n, number in enumerate(numbers)
    )
    return f'{{"version":"https://jsonfeed.org/version/1.1","title":"م","items":[{",".join(entries)}]}}'


NINES = "9" * 4_000
FEED = feed("ch").encode()
COMPRESSED: tuple[Case, ...] = (
    either("gzip-of-half-a-million-members", answer(gzip.compress(b"") * 500_000, "Content-Encoding: gzip"), 0, "protocol", "too_large", "empty"),
    either("zstd-of-a-million-frames", answer(b"\x50\x2a\x4d\x18\0\0\0\0" * 1_000_000, "Content-Encoding: zstd"), 0, "protocol", "too_large", "empty"),
    either("zstd-with-a-window-of-2-gigabytes", answer(b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00" * 4, "Content-Encoding: zstd"), 0, "protocol", "too_large", "not_a_feed"),
    brings("gzip-with-a-name-and-a-word", answer(gz(feed("gn").encode(), 0x18, b"feed.xml\0a comment\0"), "Content-Encoding: gzip")),
    brings("gzip-with-extra-fields", answer(gz(feed("ge").encode(), 0x04, b"\x04\x00abcd"), "Content-Encoding: gzip")),
    either("gzip-with-a-name-without-end", answer(b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"n" * 3_000_000, "Content-Encoding: gzip"), 0, "protocol", "empty", "not_a_feed", "too_large"),
    brings("gzip-between-blanks-and-commas", answer(gzip.compress(feed("gb").encode()), "Content-Encoding:  , gzip ,")),
    brings("deflate-of-nothing-compressed", answer(zlib.compress(feed("dn").encode(), 0), "Content-Encoding: deflate")),
    brings("encoding-that-is-blank", answer(feed("eb"), "Content-Encoding: ")),
    either("xml-in-gzip-in-gzip-said-once", answer(gzip.compress(gzip.compress(feed("gg").encode())), "Content-Encoding: gzip"), 3, "protocol", "not_a_feed"),
)  # fmt: skip

FRAMED: tuple[Case, ...] = (
    brings("half-closed", half_closed),
    brings("letter-in-two-breaths", in_two_breaths),
    either("chunk-size-with-zeros", framed(b"0" * 12 + b"%x\r\n%s\r\n0\r\n\r\n" % (len(FEED), FEED)), 3, "protocol"),
    either("chunk-size-with-a-thousand-zeros", framed(b"0" * 1000 + b"%x\r\n%s\r\n0\r\n\r\n" % (len(FEED), FEED)), 3, "protocol"),
    brings("chunk-size-in-capitals", framed(b"%X\r\n%s\r\n0\r\n\r\n" % (len(FEED), FEED))),
    either("chunk-lines-end-in-lf", framed(b"%x\n%s\n0\n\n" % (len(FEED), FEED)), 3, "protocol"),
    either("chunk-size-after-blanks", framed(b"  %x\r\n%s\r\n0\r\n\r\n" % (len(FEED), FEED)), 3, "protocol"),
    either("chunk-size-with-0x", framed(b"0x%x\r\n%s\r\n0\r\n\r\n" % (len(FEED), FEED)), 3, "protocol"),
    either("reason-of-a-megabyte", b"HTTP/1.1 200 " + b"O" * 1_000_000 + answer(feed("rm"))[15:], 3, "protocol", "too_large"),
    either("status-with-nothing-behind", b"HTTP/1.1 200\r\n" + answer(feed("sn"))[17:], 3, "protocol"),
    brings("connection-words", answer(feed("cw"), "Connection: keep-alive, close, upgrade, TE", "Keep-Alive: timeout=-1, max=99999999999")),
    brings("headers-that-no-feed-has", answer(feed("hn"), "Strict-Transport-Security: max-age=99999999999", "Alt-Svc: h3=\":443\"; ma=2592000", "Link: <http://127.0.0.1:1/>; rel=preload", "Clear-Site-Data: \"*\"", "Content-Location: http://127.0.0.1:1/other")),
    either("type-multipart", answer(feed("tm"), kind="multipart/x-mixed-replace; boundary=x"), 3, "not_a_feed"),
    brings("type-of-bytes", answer(feed("to"), kind="application/octet-stream")),
    brings("type-of-json-with-xml", answer(feed("tj"), kind="application/json")),
    brings("type-of-text-with-json", answer(json_of("1", "2", "3"), kind="text/plain")),
    either("status-416", answer(feed("s4"), "Content-Range: bytes */100", status="416 Range Not Satisfiable"), 0, "http_4xx"),
    either("status-300-without-a-place", answer(feed("s3"), status="300 Multiple Choices"), (0, 3), "redirect", "protocol", "http_4xx"),
    either("status-226", answer(feed("s2"), "IM: feed", status="226 IM Used"), (0, 3), "http_4xx", "protocol", "not_a_feed"),
)  # fmt: skip

SLOW: tuple[Case, ...] = (
    either("trailers-for-ever", trailers_for_ever, 3, "too_slow", "timeout", "too_large", "protocol"),
    fails("chunk-extension-for-ever", extension_for_ever, "too_slow", "timeout", "too_large", "protocol"),
)  # fmt: skip

PLACES: tuple[Case, ...] = (
    either("redirect-with-one-slash", paths(feed=redirect("http:/there"), there=answer(feed("r1"))), 3, "refused_address", "redirect", "dns"),
    either("redirect-with-three-slashes", paths(feed=redirect("http:///there"), there=answer(feed("r3"))), 3, "refused_address", "redirect", "dns"),
    either("redirect-with-a-scheme-alone", paths(feed=redirect("http:there"), there=answer(feed("rs"))), 3, "refused_address", "redirect", "dns"),
    brings("redirect-up-the-tree", paths(feed=redirect("/a/../../../there"), there=answer(feed("ru")))),
    either("redirect-with-a-tab-in-the-host", redirect(b"http://127.0.\t0.1:1/x"), 0, "refused_address", "redirect", "connect", "protocol", "dns"),
    fails("redirect-to-an-escaped-host", redirect("http://%31%32%37.0.0.1/x"), "refused_address", "dns", "redirect", "connect"),
    fails("redirect-to-a-host-of-300-letters", redirect("http://" + "a" * 300 + ".example/x"), "refused_address", "dns", "redirect"),
    fails("redirect-to-a-label-of-64-letters", redirect("http://" + "ا" * 64 + ".example/x"), "refused_address", "dns", "redirect"),
    fails("redirect-to-a-port-of-arabic-digits", redirect("http://127.0.0.1:٨٠/x".encode()), "refused_address", "redirect", "dns", "connect"),
    fails("redirect-to-another-port", redirect("http://127.0.0.1:22/x"), "refused_address", "redirect", "connect", "protocol"),
    either("redirect-and-leave-alone", turns(redirect("/there", "302 Found", "Retry-After: 3600"), answer(feed("rl"))), 3),
    brings("channel-that-points-home", answer(rss(*(entry("cp", n) for n in (1, 2, 3)), more='<link>file:///etc/passwd</link><image><url>http://169.254.169.254/logo.png</url></image><cloud domain="127.0.0.1" port="22" path="/" protocol="http-post"/><docs>javascript:alert(1)</docs>')), 3, asked_once),
    brings("pictures-at-home", answer(one("ph", '<enclosure url="http://127.0.0.1:22/x.jpg" type="image/jpeg" length="1"/>', title="صورة من البيت")), 3, asked_once),
    brings("guid-as-the-address", answer(rss(*(f"<item><title>خبر رقم {n} عن حدث {n * 7919}</title><guid>http://ga.example/{n}</guid></item>" for n in (1, 2, 3))))),
    brings("links-in-the-name-space-of-atom", answer(rss(*(f'<item><title>خبر رقم {n} عن حدث {n * 7919}</title><atom:link xmlns:atom="http://www.w3.org/2005/Atom" href="http://la.example/{n}"/></item>' for n in (1, 2, 3))))),
)  # fmt: skip

ENDLESS: tuple[Case, ...] = (
    brings("number-of-five-thousand-digits", answer(one("n5", "<category>&amp;#" + "0" * 5_900 + "</category><author>&amp;#" + "9" * 5_900 + ";</author>"))),
    brings("number-of-a-million-digits", answer(one("nm", f"<comments>&#{'1' * 1_000_000};</comments>")), (2, 3)),
    brings("number-in-the-date", answer(rss(entry("nd", 1), entry("nd", 2, date="&amp;#" + "0" * 5_900), entry("nd", 3)))),
    brings("signs-without-end", answer(one("sw", f"<content>{MARKS * 30_000}</content>", title="خبر" + MARKS * 50_000))),
    brings("signs-in-the-guid", answer(rss(entry("sg", 1), entry("sg", 2, guid="g" + MARKS * 50_000), entry("sg", 3)))),
    brings("blanks-of-every-kind", answer(one("be", title="عنوان" + "\u2003\u3000\u00a0\u200a" * 20_000 + "مع فراغ"))),
    brings("ampersands-in-half-a-megabyte", answer(one("ah", f"<description>{'&amp;' * 100_000}</description>"))),
    brings("attributes-in-the-text", answer(one("at", "<description>&lt;p " + "a=1 " * 50_000 + "&gt;نص&lt;/p&gt;</description>"))),
    brings("lists-in-lists", answer(one("ll", f"<description>{'&lt;ul&gt;&lt;li&gt;' * 10_000}</description>"))),
    brings("digits-of-a-hundred-thousand", answer(one("dh", title="رقم " + "٩" * 100_000))),
    brings("json-numbers-as-ids", answer(json_of(*(NINES + str(n) for n in (1, 2, 3))), kind="application/feed+json")),
    either("json-number-of-five-thousand-digits", answer(json_of("9" * 5_000), kind="application/feed+json"), (0, 1), "not_a_feed"),
    brings("declaration-alone-and-blank-lines", answer(XML + "\n" * 300_000 + feed("db", head=""))),
    brings("doctype-with-defaults", answer(one("dd", head=XML + '<!DOCTYPE rss [<!ATTLIST item secret CDATA "x"><!NOTATION n SYSTEM "file:///etc/passwd"><!ELEMENT rss ANY>]>'))),
    brings("php-left-in", answer(one("pl", "<?php echo shell_exec('id'); ?>"))),
    brings("default-name-space-of-userland", answer(feed("du").replace("<rss ", '<rss xmlns="http://backend.userland.com/rss2" '))),
    brings("prefix-on-everything", answer(feed("pe").replace("<rss ", '<r:rss xmlns:r="http://purl.org/rss/1.0/" ').replace("</rss>", "</r:rss>")), (0, 3)),
    brings("nuls-behind", answer(feed("nb").encode() + b"\0" * 5_000)),
    brings("carriage-returns-alone", answer(feed("cr").replace("><", ">\r<"))),
)  # fmt: skip


def quoted(seen: Seen) -> None:
    assert next(row["outcome"] for row in seen.rows if row is not None) == "fetched"


AGAIN: tuple[Case, ...] = (
    brings("tag-with-no-store", turns(answer(feed("ns"), 'ETag: "a"', "Cache-Control: no-store, private")), 3),
    brings("age-in-quotes", answer(feed("aq"), 'Cache-Control: max-age="60"', "Age: -5"), 3, quoted),
    brings("expires-of-nought", answer(feed("en"), "Expires: 0", "Pragma: no-cache", "Vary: *"), 3, quoted),
    brings("modified-said-twice", answer(feed("m2"), "Last-Modified: Wed, 25 Nov 2026 10:00:00 GMT", "Last-Modified: Wed, 25 Nov 2026 11:00:00 GMT"), 3),
    brings("modified-of-nought", answer(feed("m0"), "Last-Modified: 0"), 3),
    brings("tag-over-two-lines", answer(feed("t2"), 'ETag: "a\r\n b"'), 3),
    either("leave-alone-429-without-a-time", turns(answer("", status="429 Too Many Requests"), answer(feed("l9"))), (0, 3), "rate_limited"),
    either("leave-alone-403-for-an-hour", turns(answer("", "Retry-After: 3600", status="403 Forbidden"), answer(feed("l4"))), (0, 3), "http_4xx", "blocked", "unauthorized"),
    either("leave-alone-until-the-year-9999", turns(answer("", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", status="503 Away"), answer(feed("ly"))), 0, "http_5xx", "rate_limited"),
    either("leave-alone-until-the-year-0", turns(answer("", "Retry-After: Mon, 01 Jan 0000 00:00:00 GMT", status="503 Away"), answer(feed("l0"))), (0, 3), "http_5xx", "rate_limited"),
    brings("titles-change-in-their-letters", turns(answer(feed("tl", date=NOW.isoformat())), answer(feed("tl", date=NOW.isoformat()).replace("خبر", "خـبر")), answer(feed("tl", date=NOW.isoformat()))), 3),
)  # fmt: skip

GROUPS = (
    Group("third", (*COMPRESSED, *FRAMED, *PLACES, *ENDLESS)),
    Group("third-slow", SLOW, settings={"MUJAZ_FETCH__TIMEOUT": "4"}, seconds=6, long=True),
    Group("third-again", AGAIN, runs=3),
)
