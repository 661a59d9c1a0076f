"""Pages as no newsroom sends them: each gives an article or a typed failure, in time, and nothing that runs."""

from __future__ import annotations

import random
import resource
import time

import pytest

from aggregator.errors import DocumentError
from aggregator.extract import article
from tests.golden.pages import NOW, golden
from tests.property.test_sanitize import wrong_in

SEEDS = [page.path.read_bytes() for page in golden()]
POISON = [
    b"<script>alert(1)</script>", b'<img src=x onerror="alert(1)">', b'<a href="javascript:alert(1)">x</a>', b"<iframe src=//evil.example>", b"<form action=x>", b"<svg onload=x>", b"<base href='javascript:x'>",
    b"\x00", b"\xff\xfe", b"&#0;", b"&#x1F;", b"\xe2\x80\xae", b"<!--", b"]]>", b"<![CDATA[", b"<p " + b"a=b " * 500, b"<" * 300, b"&" * 300, b'"' * 99, b"</body>", b"</html>", b"<table><tr><td>", b"<plaintext>", b"<textarea>", b"<title>", b"<noscript>",
    b'<script type="application/ld+json">{"@type":"NewsArticle","articleBody":' + b"[" * 3000, b'<meta property="og:title" content="' + b"x" * 5000 + b'">',
]  # fmt: skip


def mutated(random_: random.Random) -> bytes:
    """Give a golden page after a few accidents."""
    page = bytearray(random_.choice(SEEDS))
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(page) or 1)
        match random_.randrange(9):
            case 0:
                del page[at:]  # cut off on the way
            case 1:
                page[at:at] = random_.choice(POISON)
            case 2:
                other = random_.choice(SEEDS)
                page[at:at] = other[random_.randrange(len(other)) :][:3000]
            case 3:
                for _ in range(40):
                    page[random_.randrange(len(page))] = random_.randrange(256)
            case 4:
                page = bytearray(bytes(page).replace(b"</div>", b"", random_.randint(1, 30)))
            case 5:
                page = bytearray(
                    bytes(page)
                    .decode("utf-8", "replace")
                    .encode(random_.choice(["utf-16", "windows-1256", "iso-8859-6", "cp1252", "utf-32"]), "replace")
                )
            case 6:
                pieces = bytes(page).split(b"<")
                random_.shuffle(pieces)
                page = bytearray(b"<".join(pieces))
            case 7:
                page[at:at] = b"<div>" * random_.choice([10, 300, 5000])
            case _:
                page[at:at] = page[: random_.randrange(4000)] * random_.randint(1, 5)
        if not page:
            page = bytearray(b" ")
    return bytes(page)


def read_or_refuse(page: bytes) -> None:
    refused: DocumentError | None = None
    try:
        found = article(page, url="https://example.org/news/1", now=NOW)
    except DocumentError as error:
        refused = error
    if refused is not None:
        assert refused.kind in {"not_an_article", "blocked"}
        assert refused.detail
        return
    assert found.title
    assert 0 <= found.confidence <= 1
    assert wrong_in(found.body_html) == []
    assert "\x00" not in found.body + found.title + found.body_html


def run(count: int, seed: int) -> None:
    random_ = random.Random(seed)
    for number in range(count):
        page = mutated(random_)
        start = time.process_time()
        try:
            read_or_refuse(page)
        except Exception as error:
            raise AssertionError(f"mutation {number} of seed {seed}") from error
        assert time.process_time() - start < 5, f"mutation {number} of seed {seed}"


def test_500_mutated_pages_give_an_article_or_a_typed_failure() -> None:
    run(500, seed=20260115)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_10_000_mutated_pages_give_an_article_or_a_typed_failure() -> None:
    run(10_000, seed=1)


MANY = 28_000  # elements: just below what is refused
PARAGRAPH = "<p>فقرة من نص طويل، فيها جملة كاملة تنتهي بنقطة واضحة في آخر السطر.</p>".encode()
HOSTILE = {
    "nested 5,000 deep": b"<h1>title of a page</h1>" + b"<div>" * 5_000 + PARAGRAPH + b"</div>" * 5_000,
    "nested inline 100,000 deep": b"<h1>title of a page</h1>" + b"<b>" * 100_000 + PARAGRAPH,
    "20 MB of paragraphs": b"<h1>title of a page</h1>" + PARAGRAPH * 160_000,
    "as many paragraphs as are read": b"<h1>title of a page</h1>" + PARAGRAPH * MANY,
    "boxes in boxes": b"<h1>title of a page</h1>"
    + (b"<div class=entry-content>" * 120 + PARAGRAPH + b"<a href=/x>a link as long as a headline</a>" + b"</div>" * 120) * 200,
    "many half-links": b"<h1>title of a page</h1>" + b"<ul><li><a href=/x>a link as long as a headline</a> text</ul>" * (MANY // 3),
    "many bold words": b"<h1>title of a page</h1><p>" + b"<b>word</b>, " * MANY,
    "20 MB in one paragraph": b"<h1>title of a page</h1><p>" + b"word " * 4_000_000,
    "20 MB of zeros": b"<p>" + b"\0" * 20_000_000,
    "20 MB of random bytes": random.Random(3).randbytes(20_000_000),
    "many links": b"<h1>title of a page</h1>" + b"<a href=/x>link</a>" * MANY,
    "many breaks": b"<h1>title of a page</h1><div>text that begins." + b"<br>" * MANY + b"text that ends.</div>",
    "unclosed attributes": b"<h1>title of a page</h1>" + b"<a title='" * 300_000,
    "many headings": b"<h1>title of a page</h1>" * MANY,
    "many dates": b"<h1>title of a page</h1>" + b"<span class=date>31/31/2025 99:99</span>" * MANY + PARAGRAPH,
    "many by-lines": b"<h1>title of a page</h1>" + "<span>كتب : كتب : كتب</span>".encode() * MANY + PARAGRAPH,
    "many source lines": b"<h1>title of a page</h1>" + "<span>المصدر: </span>".encode() * MANY + PARAGRAPH,
    "deep JSON-LD": b"<script type=application/ld+json>" + b'{"@graph":[' * 100_000 + b"</script>" + PARAGRAPH,
    "many siblings with comments headings": b"<h1>title of a page</h1><div>"
    + "<h3>التعليقات</h3><p>نص طويل بعض الشيء، وفيه جملة.</p>".encode() * (MANY // 2)
    + b"</div>",
    "nothing": b"",
    "a lone bracket": b"<",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_take_neither_long_nor_much_memory(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    read_or_refuse(HOSTILE[name])
    assert time.process_time() - start < 5
    # kilobytes: a page of 8 MB (more is not read) may take some forty times its size in a tree
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000
