"""XML: entities that reach for files and networks, bombs, and grammar of all degrees of decay."""

from __future__ import annotations

import json

from tests.hostile.case import Case, Group, Seen, brings, either, fails
from tests.hostile.say import HTML, answer, entry, feed, rss
from tests.hostile.server import Talk

HEAD = '<?xml version="1.0" encoding="utf-8"?>'
CANARY = "canary-of-the-parser"


def doctype(inner: str, name: str, use: str) -> bytes:
    return answer(rss(entry(name, 1, title=f"قبل {use} بعد"), entry(name, 2), head=f"{HEAD}<!DOCTYPE rss [{inner}]>"))


async def reaching_out(talk: Talk) -> None:
    there = f"http://127.0.0.1:{talk.stall.near(CANARY).port}"
    inner = f'<!ENTITY e SYSTEM "{there}/entity"><!ENTITY % p SYSTEM "{there}/parameter.dtd"> %p;'
    body = rss(
        entry("net", 1, title="قبل &e; بعد", more=f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{there}/include"/>'),
        entry("net", 2),
        head=f'{HEAD}<?xml-stylesheet href="{there}/style.xsl" type="text/xsl"?><!DOCTYPE rss SYSTEM "{there}/rss.dtd" [{inner}]>',
    )
    await talk.say(answer(body))


def nobody_called(seen: Seen) -> None:
    assert seen.hostile.stalls[CANARY].visits == []


def no_secret(seen: Seen) -> None:
    assert "root:" not in seen.atom
    assert "root:" not in json.dumps(seen.items)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(12))
