"""What the hunt begins with: whole documents of ours, so that it need not find the grammars by itself."""

from __future__ import annotations

from tests.golden.pages import golden
from tests.hostile import cases_content, cases_encodings, cases_xml

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>منبر</title><ttl>60</ttl><skipHours><hour>3</hour></skipHours><item><title>خبر &amp; آخر</title><link>https://o.example/1</link><guid isPermaLink="false">1</guid><pubDate>Wed, 25 Nov 2026 10:00:00 +0100</pubDate><dc:creator>كاتب</dc:creator><category>سياسة</category><description>&lt;p&gt;نص&lt;/p&gt;</description><content:encoded><![CDATA[<p>نص <a href="/x">هنا</a><img src="a.jpg"></p>]]></content:encoded><enclosure url="a.jpg" type="image/jpeg" length="1"/><media:content url="b.jpg" medium="image" width="800"/></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://o.example/" xml:lang="ar"><title>منبر</title><entry><id>1</id><title type="html">خبر &lt;b&gt;</title><link rel="alternate" href="1"/><updated>2026-11-25T10:00:00Z</updated><author><name>كاتب</name></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>نص</p></div></content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>م</title></channel><item rdf:about="1"><title>خبر</title><link>https://o.example/1</link></item></rdf:RDF>"""
JSON = """{"version":"https://jsonfeed.org/version/1.1","title":"م","items":[{"id":"1","url":"https://o.example/1","title":"خبر","content_html":"<p>نص</p>","date_published":"2026-11-25T10:00:00Z","authors":[{"name":"كاتب"}],"tags":["س"],"image":"a.jpg","attachments":[{"url":"x","mime_type":"image/png"}]}]}"""
SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>https://o.example/1</loc><lastmod>2026-11-25</lastmod><news:news><news:publication><news:name>م</news:name><news:language>ar</news:language></news:publication><news:publication_date>2026-11-25T10:00:00+01:00</news:publication_date><news:title>خبر</news:title></news:news><image:image><image:loc>a.jpg</image:loc></image:image></url></urlset>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://o.example/s.xml</loc><lastmod>2026-11-25</lastmod></sitemap></sitemapindex>"""
DATES = """Wed, 25 Nov 2026 10:00:00 +0100|2026-11-25T10:00:00.123Z|20261125T1000|2026-W48-3|2026-329|1764064800|25/11/2026 10:00|الأربعاء 25 نونبر 2026 - 10:00|٢٥ تشرين الثاني ٢٠٢٦ ١٠:٠٠ م|منذ ساعتين|قبل 3 أيام|أمس الساعة 14:30|5 جمادى الآخرة 1448 هـ|الخميس 4 ذو الحجة 1447 الموافق 21 ماي 2026|Mercredi 25 novembre 2026 à 10h00|25 Nov 26 10:00 GMT|10:00 ص|اليوم|Yesterday|2 hours ago|25-11-2026م"""
OPML = """<opml version="2.0"><body><outline text="أخبار"><outline type="rss" title="م" xmlUrl="https://o.example/feed" htmlUrl="https://o.example/"/></outline></body></opml>"""
TOML = """[[outlets]]\nid = "o"\nname = "م"\nsite = "https://o.example"\ncountry = "MA"\nlanguage = "ar"\ntimezone = "Africa/Casablanca"\nfeeds = ["https://o.example/feed"]\n"""
HEADERS = 'Content-Type: text/xml; charset=utf-8\nETag: W/"1"\nLast-Modified: Wed, 25 Nov 2026 10:00:00 GMT\nRetry-After: 120\nCache-Control: max-age=60, no-cache\nAge: 3\nSet-Cookie: a=b'
ROBOTS = "User-agent: *\nDisallow: /private\nAllow: /\nCrawl-delay: 10\nSitemap: https://o.example/s.xml\n"
LINE = '{"id":"1","title":"مقتل 5 أشخاص في حادث سير في مراكش","body":"نص","published":"2026-11-25T10:00:00Z","url":"https://o.example/1","outlet":"o"}'


def scripts(*modules: object) -> list[bytes]:
    """Give what the hostile servers of these modules say, where it is said at once."""
    groups = [group for module in modules for group in getattr(module, "GROUPS", None) or (module.GROUP,)]  # type: ignore[attr-defined]
    found = [case.script for group in groups for case in group.cases if isinstance(case.script, bytes)]
    return [said.partition(b"\r\n\r\n")[2] for said in found]


def of(target: str) -> list[bytes]:
    """Give a target's first documents."""
    documents = {
        "feed": [RSS, ATOM, RDF, JSON],
        "sitemap": [SITEMAP, INDEX],
        "date": DATES.split("|"),
        "opml": [OPML],
        "catalogue": [TOML],
        "headers": [HEADERS, *DATES.split("|")[:3]],
        "robots": [ROBOTS],
        "lines": [LINE, LINE + "\n" + LINE],
        "address": ["https://u:p@o.example:80/a b?x=%D8#y", "//o.example/ا", "http://[::1%25lo]/", "http:o", "http://۱۲۷.0.0.1/"],
    }
    found = [text.encode() for text in documents.get(target, [])]
    if target in ("page", "discover", "charset"):
        found += [page.path.read_bytes() for page in golden()]
    if target in ("feed", "charset"):
        found += scripts(cases_xml, cases_content, cases_encodings)
    return [each for each in found if each]
