"""A hundred scripts through feeds, article pages, the search and the served feeds, opened in real Chromium: none runs, none gets out."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

import pytest

from tests.e2e.payloads import ADDRESSES, ELSEWHERE, HTML, MARK, armed
from tests.integration.served import Command

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PAYLOADS = [armed(payload) for payload in HTML.values()]
LINKS = [armed(address) for address in ADDRESSES]
NOW = datetime.now(UTC).replace(microsecond=0)
LEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # of XML
WORDS = "نص الخبر كما نشره المنبر وفيه جملة طويلة بما يكفي لتكون متنا يقرؤه الناس عن حدث رقم {n} في المدينة."


def in_xml(text: str) -> str:
    return escape(LEGAL.sub("", text), {'"': "&quot;"})


def cdata(text: str) -> str:
    return "<![CDATA[" + LEGAL.sub("", text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def date(n: int) -> str:
    return format_datetime(NOW - timedelta(minutes=n + 1))


def rss() -> str:
    """Give a feed with a payload in every field of its entries, and one with a payload as the address."""
    items = []
    for n, payload in enumerate(PAYLOADS):
        items.append(
            f"<item><title>{in_xml(f'خبر {n} ' + payload)}</title><link>http://x.example/{n}</link><guid isPermaLink='false'>g{n}</guid>"
            f"<description>{in_xml(payload + WORDS.format(n=n))}</description><dc:creator>{in_xml('كاتب ' + payload)}</dc:creator>"
            f"<category>{in_xml(payload)}</category><content:encoded>{cdata(f'<p>{WORDS.format(n=n)}</p>' + payload)}</content:encoded>"
            f"<pubDate>{date(n)}</pubDate></item>"
        )
    for n, link in enumerate(LINKS, 1_000):
        items.append(
            f"<item><title>خبر {n} بعنوان غريب {n * 7919}</title><link>{in_xml(link)}</link><guid>{in_xml(link)}</guid>"
            f'<enclosure url="{in_xml(link)}" type="image/png" length="1"/><description>{WORDS.format(n=n)}</description>'
            f'<media:content url="{in_xml(link)}" medium="image"/><pubDate>{date(n)}</pubDate></item>'
        )
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0" {spaces}><channel><title>{in_xml(PAYLOADS[0])}</title>{"".join(items)}</channel></rss>'


def json_feed() -> str:
    """Give a JSON Feed of the same."""
    items = [
        {
            "id": f"j{n}",
            "url": f"http://x.example/j{n}",
            "title": f"موضوع {n} {payload}",
            "content_html": f"<p>{WORDS.format(n=n)}</p>{payload}",
            "summary": payload,
            "authors": [{"name": payload, "url": LINKS[n % len(LINKS)]}],
            "tags": [payload],
            "image": LINKS[n % len(LINKS)],
            "date_published": (NOW - timedelta(minutes=n)).isoformat(),
        }
        for n, payload in enumerate(PAYLOADS, 200)
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": PAYLOADS[0], "items": items}, ensure_ascii=False)


def page_feed(base: str) -> str:
    """Give a feed of headlines alone, whose articles are read from their pages."""
    items = [
        f"<item><title>مقال {n} عن {n * 7919}</title><link>{base}/article/{n}</link><guid>p{n}</guid><pubDate>{date(n)}</pubDate></item>"
        for n in range(len(PAYLOADS))
    ]
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>مقالات</title>{"".join(items)}</channel></rss>'


def article(n: int) -> str:
    """Give an article's page with a payload in its headline, its metadata, its JSON-LD, its author and its body."""
    payload = PAYLOADS[n]
    attribute = payload.replace("&", "&amp;").replace('"', "&quot;")
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": f"مقال {n} {payload}",
        "description": payload,
        "author": {"@type": "Person", "name": payload, "url": LINKS[n % len(LINKS)]},
        "image": LINKS[n % len(LINKS)],
        "articleBody": " ".join([WORDS.format(n=n)] * 3) + payload if n % 2 else None,
    }
    paragraphs = "".join(f"<p>{WORDS.format(n=n * 10 + k)}</p>" for k in range(5))
    return (
        f'<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"><title>مقال {n}</title>'
        f'<meta property="og:title" content="مقال {n} {attribute}"><meta property="og:image" content="{attribute}">'
        f'<meta name="author" content="{attribute}"><meta property="og:description" content="{attribute}">'
        f'<link rel="canonical" href="{LINKS[n % len(LINKS)].replace(chr(34), "&quot;")}">'
        f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script></head>'
        f"<body><article><h1>مقال {n} عن {n * 7919}</h1>{paragraphs}<p>المصدر: <a href='{LINKS[n % len(LINKS)].replace(chr(39), '&#39;')}'>هنا</a></p>{payload}</article></body></html>"
    )


