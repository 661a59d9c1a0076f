"""When an article was published and by whom: what the page declares first, then what it shows near the headline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import islice

from aggregator.arabic.dates import DateResult, find_date, parse_date
from aggregator.arabic.fold import clean
from aggregator.extract.bylines import author_of, is_counter, labelled_author
from aggregator.extract.jsonld import Linked
from aggregator.extract.outline import Outline
from aggregator.extract.page import Element, Page, names_of, text_of

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "article:published", "dc.date.issued", "dcterms.issued", "dcterms.created",
    "dc.date.created", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "publish-date", "publish_date", "publishdate", "published_at", "pubdate", "publication_date",
    "datecreated", "citation_publication_date", "dc.date", "dcterms.date", "date", "article_date_original", "article.published", "rnews:datepublished", "bt:pubdate", "created",
)  # fmt: skip
_UPDATED = ("article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "dc.date.modified", "last-modified", "article.updated", "lastmod", "revised")  # fmt: skip
_DATED_NAME = re.compile(
    r"date|dat_|time|publish|posted|created|meta|byline|info|entry-head|tarikh|heure|submitted|stamp|journal|details", re.I
)
_ELSEWHERE = re.compile(
    r"(?<![a-z])(?:related\w*|sidebar|widget\w*|comments?|ticker|(?<!-)footer|nav\w*|menu|latest|popular|most-?\w*|top-?bar|header-?date|today|current-?date|clock|weather|prayer\w*|recommended|trending|marquee|slider|carousel)(?![a-z])",
    re.I,
)
_UPDATE_LABEL = re.compile(
    r"(?:آخر|اخر)\s*تحديث|تم التحديث|حُ?دّ?ث(?:ت)? في|تحديث\s*:|mis(?:e)? à jour|modifié|last updated|updated|modified", re.I
)
_MAYBE_DATE = re.compile(r"\d|منذ|قبل|أمس|امس|hier|ago")
_DAY = re.compile(r"\d{4}|\d+[/.-]\d+")
_URL_DATE = re.compile(r"/(19[89]\d|20[0-4]\d)[/_-]?(0?[1-9]|1[0-2])[/_-]?(0?[1-9]|[12]\d|3[01])(?=[/_.-]|$)")
_AUTHOR_METAS = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "sailthru.author",
    "byl",
    "cxenseparse:author",
    "citation_author",
    "og:article:author",
    "rnews:author",
)
_AUTHOR_NAME = re.compile(
    r"(?<![a-z])(?:author(?:-?name)?|byline|by-?line|by-?author|user-?name|post-?author|entry-?author|writer(?:-?name)?|auteur|journalist|reporter|katib|writtenby|created-?by|td-post-author-name|fn)(?![a-z])",
    re.I,
)
_MANY = re.compile(r"\s*(?:,|،|;|؛|\|| et | and )\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """What dates without a zone or an order of day and month mean, and what «منذ ساعتين» counts from."""

    timezone: str | tzinfo
    country: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Dates:
    """When an article was published and last changed; ``lines`` are the shown texts that say so."""

    published: datetime | None = None
    updated: datetime | None = None
    problem: str = ""
    lines: tuple[str, ...] = ()


def dates(
    page: Page, linked: Linked, place: Place, around: Outline, *, heading: Element | None, first: Element | None, selected: str = ""
) -> Dates:
    """Read an article's dates. ``first`` is its first running paragraph; ``selected`` a text that the source's selector chose."""
    published, problem = _first(_declared(page, linked, around, selected), place)
    lines: list[str] = []
    shown_update: DateResult | None = None
    if published is None or published.precision != "time":
        shown, shown_update, lines, complaint = _shown(place, around, heading, first)
        if shown is not None and (published is None or (shown.precision == "time" and _same_day(shown, published))):
            published = shown
        problem = problem or complaint
    updated, _ = _first(_declared_update(page, linked, around), place)
    if updated is None:
        updated = shown_update
    if published is None and not problem:
        published = _of_address(page.url, place)
    if published is None and updated is not None and not problem:
        # a page that only says when it was last changed was published then, or before
        published, updated = updated, None
        problem = "only the date of the last change is given"
    if (
        updated is not None
        and published is not None
        and updated.value is not None
        and published.value is not None
        and updated.value <= published.value + timedelta(minutes=1)
    ):
        updated = None
    return Dates(
        published.value if published else None,
        updated.value if updated else None,
        (published.problem if published else "") or problem,
        tuple(lines),
    )


def _first(texts: Iterator[str], place: Place) -> tuple[DateResult | None, str]:
    """Read the first text that is a date; one with a time of day is preferred to a bare day that it agrees with."""
    best: DateResult | None = None
    problem = ""
    for text in islice((text for text in texts if text), 12):
        result = parse_date(text, timezone=place.timezone, country=place.country, now=place.now)
        if result.value is None and len(text) < 200:
            result = find_date(text, timezone=place.timezone, country=place.country, now=place.now)
        if result.value is None:
            problem = problem or result.problem
        elif result.precision == "time" and (best is None or _same_day(result, best)):
            return result, ""
        elif best is None:
            best = result
    return best, problem if best is None else ""


def _same_day(one: DateResult, other: DateResult) -> bool:
    return one.value is not None and other.value is not None and abs(one.value - other.value) <= timedelta(hours=26)


def _declared(page: Page, linked: Linked, around: Outline, selected: str) -> Iterator[str]:
    yield selected
    yield linked.published
    yield from page.head.values(*_PUBLISHED)
    marked = around.having("datePublished", "dateCreated", "dc:date", "dc:created") or [
        element for element in around.marked if element.get("pubdate") is not None
    ]
    for element in marked[:6]:
        if not _is_elsewhere(element):
            yield _stated(element)


def _declared_update(page: Page, linked: Linked, around: Outline) -> Iterator[str]:
    yield linked.modified
    yield from page.head.values(*_UPDATED)
    for element in around.having("dateModified")[:3]:
        if not _is_elsewhere(element):
            yield _stated(element)


def _stated(element: Element) -> str:
    return clean(element.get("datetime") or element.get("content") or element.get("title") or text_of(element)[:200])


def _is_elsewhere(element: Element) -> bool:
    """Tell whether an element stands in a list of other stories, a comment, or the page's own clock."""
    at: Element | None = element
    for _ in range(7):
        if at is None or at.tag in ("body", "html"):
            return False
        if at.tag in ("nav", "footer", "aside", "ul") or (at.tag == "a" and len(text_of(at)) > 60) or _ELSEWHERE.search(names_of(at)):
            return at.tag != "ul" or not _DATED_NAME.search(names_of(at))
        at = at.getparent()
    return False


