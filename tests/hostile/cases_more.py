"""A second harvest: whole pages behind the entries, framing and letters that the first tables left out, and more that comes of asking again."""

from __future__ import annotations

import asyncio
import gzip
import json
import lzma
from email.utils import format_datetime

from tests.hostile.case import Case, Group, Seen, brings, either, fails
from tests.hostile.say import HTML, NOW, RSS, XML, answer, bare, chunked, entry, feed, paths, redirect, rss, turns
from tests.hostile.server import Script, Talk

WORDS = "نص المقال كما نشره المنبر وفيه جملة طويلة بما يكفي ليكون متنا يقرؤه الناس عن الحدث. "


def page(n: int, more: str = "", head: str = "") -> str:
    """Give an article's page."""
    body = "".join(f"<p>{WORDS}{n} {k}</p>" for k in range(6))
    return f'<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"><title>مقال {n}</title>{head}</head><body><article><h1>مقال رقم {n}</h1>{body}{more}</article></body></html>'


# -- pages behind the entries: whatever they do, the entry keeps what its feed says --


def behind(name: str, second: bytes | Script, *, body: str = "نص الخبر رقم 2") -> Case:
    """A feed of three whose articles are read from their pages; the second one's misbehaves."""

    async def script(talk: Talk) -> None:
        path = talk.path
        if path == "/robots.txt":
            await talk.say(answer("", status="404 Not Found"))
        elif path == "/feed":
            await talk.say(answer(rss(*(entry(name, n, link=f"{talk.stall.base}/{n}") for n in (1, 2, 3)))))
        elif path == "/2":
            if isinstance(second, bytes):
                await talk.say(second)
            else:
                await second(talk)
        else:
            await talk.say(answer(page(int(path[1:]) if path[1:].isdigit() else 9), kind=HTML))

    def check(seen: Seen) -> None:
        texts = {item["url"].rsplit("/", 1)[1]: item["body"] for item in seen.items}
        assert body in texts["2"], texts["2"][:200]
        assert WORDS.strip() in texts["1"]
        assert WORDS.strip() in texts["3"]

    return Case(f"page-{name}", script, 3, check=check, keys="full_page = true")


async def silent(talk: Talk) -> None:
    await talk.wait()