@contextmanager
def outlet() -> Iterator[str]:
    """Serve all of this on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = "text/html; charset=utf-8", ""
            match self.path.split("/")[1:]:
                case ["feed"]:
                    kind, body = "application/rss+xml", rss()
                case ["json"]:
                    kind, body = "application/feed+json", json_feed()
                case ["pages"]:
                    kind, body = "application/rss+xml", page_feed(f"http://127.0.0.1:{self.server.server_address[1]}")
                case ["article", number]:
                    body = article(int(number))
            data = body.encode("utf-8", "replace")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Site:
    """The page over what was fetched, and what was exported."""

    base: str
    folder: Path
    stories: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("xss")
    (folder / "sources").mkdir()
    with outlet() as base:
        blocks = [
            f'[[outlets]]\nid = "{name}"\nname = "{name}"\nlanguage = "ar"\ntimezone = "UTC"\nrights = "full"\nfeeds = ["{base}/{path}"]\n{more}'
            for name, path, more in (("rss", "feed", ""), ("json", "json", ""), ("pages", "pages", "full_page = true\n"))
        ]
        (folder / "sources" / "all.toml").write_text("\n".join(blocks), encoding="utf-8")
        mujaz = Command(folder, folder / "sources")
        settings = {"MUJAZ_DEDUP__ENABLED": "false", "MUJAZ_WEB__TRUSTED_PROXIES": '["127.0.0.1"]'}
        done = mujaz.run("fetch", "--all", timeout=200, **settings)
        assert done.returncode == 0, done.stderr
        for form, name in (("atom", "atom.xml"), ("rss", "rss.xml"), ("json", "feed.json"), ("opml", "opml.xml"), ("csv", "table.csv")):
            assert mujaz.run("export", "-f", form, "-o", str(folder / name), **settings).returncode == 0
        listed = mujaz.run("export", "-f", "ndjson").stdout.splitlines()
    process = mujaz.start("serve", "--port", "0", err=str(folder / "log"), **settings)
    try:
        yield Site(_address(folder / "log", process), folder, [json.loads(line)["id"] for line in listed])
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _address(log: Path, process: subprocess.Popen[str]) -> str:
    import time

    for _ in range(300):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(errors="replace"))
        if found:
            return found[0]
        assert process.poll() is None, log.read_text(errors="replace")
        time.sleep(0.1)
    raise AssertionError("the page printed no address")


class Watch:
    """A tab that nothing may run in: dialogues, the mark and every request elsewhere are noted."""

    # the policy of the page would stop what the escaping lets through: both are looked at, each by itself
    def __init__(self, browser: Browser, *, policy: bool, pictures: bool = False) -> None:
        self.context = browser.new_context(bypass_csp=not policy, locale="ar-MA", accept_downloads=False)
        self.bad: list[str] = []
        self.pictures = pictures
        self.home = ""
        self.visitor = 0
        self.context.route("**/*", self._asked)
        self.context.on("dialog", self._dialogue)
        self.page: Page = self.context.new_page()

    def _asked(self, route: Any) -> None:
        request = route.request
        parts = urlsplit(request.url)
        here = parts.scheme == "file" or f"{parts.scheme}://{parts.netloc}" == self.home
        if here and parts.path.startswith("/picture/"):
            route.fulfill(status=404)  # the outlets' hosts are not there: looking for each would take its time
            return
        if here or request.url.startswith(("about:", "chrome-extension:", "chrome:")):
            route.continue_()
            return
        # what a feed's pictures are, a reader of feeds loads; they go nowhere here
        if not (self.pictures and request.resource_type == "image" and parts.scheme in ("http", "https")):
            self.bad.append(f"asked for {request.url} from {self.page.url}")
        route.abort()

    def _dialogue(self, dialogue: Any) -> None:
        self.bad.append(f"a dialogue on {self.page.url}: {dialogue.message}")
        dialogue.dismiss()

    def open(self, address: str) -> None:
        """Open a page and look whether anything runs in it or could be made to."""
        parts = urlsplit(address)
        self.home = f"{parts.scheme}://{parts.netloc}"
        self.visitor += 1  # the page answers a visitor so many times a minute
        self.page.set_extra_http_headers({"X-Forwarded-For": f"198.51.{self.visitor // 250}.{self.visitor % 250 + 1}"})
        answer = self.page.goto(address)
        assert answer is None or answer.status == 200, (answer.status, address)
        self.look(address)

    def look(self, where: str) -> None:
        found = self.page.evaluate(LIVE, MARK)
        if found:
            self.bad.append(f"{where}: {found}")
        assert not self.bad, self.bad[:5]

    def close(self) -> None:
        assert not self.bad, self.bad[:5]
        self.context.close()


# what has run, and what a click, a hover or a reload would run
LIVE = """mark => {
  const found = [];
  if (window[mark] !== undefined) found.push('it ran');
  for (const element of document.querySelectorAll('*')) {
    const name = element.localName;
    // how the browser shows XML has a style of its own
    const wrong = ['iframe', 'object', 'embed', 'base', 'foreignobject', 'animate', 'math', 'frame'];
    if (wrong.includes(name) || (name === 'style' && !document.contentType.endsWith('xml'))) found.push('<' + name + '>');
    if (name === 'script' && !(element.src || '').startsWith(location.origin + '/static/') && element.type !== 'application/ld+json')
      found.push('<script>' + element.textContent.slice(0, 80));
    if (name === 'meta' && (element.httpEquiv || '').toLowerCase() === 'refresh') found.push('refresh');
    for (const {name: key, value} of element.attributes) {
      if (key.startsWith('on') || key.includes('hx-on') || key === 'srcdoc' || key === 'ping') found.push(key + '=' + value.slice(0, 80));
      if (['href', 'src', 'action', 'formaction', 'xlink:href', 'data', 'srcset', 'poster', 'background'].includes(key)) {
        let scheme = '';
        try { scheme = new URL(value, location.href).protocol; } catch { continue; }
        const icon = name === 'link' || name === 'img';
        if (!['http:', 'https:', 'mailto:', 'file:', 'about:'].includes(scheme) && !(icon && scheme === 'data:')) found.push(key + '=' + value.slice(0, 80));
      }
      if ((key === 'hx-get' || key === 'hx-post') && !value.startsWith('/')) found.push(key);
    }
  }
  return found.slice(0, 5).join(' | ');
}"""


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) >= 100
    assert len(set(LINKS)) >= 15
    assert ELSEWHERE in armed("@")


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.long)])
def test_the_watch_sees_what_runs(chromium: Browser, step: int) -> None:
    """A check that can't fail would prove nothing: the payloads do run where nobody cleans them."""
    from playwright.sync_api import Error

    context = chromium.new_context()
    context.route("**/*", lambda route: route.abort())
    ran: list[str] = []

    def noted(dialogue: Any) -> None:
        ran.append(dialogue.message)
        with suppress(Error):  # of a page that has gone meanwhile
            dialogue.dismiss()

    context.on("dialog", noted)
    seen = 0
    for payload in (chosen := PAYLOADS[:60:step]):
        page = (
            context.new_page()
        )  # a page for each: the mark of one stays in its window, and closing a window that ran sixty ends the browser
        page.set_content(f"<body>{payload}</body>", wait_until="commit")
        seen += bool(page.evaluate(LIVE, MARK)) or bool(ran)
        ran.clear()
        page.close()
    context.close()
    assert seen >= 0.75 * len(chosen), seen