def _shown(
    place: Place, around: Outline, heading: Element | None, first: Element | None
) -> tuple[DateResult | None, DateResult | None, list[str], str]:
    """Find the date that the page shows its reader: near the headline and before the text, else just before or after both."""
    lines: list[str] = []
    problem = ""
    published: DateResult | None = None
    updated: DateResult | None = None
    for element, text in islice(_candidates(around, heading, first), 40):
        stated = element.get("datetime") if element.tag == "time" else ""
        result = parse_date(stated, timezone=place.timezone, country=place.country, now=place.now) if stated else DateResult(None)
        if result.value is None:
            result = find_date(text, timezone=place.timezone, country=place.country, now=place.now)
        if result.value is not None and result.value > place.now + timedelta(days=1):
            # a declared date in the future is kept; one that is only shown is the day of an event
            continue
        if result.value is None:
            problem = problem or (
                result.problem if any(character.isdigit() for character in text) and result.problem != "no date is found" else ""
            )
            continue
        lines.append(text)
        label = _UPDATE_LABEL.search(text)
        if label and not re.search(r"نشر|publi|posted", text[: label.start()], re.I):
            updated = updated or result
        elif published is None or (published.precision != "time" and result.precision == "time" and _same_day(published, result)):
            published = result
        if published is not None and published.precision == "time":
            break
    return published, updated, lines, problem if published is None and updated is None else ""


def _candidates(around: Outline, heading: Element | None, first: Element | None) -> Iterator[tuple[Element, str]]:
    """Give the short texts that may be a date line, those nearest to the headline first."""
    elements = around.elements
    head, start = around.place(heading, -1), around.place(first, -1)
    if head < 0:
        head = max(0, start - 30)
    end = start if start > head else min(len(elements), head + 60)
    windows = [
        range(head, end),
        range(head - 1, max(-1, head - 25), -1),
        range(end, min(len(elements), end + 3)),
        range(end + 3, len(elements)),
    ]
    for number, window in enumerate(windows):
        for index in window:
            element = elements[index]
            # far from the headline only what is called a date is looked at
            if number == 3 and not (element.tag == "time" or _DATED_NAME.search(element.get("class") or "")):
                continue
            text = _short_text(element)
            # behind the text «قبل ساعتين» tells of a comment or another story
            if text and (number < 2 or _DAY.search(text)) and not _is_elsewhere(element):
                yield element, text


