"""One article page in, one `Article` out: the order of the steps, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from lxml import etree

from aggregator.arabic.fold import clean
from aggregator.arabic.language import language as tell_language
from aggregator.errors import DocumentError
from aggregator.extract import blocked, candidates, density, images, jsonld, metadata, phrases, source_link, titles
from aggregator.extract.boilerplate import Known, drop, prune
from aggregator.extract.outline import outline
from aggregator.extract.page import Element, Page, fragment, read, text_of
from aggregator.extract.sanitize import plain, sanitize
from aggregator.extract.sanitize import text_of as text_of_clean
from aggregator.extract.selected import Selected, select
from aggregator.model import Article, RawItem, Selectors

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_TEXT = ("script", "style", "noscript", "template")
_SUMMARY = 0.25  # confidence of a body that is only the page's description
_CUT_OFF = re.compile(r"(?:\[…\]|\[\.{3}\]|…|\.{3}|\[&hellip;\]|اقرأ المزيد|إقرأ المزيد|Lire la suite|Read more)\s*$", re.I)
_LAST = 40  # characters of a text's end that are looked at


def article(
    html: bytes,
    *,
    url: str,
    content_type: str = "",
    headers: Mapping[str, str] = _NOTHING,
    selectors: Selectors | None = None,
    feed_html: str = "",
    feed_title: str = "",
    timezone: str = "UTC",
    country: str = "",
    language: str = "",
    now: datetime,
    shared_images: frozenset[str] = frozenset(),
) -> Article:
    """Extract the article of a page.

    ``selectors`` are the source's own, ``feed_html`` and ``feed_title`` what its feed said of this item,
    ``timezone`` and ``country`` what dates without a zone or order mean, ``now`` what «منذ ساعتين» counts from,
    ``shared_images`` pictures that many of the site's pages declare. ``confidence`` is 0..1: how sure it is
    that the body is the article's whole and only text. Raises `DocumentError`: ``blocked`` for a page that
    keeps robots out, ``not_an_article`` where there is no article.
    """
    page = read(html, url=url, content_type=content_type or headers.get("content-type", ""))
    linked = jsonld.read(page.head.scripts)
    chosen = select(html, page, selectors) if selectors is not None else Selected()
    etree.strip_elements(page.tree, *_NO_TEXT, with_tail=False)
    blocked.refuse(page)
    source = source_link.find(page, linked)
    texts = _texts(linked, feed_html)
    around = outline(page)
    head = titles.headline(page, linked, around, feed_title=feed_title)
    prose = density.measure(page, around, head.element)
    choice = candidates.choose(page, prose, texts=texts) if chosen.body is None else candidates.Choice(chosen.body, 0.98, "selectors")
    title, flags = titles.split_flags(chosen.title) if chosen.title else (head.text, head.flags)
    first = _first_prose(prose, choice.element)
    place = metadata.Place(timezone, country, now)
    when = metadata.dates(page, linked, place, around, heading=head.element, first=first, selected=chosen.date)
    names = titles.site_names(page, linked)
    author = chosen.author or metadata.author(page, linked, around, names, heading=head.element, first=first)
    known = Known(title=head.text or title, author=author, category=page.head.first("article:section"), dates=when.lines)
    body = _body(page, choice, linked, texts, known, head.element)
    if not title or (not body.text and not body.html):
        raise DocumentError("not_an_article", _why_none(page, title))
    if candidates_are_links(page, prose, linked, body):
        raise DocumentError("not_an_article", "The page is a list of links to articles, not an article.")
    picture = images.choose(page, linked, choice.element, head.element, shared=shared_images)
    noarchive, nosnippet = metadata.restrictions(page)
    return Article(
        title=title,
        body=body.text,
        body_html=body.html,
        published=when.published,
        updated=when.updated,
        author=author,
        image=chosen.image or picture.address,
        image_credit=picture.credit,
        source_link=source,
        language=tell_language(f"{title}\n{body.text[:3000]}", language or page.lang),
        confidence=body.confidence,
        method=body.method,
        flags=tuple(dict.fromkeys((*flags, *body.flags, *(("live",) if linked.live else ())))),
        date_problem=when.problem,
        noarchive=noarchive,
        nosnippet=nosnippet,
    )


def from_feed(item: RawItem) -> Article:
    """Make an article of what a feed says alone: its content, else its summary."""
    html = item.content_html or item.summary
    title, flags = titles.split_flags(item.title)
    known = Known(title=item.title, author=item.author)
    body = _clean(fragment(html), item.url, known, sanitised=item.content_html) if "<" in html else _Body(html, plain(html))
    text = body.text or plain(html)
    whole = len(text) >= 400 and bool(item.content_html) and not _CUT_OFF.search(text[-_LAST:])
    return Article(
        title=title or item.title,
        body=text,
        body_html=body.html if item.content_html else sanitize(html, item.url),
        published=item.published,
        updated=item.updated,
        author=item.author,
        image=item.image,
        source_link=item.source_link or item.url,
        language=item.language or tell_language(f"{item.title}\n{text[:3000]}"),
        confidence=0.7 if whole else 0.3 if text else 0.1,
        method="feed",
        flags=flags,
        date_problem=item.date_problem,
    )


@dataclass(frozen=True, slots=True)
class _Body:
    html: str
    text: str
    confidence: float = 0.0
    method: str = ""
    flags: tuple[str, ...] = ()


def _texts(linked: jsonld.Linked, feed_html: str) -> tuple[tuple[str, str], ...]:
    texts = [("json-ld", _paragraphs(linked.body))] if linked.body and linked.free else []
    if feed_html:
        feed = plain(feed_html)
        if not _CUT_OFF.search(feed[-_LAST:]):
            texts.append(("feed", feed))
    return tuple(texts)


def _paragraphs(text: str) -> str:
    """Give a text from JSON as paragraphs: without mark-up in it, each of its lines is one."""
    if "<" in text and ">" in text:
        return plain(text)
    return "\n\n".join(filter(None, (clean(line) for line in text.splitlines())))


def _first_prose(prose: density.Prose, element: Element | None) -> Element | None:
    numbers = prose.order.get(element, []) if element is not None else []
    return prose.nodes[numbers[0]][0] if numbers else None


def _body(
    page: Page, choice: candidates.Choice, linked: jsonld.Linked, texts: tuple[tuple[str, str], ...], known: Known, heading: Element | None
) -> _Body:
    """Cut the body out of the tree; where the tree has none, take what JSON-LD, the feed or the description says."""
    body = _Body("", "")
    if choice.element is not None:
        body = _clean(_copied(choice.element, heading), page.base, known)
    # the tree has but a teaser of what the page itself declares as its text (it is drawn by a script)
    for method, text in texts:
        if len(text) > 200 and len(body.text) < 0.5 * len(text):
            return _Body(_as_html(text, page.base), text, 0.8, method, body.flags)
    if len(body.text) >= 15:
        return _Body(body.html, body.text, _weighed(choice.confidence, body.text), choice.method, body.flags)
    if len(choice.text) > 60:
        text = "\n\n".join(clean(line) for line in choice.text.splitlines() if line.strip())
        return _Body(_as_html(text, page.base), text, 0.4, "trafilatura")
    summary = clean(plain(linked.description or page.head.first("og:description", "description", "twitter:description")))
    if len(summary) >= 30 and (linked.found or page.head.first("og:type").lower().startswith(("article", "video"))):
        return _Body(_as_html(summary, page.base), summary, _SUMMARY, "description")
    return body


_FRAMED = frozenset(["table", "tbody", "thead", "tfoot", "tr", "ul", "ol", "dl"])
_MARK = "data-mujaz-heading"


def _copied(element: Element, heading: Element | None) -> Element:
    """Copy the article's part of the tree, without its headline and what stands before that."""
    inside = heading is not None and heading is not element and any(ancestor is element for ancestor in heading.iterancestors())
    if not inside or heading is None:
        return deepcopy(element)
    heading.set(_MARK, "")
    copy = deepcopy(element)
    del heading.attrib[_MARK]
    at = next((part for part in copy.iter(heading.tag) if part.get(_MARK) is not None), None)
    if at is None:
        return copy
    drop(at) if at.tail and not at.tail.isspace() else _drop_before(copy, at)
    return copy