async def dripping(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        await talk.drip(b"<p>", 0.3)


async def flood(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>")
    while True:
        await talk.say(b"<p>" + b"x" * 60_000)


PAGES: tuple[Case, ...] = (
    behind("silent", silent),
    behind("dripping", dripping),
    behind("flood", flood),
    behind("not-found", answer("", status="404 Not Found")),
    behind("gone", answer("", status="410 Gone")),
    behind("error", answer("oh", status="500 Oh")),
    behind("empty", answer("", kind=HTML)),
    behind("pdf", answer(b"%PDF-1.7\n" + bytes(range(256)) * 40, kind="application/pdf")),
    behind("noise", answer(bytes(range(256)) * 40, kind=HTML)),
    behind("bomb", answer(gzip.compress(b"\0" * 60_000_000), "Content-Encoding: gzip", kind=HTML)),
    behind(
        "challenge",
        answer("<html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x></script>", kind=HTML, status="403 F"),
    ),
    behind("of-a-script", answer("<html><script>document.cookie='a=b';location.reload()</script></html>", kind=HTML)),
    behind("elsewhere-for-ever", redirect("/2")),
    behind("in-a-file", redirect("file:///etc/passwd")),
    behind("consent", answer("<html><body><h1>نستعمل ملفات تعريف الارتباط</h1><button>موافق</button></body></html>", kind=HTML)),
    behind("nested", answer(page(2, "<div>" * 100_000), kind=HTML), body="نص"),
    behind("of-attributes", answer(page(2, "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">"), kind=HTML), body="نص"),
    behind("with-a-base", answer(page(2, head='<base href="file:///etc/">'), kind=HTML), body=WORDS.strip()),
    behind("in-two-charsets", answer(page(2).encode("windows-1256", "replace"), kind="text/html; charset=utf-8"), body="نص"),
    behind("of-too-many-words", answer(page(2, "<p>" + WORDS * 40_000), kind=HTML), body="نص"),
    behind("forbidden", answer("no", status="403 Forbidden", kind="text/plain")),
    behind("reset", bare("HTTP/1.1 200 OK", "Content-Length: 100000", "Content-Type: text/html", body=page(2)[:200]), body="نص"),
)


def ruled(name: str, robots: bytes | Script, *, read: bool) -> Case:
    """A host whose robots.txt misbehaves; the pages are read, or not."""

    async def script(talk: Talk) -> None:
        if talk.path == "/robots.txt":
            if isinstance(robots, bytes):
                await talk.say(robots)
            else:
                await robots(talk)
        elif talk.path == "/feed":
            await talk.say(answer(rss(*(entry(name, n, link=f"{talk.stall.base}/{n}") for n in (1, 2, 3)))))
        else:
            await talk.say(answer(page(int(talk.path[1:])), kind=HTML))

    def check(seen: Seen) -> None:
        asked = [visit.path for visit in seen.stall.visits]
        assert asked.count("/robots.txt") == 1, asked
        assert ("/1" in asked) is read, asked
        assert all((WORDS.strip() in item["body"]) is read for item in seen.items)

    return Case(f"robots-{name}", script, 3, check=check, keys="full_page = true")


ROBOTS: tuple[Case, ...] = (
    ruled("allows", answer("User-agent: *\nAllow: /\n", kind="text/plain"), read=True),
    ruled("forbids", answer("User-agent: *\nDisallow: /\n", kind="text/plain"), read=False),
    ruled("forbids-us", answer("User-agent: Mujaz\nDisallow: /\n\nUser-agent: *\nAllow: /", kind="text/plain"), read=False),
    ruled("forbids-others", answer("User-agent: GPTBot\nDisallow: /\n", kind="text/plain"), read=True),
    ruled("is-not-there", answer("", status="404 Not Found"), read=True),
    ruled("is-forbidden", answer("", status="403 Forbidden"), read=True),
    ruled("is-broken", answer("", status="500 Oh"), read=False),
    ruled("is-away", answer("", status="503 Away"), read=False),
    ruled("is-silent", silent, read=False),
    ruled("is-a-page", answer("<!doctype html><html><p>User-agent: *\nDisallow: /</html>", kind=HTML), read=True),
    ruled("is-empty", answer("", kind="text/plain"), read=True),
    ruled("is-noise", answer(bytes(range(128, 256)) * 300, kind="text/plain"), read=True),
    ruled("is-large", answer("User-agent: *\nDisallow: /no\n" + "# x\n" * 400_000, kind="text/plain"), read=True),
    ruled("has-a-mark", answer(b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /\r\n", kind="text/plain"), read=False),
    ruled("ends-in-cr", answer("User-agent: *\rDisallow: /\r", kind="text/plain"), read=False),
    ruled("of-many-stars", answer("User-agent: *\nDisallow: /" + "*a" * 2_000 + "$\n", kind="text/plain"), read=True),
)

# -- framing --

BODY = feed("framed")


def framed(name: str, *lines: str | bytes, body: bytes | str = BODY) -> bytes:
    return bare("HTTP/1.1 200 OK", f"Content-Type: {RSS}", *lines, body=body)


def chunks(data: str = BODY) -> bytes:
    raw = data.encode()
    return chunked(raw[:300], raw[300:])


async def pushes(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n")
    for _ in range(1_000):
        await talk.say(f"--x\r\nContent-Type: text/xml\r\n\r\n{feed('push')}\r\n".encode())
        await asyncio.sleep(0.2)


async def cookie_wall(talk: Talk) -> None:
    if talk.visit.header("Cookie"):
        await talk.say(answer(feed("wall")))
    else:
        await talk.say(redirect("/feed", "302 Found", "Set-Cookie: seen=1"))


FRAMING: tuple[Case, ...] = (
    either("length-with-a-plus", framed("plus", f"Content-Length: +{len(BODY.encode())}"), 3, "protocol"),
    either("length-in-hex", framed("hex", f"Content-Length: {len(BODY.encode()):#x}"), 3, "protocol"),
    brings("length-with-blanks", framed("blanks", f"Content-Length:   {len(BODY.encode())}  ")),
    either("length-in-arabic-digits", framed("digits", "Content-Length: ١٢".encode()), 3, "protocol"),
    either("coding-unknown", framed("unknown", "Transfer-Encoding: bananas"), 3, "protocol"),
    either("coding-of-identity", framed("identity", "Transfer-Encoding: identity"), 3, "protocol"),
    either("coding-twice", framed("twice", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=chunks()), 3, "protocol"),
    either("coding-in-capitals", framed("capitals", "TRANSFER-ENCODING: CHUNKED", body=chunks()), 3, "protocol"),
    either("coding-hidden", framed("hidden", "Transfer-Encoding : chunked", body=chunks()), (0, 3), "protocol", "not_a_feed"),
    either(
        "coding-of-gzip-and-chunks",
        framed("gz", "Transfer-Encoding: gzip, chunked", body=chunked(gzip.compress(BODY.encode()))),
        3,
        "protocol",
        "not_a_feed",
    ),
    either("lines-end-in-cr", framed("cr").replace(b"\r\n", b"\r"), 3, "protocol", "timeout"),
    either("blank-line-first", b"\r\n" + framed("first"), 3, "protocol"),
    either("protocol-in-small-letters", framed("small").replace(b"HTTP/1.1", b"http/1.1"), 3, "protocol"),
    either("protocol-3", framed("three").replace(b"HTTP/1.1", b"HTTP/3.0"), 3, "protocol"),
    either("preface-of-http-2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, "protocol"),
    either("status-with-tabs", framed("tabs").replace(b" 200 OK", b"\t200\tOK"), 3, "protocol"),
    either("header-of-one-name-a-thousand-times", framed("names", *["X-A: b"] * 1_000), 3, "protocol", "too_large"),
    brings(
        "trailer-with-a-length",
        framed(
            "trailer", "Transfer-Encoding: chunked", body=chunked(BODY.encode(), end=b"0\r\nContent-Length: 1\r\nSet-Cookie: a=b\r\n\r\n")
        ),
    ),
    either("pushes-for-ever", pushes, (0, 3), "timeout", "protocol", "not_a_feed", "too_large"),
    brings("upgrade-offered", framed("upgrade", "Upgrade: h2c", "Connection: Upgrade", f"Content-Length: {len(BODY.encode())}")),
    brings(
        "attachment",
        framed("attachment", 'Content-Disposition: attachment; filename="../../etc/x"', f"Content-Length: {len(BODY.encode())}"),
    ),
    either(
        "range-of-another-part", framed("range", "Content-Range: bytes 10-20/900", f"Content-Length: {len(BODY.encode())}"), 3, "protocol"
    ),
    fails("cookie-wall", cookie_wall, "redirect"),
    either(
        "redirect-with-a-body",
        bare("HTTP/1.1 301 Moved", f"Content-Type: {RSS}", f"Content-Length: {len(BODY.encode())}", body=BODY),
        (0, 3),
        "redirect",
        "protocol",
    ),
    fails("redirect-with-line-breaks", redirect(b"/a%0d%0aSet-Cookie:%20a=b"), "not_found", "redirect", "protocol", "timeout"),
    either("redirect-with-a-nul", redirect(b"/a\x00b"), 0, "redirect", "protocol", "refused_address", "not_found"),
    brings("redirect-to-here", paths(feed=redirect("./x"), x=answer(BODY))),
    either("precondition-failed", answer("", status="412 Precondition Failed"), 0, "http_4xx"),
    either("early-hints-with-a-body", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello" + answer(BODY), (0, 3), "protocol"),
)

# -- letters --


def said_in(name: str, codec: str, declared: str, count: int | tuple[int, int] = 3, *kinds: str) -> Case:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = feed(name, head=head).encode(codec, "xmlcharrefreplace")
    return (
        either(f"in-{name}", answer(body, kind="text/xml"), count, *kinds)
        if kinds
        else brings(f"in-{name}", answer(body, kind="text/xml"), count)
    )


def arabic(seen: Seen) -> None:
    assert all(title.startswith("خبر") for title in seen.titles()), seen.titles()


def no_halves(seen: Seen) -> None:
    for item in seen.items:
        item["title"].encode()
        assert "\x00" not in item["title"]


def emoji(seen: Seen) -> None:
    no_halves(seen)
    assert "خبر" in seen.titles()[0] + seen.titles()[-1]


MIXED = feed("mixed").encode().replace("خبر mixed رقم 2".encode(), "خبر mixed رقم 2".encode("windows-1256"))
JSON_HALF = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "x",
        "items": [
            {"id": str(n), "url": f"http://j.example/{n}", "title": "خبر \ud800 رقم" + str(n), "content_text": "نص \udfff \u0000 نص"}
            for n in (1, 2, 3)
        ],
    }
)
LETTERS: tuple[Case, ...] = (
    brings("json-halves-of-pairs", answer(JSON_HALF, kind="application/feed+json"), 3, no_halves),
    brings("pair-in-two-references", answer(feed("pair", title="خبر &#55357;&#56832; عاجل")), 3, no_halves),
    brings(
        "pair-in-six-bytes",
        answer(feed("cesu").encode().replace("خبر".encode(), "خبر ".encode() + b"\xed\xa0\xbd\xed\xb8\x80")),
        3,
        no_halves,
    ),
    brings(
        "letters-too-long", answer(feed("over").encode().replace("خبر".encode(), "خبر ".encode() + b"\xc0\xbcscript\xc0\xbe")), 3, no_halves
    ),
    brings(
        "letters-beyond-unicode",
        answer(feed("beyond").encode().replace("خبر".encode(), "خبر ".encode() + b"\xf4\x90\x80\x80\xf8\x88\x80\x80\x80")),
        3,
        no_halves,
    ),
    brings("letters-of-two-charsets", answer(MIXED), 3, no_halves),
    brings("mark-in-the-middle", answer(feed("mark", title="خبر \ufeff عاجل \ufffe جدا")), 3, no_halves),
    brings("mark-three-times", answer(b"\xef\xbb\xbf" * 3 + feed("marks").encode()), 3, arabic),
    said_in("utf-16-little-undeclared", "utf-16-le", ""),
    said_in("utf-16-declared-as-such", "utf-16-be", "utf-16"),
    said_in("mac-arabic", "mac_arabic", "x-mac-arabic", (0, 3), "not_a_feed"),
    said_in("cp720", "cp720", "cp720", (0, 3), "not_a_feed"),
    said_in("cp864", "cp864", "IBM864", (0, 3), "not_a_feed"),
    said_in("ascii-with-references", "ascii", "us-ascii"),
    said_in("ebcdic", "cp037", "ebcdic-cp-us", (0, 3), "not_a_feed"),
    said_in("iso-2022", "ascii", "iso-2022-jp"),
    said_in("gb18030", "gb18030", "gb2312"),
    either("feed-in-xz", answer(lzma.compress(BODY.encode()), kind="application/x-xz"), 3, "not_a_feed"),
    either("encoding-of-compress", answer(b"\x1f\x9d\x90" + BODY.encode(), "Content-Encoding: compress"), (0, 3), "protocol", "not_a_feed"),
    brings(
        "type-said-twice",
        bare(
            "HTTP/1.1 200 OK", "Content-Type: text/html; charset=windows-1256", "Content-Type: text/xml; charset=utf-8", body=feed("types")
        ),
        3,
        arabic,
    ),
    brings("charset-twice", answer(feed("charsets"), kind="text/xml; charset=utf-8; charset=iso-8859-1"), 3, arabic),
    brings("charset-in-single-quotes", answer(feed("single"), kind="text/xml; charset='utf-8'"), 3, arabic),
    brings("title-of-marks-alone", answer(rss(entry("tm", 1, title="\u202e\u200f\u061c"), entry("tm", 2))), (1, 2), no_halves),
)

# -- XML --

ATOM03 = (
    '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>x</title>'
    + "".join(
        f'<entry><title>خبر {n}</title><link rel="alternate" type="text/html" href="http://a.example/{n}"/><id>t{n}</id><issued>2026-11-25T0{n}:00:00Z</issued><modified>2026-11-25T0{n}:00:00Z</modified></entry>'
        for n in (1, 2, 3)
    )
    + "</feed>"
)
PREFIXED = (
    '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>x</a:title>'
    + "".join(
        f'<a:entry><a:id>{n}</a:id><a:title>خبر {n}</a:title><a:link href="http://a.example/{n}"/><a:updated>2026-11-25T0{n}:00:00Z</a:updated></a:entry>'
        for n in (1, 2, 3)
    )
    + "</a:feed>"
)


def no_passwd(seen: Seen) -> None:
    assert "root:" not in json.dumps(seen.items)


DOCUMENTS: tuple[Case, ...] = (
    brings("atom-0.3", answer(XML + ATOM03)),
    brings("atom-with-a-prefix", answer(XML + PREFIXED)),
    brings(
        "xinclude",
        answer(
            feed("xi").replace(
                "<item>", '<item><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
            )
        ),
        3,
        no_passwd,
    ),
    brings("stylesheet", answer(feed("xs", head=XML + '<?xml-stylesheet type="text/xsl" href="file:///etc/passwd"?>')), 3, no_passwd),
    brings("items-outside-the-channel", answer(feed("io").replace("</channel>", "").replace("<item>", "</channel><item>", 1))),
    brings("item-in-an-item", answer(rss(entry("ii", 1, more=entry("ii", 2)), entry("ii", 3))), (1, 3)),
    brings("item-without-anything", answer(rss("<item/>", "<item></item>", entry("wa", 1), "<item> </item>")), (1, 2)),
    brings("title-twice", answer(rss(entry("tt", 1, more="<title>عنوان ثان</title>"), entry("tt", 2))), 2),
    brings("title-of-a-picture", answer(rss(entry("tp", 1, title="&lt;img src=x&gt;"), entry("tp", 2))), (1, 2)),
    brings("link-in-a-file", answer(rss(entry("lf", 1, link="file:///etc/passwd"), entry("lf", 2))), (1, 2), no_passwd),
    brings("link-that-is-relative", answer(rss(entry("lr", 1, link="/a/1", guid="r1"), entry("lr", 2))), 2),
    brings("link-with-blanks", answer(rss(entry("lb", 1, link="  http://lb.example/1\n "), entry("lb", 2))), 2),
    brings("link-in-arabic", answer(rss(entry("la", 1, link="http://la.example/خبر-عاجل"), entry("la", 2))), 2),
    brings("link-with-ports-and-names", answer(rss(entry("lp", 1, link="http://user:secret@lp.example:99999/1"), entry("lp", 2))), (1, 2)),
    brings("link-in-brackets", answer(rss(entry("lk", 1, link="http://[::1"), entry("lk", 2))), (1, 2)),
    brings(
        "two-channels",
        answer(feed("tc").replace("</channel>", "</channel><channel><title>x</title>" + entry("tc", 7) + "</channel>", 1)),
        (3, 4),
    ),
    brings("wordpress-debug-before", answer("<br />\n<b>Deprecated</b>:  x in <b>/a.php</b> on line <b>1</b><br />\n" + feed("wd"))),
    brings("comment-before-everything", answer("<!-- cached -->\n" + feed("cb"))),
    either("html-around", answer("<html><body>" + feed("ha", head="") + "</body></html>", kind=HTML), 3, "not_a_feed"),
    either(
        "feed-in-a-pre", answer("<html><body><pre>" + feed("fp").replace("<", "&lt;") + "</pre></body></html>", kind=HTML), 3, "not_a_feed"
    ),
    either("json-with-comments", answer("// x\n" + JSON_HALF, kind="application/json"), 3, "not_a_feed"),
    either("json-twice", answer(JSON_HALF + JSON_HALF, kind="application/json"), 3, "not_a_feed"),
    either(
        "json-with-nan",
        answer(
            '{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":NaN,"title":"خبر","url":"http://n.example/1"}]}',
            kind="application/json",
        ),
        (0, 1),
        "not_a_feed",
        "empty",
    ),
    either(
        "json-of-large-numbers",
        answer(
            '{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":'
            + "9" * 5_000
            + ',"title":"خبر رقم","url":"http://n.example/1"},{"id":"2","title":"خبر ثان","url":"http://n.example/2"}]}',
            kind="application/json",
        ),
        (1, 2),
        "not_a_feed",
    ),
    either("oembed", answer('{"type":"rich","version":"1.0","html":"<p>x</p>"}', kind="application/json"), 0, "not_a_feed"),
    either(
        "activity-streams",
        answer(
            '{"@context":"https://www.w3.org/ns/activitystreams","type":"OrderedCollection","orderedItems":[]}',
            kind="application/activity+json",
        ),
        0,
        "not_a_feed",
    ),
    either(
        "soap-fault",
        answer('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault/></s:Body></s:Envelope>'),
        0,
        "not_a_feed",
    ),
    either("opml-instead", answer('<opml version="2.0"><body><outline xmlUrl="http://x.example/feed"/></body></opml>'), 0, "not_a_feed"),
    either(
        "svg-instead", answer('<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>', kind="image/svg+xml"), 0, "not_a_feed"
    ),
    either("s3-error", answer(XML + "<Error><Code>AccessDenied</Code></Error>"), 0, "not_a_feed"),
    either("parked-domain", answer("<html><title>domain for sale</title><p>buy</p></html>", kind=HTML), 0, "not_a_feed"),
)

# -- what comes of asking again --

RUNS = 3


def conditions(*expected: bool):  # type: ignore[no-untyped-def]
    def check(seen: Seen) -> None:
        assert seen.conditions() == list(expected), seen.conditions()

    return check


def churn(name: str, link, guid=lambda talk, n: "", count: int | tuple[int, int] = 3, **keys: str) -> Case:  # type: ignore[no-untyped-def]
    async def script(talk: Talk) -> None:
        await talk.say(answer(rss(*(entry(name, n, link=link(talk, n), guid=guid(talk, n), **keys) for n in (1, 2, 3)))))

    return brings(f"churn-{name}", script, count)


async def refuses_conditions(talk: Talk) -> None:
    if talk.visit.conditional:
        await talk.say(answer("", status="412 Precondition Failed"))
    else:
        await talk.say(answer(feed("rc"), 'ETag: "1"'))


async def tag_of_the_moment(talk: Talk) -> None:
    await talk.say(answer(feed("tm"), f'ETag: "{talk.number}"'))


async def empties(talk: Talk) -> None:
    await talk.say(answer(feed("em") if talk.number != 2 else rss()))


async def grows(talk: Talk) -> None:
    await talk.say(answer(feed("gr", talk.number)))


async def windows(talk: Talk) -> None:
    await talk.say(answer(rss(*(entry("wi", n) for n in range(talk.number, talk.number + 3)))))


async def in_turn_broken(talk: Talk) -> None:
    await talk.say(answer(feed("ib")) if talk.number != 2 else answer(feed("ib")[:400] + "<<<&&&", 'ETag: "broken"'))


async def blanks_change(talk: Talk) -> None:
    await talk.say(
        answer(
            rss(
                *(
                    entry("bc", n, title=f"خبر{' ' * talk.number}رقم {n}  عن الميناء ", description="نص" + "\n" * talk.number + "الخبر كله")
                    for n in (1, 2, 3)
                )
            )
        )
    )


def not_revised(seen: Seen) -> None:
    assert [row["revised"] for row in seen.rows if row] == [0] * RUNS, seen.rows


AGAIN: tuple[Case, ...] = (
    brings("conditions-refused", refuses_conditions, 3),
    brings("tag-of-the-moment", tag_of_the_moment, 3, conditions(False, True, True)),
    brings("empty-in-between", empties, 3),
    brings("grows", grows, 3),
    brings("window-moves", windows, 5),
    brings("broken-in-between", in_turn_broken, 3),
    brings("blanks-change", blanks_change, 3, not_revised),
    churn("session", lambda talk, n: f"http://se.example/{n};jsessionid={talk.number}A{n}F"),
    churn("php-session", lambda talk, n: f"http://ps.example/{n}?PHPSESSID={talk.number:032x}"),
    churn("fragment", lambda talk, n: f"http://fr.example/{n}#t={talk.number}"),
    churn("port", lambda talk, n: f"http://po.example{':80' if talk.number == 2 else ''}/{n}"),
    churn("host-in-capitals", lambda talk, n: f"http://{'HC.example' if talk.number == 2 else 'hc.example'}/{n}"),
    churn("escapes", lambda talk, n: f"http://es.example/{'%d8%ae' if talk.number == 2 else '%D8%AE'}/{n}"),
    churn("escaped-or-not", lambda talk, n: f"http://eo.example/{'خ' if talk.number == 2 else '%D8%AE'}/{n}"),
    churn("click-ids", lambda talk, n: f"http://ci.example/{n}?fbclid=x{talk.number}&gclid=y{talk.number}&id={n}"),
    churn("order-of-parameters", lambda talk, n: f"http://op.example/?{'a=1&id=' + str(n) if talk.number == 2 else 'id=' + str(n) + '&a=1'}"),
    churn("guid-in-blanks", lambda talk, n: f"http://gb.example/{n}", lambda talk, n: " " * talk.number + f"g{n}\n"),
    churn("guid-is-the-time", lambda talk, n: f"http://gt.example/{n}", lambda talk, n: f"{talk.number * 1000 + n}"),
    churn("link-moves-guid-stays", lambda talk, n: f"http://lm.example/{talk.number}/{n}", lambda talk, n: f"stays-{n}"),
    churn("all-in-one-page", lambda talk, n: "http://ao.example/", lambda talk, n: f"one-{n}"),
    Case("leave-alone-in-an-old-date", turns(answer("", "Retry-After: " + NOW.strftime("%A, %d-%b-%y %H:%M:%S GMT"), status="503 Away"), answer(feed("od"))), (0, 3), frozenset({"http_5xx", "rate_limited"})),
    Case("leave-alone-with-200", turns(answer(feed("l2"), "Retry-After: 3600")), 3),
    Case("leave-alone-with-a-fraction", turns(answer("", "Retry-After: 90.5", status="429 Slow"), answer(feed("lf"))), (0, 0), frozenset({"rate_limited"})),
    Case("age-beyond-max-age", turns(answer(feed("ag"), "Cache-Control: max-age=60", "Age: 999999999999999999999")), 3),
    Case("date-of-the-server-wrong", turns(answer(feed("dw"), "Date: Thu, 01 Jan 1970 00:00:00 GMT", "Expires: " + format_datetime(NOW, usegmt=True))), 3),
)  # fmt: skip

GROUPS = (
    Group("pages", (*PAGES, *ROBOTS), settings={"MUJAZ_FETCH__PAGE_TIMEOUT": "6", "MUJAZ_FETCH__PER_HOST": "4"}, seconds=25, long=True),
    Group("more", (*FRAMING, *LETTERS, *DOCUMENTS), settings={"MUJAZ_FETCH__TIMEOUT": "8"}, seconds=10),
    Group("again", AGAIN, RUNS),
)