def _short_text(element: Element) -> str:
    """Give the text of an element that is short and may hold a date, or ""."""
    text = text_of(element)
    if element.tag == "time":
        return clean(text[:200]) or clean(element.get("datetime") or "")
    # the cheap tests first: of a page's elements a handful is left for the rest
    if len(text) > 1_000 or not _MAYBE_DATE.search(text) or element.tag in ("h1", "title", "option"):
        return ""
    if not (element.text or "").strip() and not any((child.tail or "").strip() for child in element):
        return ""
    text = clean(text[:400])
    return text if 5 <= len(text) <= 160 and not is_counter(text) else ""


def _of_address(url: str, place: Place) -> DateResult | None:
    """Read the day in an address like ``/2024/07/16/…``: the last resort, and only a day."""
    match = _URL_DATE.search(url)
    if match is None:
        return None
    result = parse_date(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}", timezone=place.timezone, country=place.country, now=place.now)
    return DateResult(result.value, "the day is from the article's address", "day") if result.value else None


# -- author ---------------------------------------------------------------------------------


def author(page: Page, linked: Linked, around: Outline, names: list[str], *, heading: Element | None, first: Element | None) -> str:
    """Give who wrote the article, or "": several names are parted by «، »; the site's own name is no author."""
    said = [author_of(name) for name in linked.authors]
    found = _not_site(said, names)
    if found:
        return "، ".join(dict.fromkeys(found))
    marked = [
        element
        for element in around.marked
        if (element.get("rel") == "author" or "author" in (element.get("itemprop") or "")) and element.tag not in ("meta", "link")
    ]
    for element in marked[:8]:
        name = author_of(_name_in(element))
        if _not_site([name], names) and not _is_elsewhere(element) and len(name) < 60:
            return name
    shown = _shown_author(around, names, heading, first)
    if shown:
        return shown
    for name in page.head.values(*_AUTHOR_METAS):
        name = author_of(name)
        if _not_site([name], names):
            return name
    return ""


def _not_site(found: list[str], names: list[str]) -> list[str]:
    from aggregator.arabic.fold import fold

    return [
        name
        for name in found
        if name and fold(name) not in names and re.sub(r"\W+", "", fold(name)) not in {re.sub(r"\W+", "", site) for site in names}
    ]


def _name_in(element: Element) -> str:
    inner = element.find(".//*[@itemprop='name']")
    if inner is not None:
        return inner.get("content") or text_of(inner)
    return text_of(element)[:200]


def _shown_author(around: Outline, names: list[str], heading: Element | None, first: Element | None) -> str:
    elements = around.elements
    head, start = around.place(heading, 0), around.place(first, len(elements))
    near = range(max(0, head - 15), min(len(elements), max(start, head) + 2))
    for index in (*near, *range(near.stop, min(len(elements), near.stop + 120))):
        element = elements[index]
        called = _AUTHOR_NAME.search(f"{element.get('class') or ''} {element.get('id') or ''}")
        own = (element.text or "").strip() or (index in near and any((child.tail or "").strip() for child in element))
        if not called and not own:
            continue
        text = text_of(element)
        if len(text) > 400:
            continue
        text = clean(text)
        if not text or len(text) > 120:
            continue
        name = author_of(text) if called and index in near else labelled_author(text)
        if name and len(name.split()) <= 8 and _not_site([name], names) and not _is_elsewhere(element):
            return name
    return ""


# -- what the page forbids -------------------------------------------------------------------


def restrictions(page: Page) -> tuple[bool, bool]:
    """Tell whether the page asks not to be archived, and not to be quoted from."""
    said = " ".join(page.head.values("robots", "googlebot", "googlebot-news", "mujaz")).lower()
    return "noarchive" in said or "nocache" in said, "nosnippet" in said or "max-snippet:0" in said.replace(" ", "")