def _drop_before(copy: Element, heading: Element) -> None:
    """Remove a heading and all that precedes it, unless that is most of the text (then it was no headline)."""
    whole = len(text_of(copy))
    before = [heading]
    at = heading
    while at is not copy:
        before += at.itersiblings(preceding=True)
        parent = at.getparent()
        if parent is None:
            return
        at = parent
    if sum(len(text_of(part)) for part in before) > 0.75 * whole:
        return
    for part in before:
        drop(part)


def _weighed(confidence: float, text: str) -> float:
    """Lower the confidence for a text so short that a wrong part of the page may well be as long."""
    length = len(text)
    return round(confidence * (1.0 if length >= 300 else 0.85 if length >= 80 else 0.6), 3)


def _clean(container: Element, base: str, known: Known, *, sanitised: str = "") -> _Body:
    """Cut a container down to its article; ``sanitised`` is HTML as the sanitiser wrote it, which need not go through it once more."""
    container.tail = None
    flags = (
        ("paywalled",)
        if any(
            phrases.is_kind(" ".join(text_of(part).split()), "paywall")
            for part in container.iter("p", "div", "h2", "h3", "h4", "span")
            if len(text_of(part)) < 300
        )
        else ()
    )
    prune(container, known)
    inner = _inner_html(container)
    html = inner if inner == sanitised else sanitize(inner, base)
    return _Body(html, text_of_clean(html), flags=flags)


def _inner_html(container: Element) -> str:
    html: str = etree.tostring(container, encoding="unicode", method="html", with_tail=False)
    if container.tag in _FRAMED:
        # rows and list items are nothing without what holds them: a parser drops their tags and glues their texts
        return html if container.tag in ("table", "ul", "ol", "dl") else f"<table>{html}</table>"
    return html[html.find(">") + 1 : html.rfind("</")] if len(container) or container.text else ""


def _as_html(text: str, base: str) -> str:
    from html import escape

    return sanitize("".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n")), base)


def _why_none(page: Page, title: str) -> str:
    if not title:
        return "The page has no headline."
    return "The page has no running text beside its headline."


def candidates_are_links(page: Page, prose: density.Prose, linked: jsonld.Linked, body: _Body) -> bool:
    """Tell whether a page is a front page or a list of stories rather than one story."""
    from urllib.parse import urlsplit

    if linked.found or page.head.first("og:type").lower().startswith(("article", "video")):
        return False
    parts = urlsplit(page.url)
    is_front = parts.path in ("", "/", "/index.php", "/index.html", "/ar", "/ar/", "/fr", "/fr/") and not parts.query and bool(parts.netloc)
    return is_front and body.confidence < 0.9 and len(body.text) < 600