def test_everything_was_stored(site: Site) -> None:
    # an entry whose address can't be one may be left out; every other is there
    assert len(site.stories) >= 3 * len(PAYLOADS)


WHOLE = pytest.mark.long  # the short form takes each tenth, and the lists show the headlines and first lines of all


@pytest.mark.parametrize(
    ("policy", "step"),
    [(False, 10), pytest.param(False, 1, marks=WHOLE), pytest.param(True, 1, marks=WHOLE)],
    ids=["escaping alone, some", "escaping alone", "with the policy"],
)
def test_no_story_runs_anything(site: Site, chromium: Browser, policy: bool, step: int) -> None:
    watch = Watch(chromium, policy=policy)
    for story in site.stories[::step]:
        watch.open(f"{site.base}/story/{story}")
    watch.close()


@pytest.mark.parametrize("policy", [False, pytest.param(True, marks=WHOLE)], ids=["escaping alone", "with the policy"])
def test_no_list_runs_anything(site: Site, chromium: Browser, policy: bool) -> None:
    watch = Watch(chromium, policy=policy)
    watch.open(site.base + "/")
    seen = 1
    while (more := watch.page.locator("p.more a")).count() and seen < 30:
        watch.open(site.base + str(more.first.get_attribute("href")))
        seen += 1
    assert seen > 5
    for path in ("/outlets", "/outlet/rss", "/outlet/json", "/health", "/?sort=spread"):
        watch.open(site.base + path)
    watch.close()


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=WHOLE)])
def test_no_query_runs_anything(site: Site, chromium: Browser, step: int) -> None:
    watch = Watch(chromium, policy=False)
    for query in PAYLOADS[::step]:
        watch.open(f"{site.base}/search?q={quote(query[:400])}")
    for name in ("outlet", "country", "topic", "lang", "sort", "since", "cursor"):
        watch.page.goto(f"{site.base}/?{name}={quote(PAYLOADS[0])}")
        watch.look(name)
    watch.page.goto(f"{site.base}/{quote(PAYLOADS[9])}")
    watch.look("a page that is not there")
    watch.close()