QUADRATIC = '<!ENTITY q "' + "q" * 100_000 + '">'
KINDS = ("not_a_feed", "too_large", "too_slow")
CASES: tuple[Case, ...] = (
    either("entity-of-a-file", doctype('<!ENTITY e SYSTEM "file:///etc/passwd">', "file", "&e;"), (1, 2), *KINDS, check=no_secret),
    either("entity-of-a-directory", doctype('<!ENTITY e SYSTEM "file:///etc/">', "dir", "&e;"), (1, 2), *KINDS),
    either("entity-of-a-device", doctype('<!ENTITY e SYSTEM "file:///dev/zero">', "dev", "&e;"), (1, 2), *KINDS),
    either("entity-of-the-network", reaching_out, (1, 2), *KINDS, check=nobody_called, beside={CANARY: answer("<x/>")}),
    either("entities-laughing", doctype(LAUGHS, "lol", "&l11;"), (1, 2), *KINDS),
    either("entities-quadratic", doctype(QUADRATIC, "quad", "&q;" * 10_000), (1, 2), *KINDS),
    either("entities-in-a-circle", doctype('<!ENTITY a "&b;"><!ENTITY b "&a;">', "circle", "&a;"), (1, 2), *KINDS),
    either("entities-of-parameters", doctype("<!ENTITY % a \"<!ENTITY b 'x'>\"> %a;", "param", "&b;"), (1, 2), *KINDS),
    brings("entities-of-html", answer(rss(entry("html", 1, title="أ&nbsp;ب &laquo;ج&raquo; &eacute;"), entry("html", 2))), 2),
    brings("entity-unknown", answer(rss(entry("unknown", 1, title="أ &foo; ب"), entry("unknown", 2))), 2),
    brings(
        "ampersand-bare",
        answer(
            rss(entry("amp", 1, title="أ & ب && ج"), entry("amp", 2, link="")).replace(
                "</item>", "<link>http://amp.example/x?a=1&b=2</link></item>"
            )
        ),
        2,
    ),
    brings("less-than-bare", answer(rss(entry("lt", 1, title="1 < 2 و 3"), entry("lt", 2), entry("lt", 3))), (2, 3)),
    brings(
        "doctype-of-rss-091",
        answer(
            feed(
                "d91",
                head=f'{HEAD}<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">',
            )
        ),
    ),
    brings("cut-in-an-item", answer(feed("cut", 5)[:-200].rpartition("<description>")[0]), (3, 5)),
    brings("cut-in-a-tag", answer(feed("cuttag", 5).rpartition("<item>")[0] + "<item><tit"), (3, 5)),
    brings("tags-not-closed", answer(feed("open").replace("</title>", "", 1)), (1, 3)),
    brings("tags-crossed", answer(rss(entry("cross", 1, more="<a><b></a></b>"), entry("cross", 2))), (1, 2)),
    brings("junk-after", answer(feed("after") + "<script>alert(1)</script> junk")),
    brings("blanks-before", answer("\n\n   " + feed("before"))),
    brings(
        "php-warning-before",
        answer("<br />\n<b>Warning</b>: Undefined variable $x in <b>/var/www/x.php</b> on line 3<br />\n" + feed("php")),
        (0, 3),
    ),
    either("two-documents", answer(feed("one") + feed("two")), (3, 6), "not_a_feed"),
    brings("xml-twice-declared", answer(HEAD + feed("twice"))),
    brings("xml-1.1", answer(feed("x11", head='<?xml version="1.1"?>'))),
    brings("xml-not-declared", answer(feed("bare", head=""))),
    brings("control-characters", answer(rss(entry("ctl", 1, title="أ\x01\x02\x08\x0b\x1f ب"), entry("ctl", 2))), 2),
    brings("references-to-control-characters", answer(rss(entry("ref", 1, title="أ&#0;&#1;&#x8;&#xFFFF; ب"), entry("ref", 2))), 2),
    brings("references-to-surrogates", answer(rss(entry("sur", 1, title="أ&#xD800;&#xDFFF; ب"), entry("sur", 2))), 2),
    brings("references-too-large", answer(rss(entry("big", 1, title="أ&#x110000;&#99999999999; ب"), entry("big", 2))), 2),
    brings(
        "prefix-not-declared",
        answer(rss(entry("pre", 1, more="<media:content url='http://pre.example/a.jpg'/><foo:bar>x</foo:bar>"), entry("pre", 2))),
        2,
    ),
    brings("attribute-twice", answer(rss(entry("att", 1, more="<x a='1' a='2'/>"), entry("att", 2))), (1, 2)),
    brings("attribute-without-quotes", answer(rss(entry("quo", 1, more="<x a=1 b/>"), entry("quo", 2))), (1, 2)),
    brings("cdata-within-cdata", answer(rss(entry("cd", 1, description="<![CDATA[أ <![CDATA[ ب ]]> ج ]]>"), entry("cd", 2))), (1, 2)),
    brings("cdata-not-closed", answer(feed("cdo", 3).replace("<description>", "<description><![CDATA[", 1)), (0, 3)),
    brings("comment-not-closed", answer(feed("com", 3).replace("</item>", "</item><!-- ", 1)), (1, 3)),
    brings("comment-with-dashes", answer(feed("das").replace("<item>", "<!-- a -- b --- --><item>", 1)), (2, 3)),
    brings("case-of-tags", answer(feed("case").replace("<item>", "<ITEM>").replace("</item>", "</ITEM>")), (0, 3)),
    brings(
        "atom-without-namespace",
        answer(
            '<feed><title>x</title><entry><title>خبر</title><id>urn:1</id><link href="http://a.example/1"/></entry></feed>',
            kind="application/atom+xml",
        ),
        1,
    ),
    brings(
        "atom-with-base",
        answer(
            '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://a.example/x/"><title>x</title><entry><title>خبر</title><id>urn:1</id><link href="../1"/></entry></feed>',
            kind="application/atom+xml",
        ),
        1,
    ),
    brings(
        "rdf",
        answer(
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="http://r.example/"><title>x</title></channel><item rdf:about="http://r.example/1"><title>خبر</title><link>http://r.example/1</link></item></rdf:RDF>'
        ),
        1,
    ),
    brings(
        "json-feed",
        answer(
            json.dumps(
                {
                    "version": "https://jsonfeed.org/version/1.1",
                    "title": "x",
                    "items": [{"id": "1", "url": "http://j.example/1", "title": "خبر", "content_text": "نص"}],
                }
            ),
            kind="application/feed+json",
        ),
        1,
    ),
    brings(
        "json-feed-of-odd-types",
        answer(
            json.dumps(
                {
                    "version": "https://jsonfeed.org/version/1.1",
                    "title": 7,
                    "items": [
                        None,
                        3,
                        "x",
                        [],
                        {"id": {"a": 1}, "url": 5, "title": ["x"]},
                        {"id": 9, "url": "http://j.example/9", "title": "خبر", "date_published": 12, "authors": "me", "tags": {"a": 1}},
                    ],
                }
            ),
            kind="application/feed+json",
        ),
        (1, 2),
    ),
    either("json-of-an-error", answer('{"error": "rate limit"}', kind="application/json"), 0, "not_a_feed"),
    either(
        "json-cut-off",
        answer('{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "ti', kind="application/json"),
        (0, 1),
        "not_a_feed",
    ),
    fails("json-of-null", answer("null", kind="application/json"), "not_a_feed"),
    fails(
        "page-of-html",
        answer("<!doctype html><html><head><title>مرحبا</title></head><body><p>صفحة</p></body></html>", kind=HTML),
        "not_a_feed",
    ),
    fails("xml-of-something-else", answer('<?xml version="1.0"?><invoice><total>7</total></invoice>', kind="text/xml"), "not_a_feed"),
    fails("picture", answer(b"\x89PNG\r\n\x1a\n" + bytes(200), kind="image/png"), "not_a_feed"),
    fails("pdf", answer(b"%PDF-1.7\n" + bytes(range(256)), kind="application/pdf"), "not_a_feed"),
    fails("zip", answer(b"PK\x03\x04" + bytes(200), kind="application/zip"), "not_a_feed"),
    fails("noise", answer(bytes((n * 7919 + n * n) % 256 for n in range(5000)), kind="text/xml"), "not_a_feed"),
    either("feed-without-entries", answer(rss()), 0, "empty"),
    either("root-alone", answer("<rss/>"), 0, "empty", "not_a_feed"),
)
GROUP = Group("xml", CASES)