def test_served_feeds_opened_in_the_browser_run_nothing(site: Site, chromium: Browser) -> None:
    from playwright.sync_api import Error

    watch = Watch(chromium, policy=False)
    for path in ("/feed.atom", "/feed.rss", "/feed.json", "/outlet/rss/feed.atom", f"/feed.atom?q={quote(PAYLOADS[0])}"):
        try:
            watch.open(site.base + path)
        except Error as error:
            if not re.search("Download is starting|ERR_ABORTED", str(error)):  # it saves what it does not show
                raise
    watch.close()


def test_exported_files_opened_in_the_browser_run_nothing(site: Site, chromium: Browser) -> None:
    watch = Watch(chromium, policy=True)
    for name in ("atom.xml", "rss.xml", "opml.xml", "feed.json"):
        watch.page.goto((site.folder / name).as_uri())
        watch.look(name)
    watch.close()


def test_the_html_in_exported_feeds_runs_nothing_in_a_reader_that_trusts_it(site: Site, chromium: Browser) -> None:
    watch = Watch(chromium, policy=True, pictures=True)
    entries = json.loads((site.folder / "feed.json").read_text(encoding="utf-8"))["items"]
    assert len(entries) >= 3 * len(PAYLOADS)
    html = [str(entry.get("content_html", "")) for entry in entries]
    assert sum(map(bool, html)) >= 2 * len(PAYLOADS)
    for at in range(0, len(html), 12):  # a dozen at once: each is a fragment of its own
        watch.page.set_content("".join(f"<div>{each}</div>" for each in html[at : at + 12]), wait_until="commit")
        watch.look(f"entries {at}")
    watch.close()


def test_no_cell_of_a_table_is_a_formula(site: Site) -> None:
    import csv

    with (site.folder / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            for name in ("title", "author"):
                assert not str(row.get(name, "")).startswith(("=", "+", "-", "@", "\t", "\r")), row[name]
