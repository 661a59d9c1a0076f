"""The headline: without the site's name, and with the newsroom's tags («عاجل/», «بالفيديو..») kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lxml import etree

from aggregator.arabic.fold import clean, fold
from aggregator.extract.addresses import host
from aggregator.extract.jsonld import Linked
from aggregator.extract.outline import Outline
from aggregator.extract.page import Element, Page, text_of, xpath
from aggregator.extract.sanitize import plain

MAX_TITLE = 400
_SEPARATOR = re.compile(r"\s+(?:[|\-–—»«•·/>:]|::|\|\|)+\s+|\s*(?:\||::|»|•)\s*")
_EDGE = " \t|-–—:/•·»«"
_SAME_TEXT = xpath(".//text()[normalize-space(.) = $text]")
_TITLE_NAME = re.compile(r"title|headline|titre", re.I)
_QUOTES = re.compile(r"[\"'«»“”„‘’`]")
_CUT = re.compile(r"\s*(?:\.{3}|…|\[…\]|\[\.{3}\])\s*$")


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline, its flags, and the element that shows it (None where the page shows none)."""

    text: str
    flags: tuple[str, ...] = ()
    element: Element | None = None


def headline(page: Page, linked: Linked, around: Outline, *, feed_title: str = "") -> Headline:
    """Choose the headline among what the page shows and what it says of itself."""
    names = site_names(page, linked)
    shown = _shown(page, around, names)
    said = _said(page, linked, names)
    if feed_title:
        said.append(_tidy(feed_title))
    said = [text for text in said if text and not _is_name(text, names)]
    for partner in said:
        found = next(((element, text) for element, text in shown if alike(text, partner)), None)
        if found is not None:
            return _finish(_better(found[1], partner, said), found[0])
    placed = _placed(page, said)
    if placed is not None:
        return placed
    first = next((element for element, text in shown if element.tag == "h1"), None)
    lone = [text for element, text in shown if element.tag == "h1" and len(text.split()) >= 3]
    if said:
        # an h1 that agrees with nothing: either the site's slogan, or the page's headline beside one made for search engines
        if (
            len(lone) == 1
            and (linked.found or _is_article(page))
            and not any(_shares_words(text, lone[0]) for text in said)
            and len(said) == 1
            and not _cut_title(page, said[0])
        ):
            return _finish(lone[0], first)
        return _finish(said[0], first)
    if shown:
        return _finish(shown[0][1], shown[0][0])
    return Headline("")


def _placed(page: Page, said: Sequence[str]) -> Headline | None:
    """Find what the page says of its headline as a text of its own somewhere in it, whole or without a first or last segment."""
    for part in [*said, *(segment for text in said for segment in _segments(text))]:
        if len(part.split()) < 3:
            continue
        for node in _SAME_TEXT(page.body, text=part)[:5]:
            element = node.getparent()
            if element is not None and not node.is_tail and element.tag != "option":
                return _finish(part, element)
    return None


def _segments(text: str) -> list[str]:
    spans = list(_SEPARATOR.finditer(text))
    return [text[: spans[-1].start()].strip(_EDGE), text[spans[0].end() :].strip(_EDGE)] if spans else []


def _cut_title(page: Page, text: str) -> bool:
    return bool(page.head.first("og:title"))


def _is_article(page: Page) -> bool:
    return page.head.first("og:type").lower().startswith("article")


def site_names(page: Page, linked: Linked) -> list[str]:
    """Give what the site calls itself, folded."""
    said = page.head.values(
        "og:site_name", "application-name", "apple-mobile-web-app-title", "twitter:site", "publisher", "dc.publisher", "article:publisher"
    )
    names = [*said, linked.publisher]
    name = host(page.url)
    labels = name.split(".")
    names += [name, *(label for label in labels[:-1] if len(label) > 3)]
    return [folded for folded in (fold(name.lstrip("@").strip()) for name in names) if len(folded) > 1 and "/" not in folded]


def _is_name(text: str, names: Sequence[str]) -> bool:
    folded = fold(text).strip(_EDGE)
    squeezed = re.sub(r"[\W_]+", "", folded)
    return any(folded == name or squeezed == re.sub(r"[\W_]+", "", name) for name in names)


def _is_named(text: str, names: Sequence[str]) -> bool:
    """Tell whether a segment of a title is the site's name, maybe with a slogan or suffix («CNNArabic.com»)."""
    squeezed = re.sub(r"[\W_]+", "", fold(text))
    if not squeezed:
        return True
    for name in names:
        plain_name = re.sub(r"[\W_]+", "", name)
        if len(plain_name) > 3 and (
            squeezed.startswith(plain_name) or (plain_name.startswith(squeezed) and len(squeezed) > 3) or squeezed.endswith(plain_name)
        ):
            return len(text.split()) <= 8
        if squeezed == plain_name:
            return True
    return False


def _shown(page: Page, around: Outline, names: Sequence[str]) -> list[tuple[Element, str]]:
    found = []
    headings = [
        element for element in page.body.iter("h1", "h2", "h3") if element.tag == "h1" or _TITLE_NAME.search(element.get("class") or "")
    ]
    marked = [element for element in around.having("headline") if element.tag not in ("meta", "h1")]
    for element in [*marked, *headings][:60]:
        text = _tidy(_own_text(element))
        if len(text) < 4 or len(text) > MAX_TITLE or _is_name(text, names):
            continue
        found.append((element, text))
    return found


def _own_text(element: Element) -> str:
    """Give a heading's text without a label or counter inside it."""
    if not len(element):
        return text_of(element)
    return (
        plain(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
        if any(len(child) or child.tail for child in element) or len(element) > 1
        else text_of(element)
    )


def _said(page: Page, linked: Linked, names: Sequence[str]) -> list[str]:
    head = page.head
    texts = [
        _without_site(_tidy(text), names, certain=True)
        for text in [
            *head.values("og:title")[:1],
            linked.headline,
            *head.values("twitter:title", "dc.title", "dcterms.title", "title", "sailthru.title", "parsely-title")[:3],
        ]
    ]
    whole = [text for text in texts if text and not _CUT.search(text)]
    cut = [text for text in texts if text and _CUT.search(text)]
    texts = whole + cut
    title = _tidy(page.title)
    texts.append(_without_site(title, names, certain=False, others=texts))
    return texts


def _without_site(text: str, names: Sequence[str], *, certain: bool, others: Sequence[str] = ()) -> str:
    """Cut the site's name off a title's end or head; where not ``certain`` also a short last segment that others don't have."""
    for other in others:
        if other and len(other) > 8 and text.startswith(other):
            return other
    pieces = _SEPARATOR.split(text)
    if len(pieces) < 2:
        return text
    spans = list(_SEPARATOR.finditer(text))
    start, end = 0, len(text)
    while spans and _is_named(text[spans[-1].end() : end], names):
        end = spans.pop().start()
    while spans and _is_named(text[start : spans[0].start()], names):
        start = spans.pop(0).end()
    if not certain and end == len(text) and spans and not set(spans[-1][0]) & set(":/>"):
        last = spans[-1]
        rest, name = text[start : last.start()], text[last.end() :]
        if len(name.split()) <= 4 and len(rest.split()) >= max(3, len(name.split()) + 1):
            end = last.start()
    return text[start:end].strip(_EDGE) or text


def _tidy(text: str) -> str:
    return clean(text[: MAX_TITLE * 2])[:MAX_TITLE]


def alike(one: str, other: str) -> bool:
    """Tell whether two texts are one headline: equal but for quotes, cuts and a label, or most of their words shared."""
    first, second = _plain(one), _plain(other)
    if not first or not second:
        return False
    shorter, longer = sorted((len(first), len(second)))
    if first == second or (shorter > 12 and shorter > 0.55 * longer and (first in second or second in first)):
        return True
    # cut with dots: «وزير الصحة يعلن…»
    if shorter > 12 and (_CUT.search(one) or _CUT.search(other)) and (first.startswith(second) or second.startswith(first)):
        return True
    words, others = set(first.split()), set(second.split())
    return len(words & others) >= 0.7 * max(len(words), len(others))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", fold(_CUT.sub("", text))).split())


def _shares_words(one: str, other: str) -> bool:
    return len(set(_plain(one).split()) & set(_plain(other).split())) >= 3


def _better(shown: str, said: str, all_said: Iterable[str]) -> str:
    """Choose between the headline as shown and as said: the shown one, unless something beside the headline stands in it."""
    if _CUT.search(shown) and not _CUT.search(said):
        return said
    first, second = _plain(shown), _plain(said)
    if first != second and second in first and len(second) > 12 and not _CUT.search(said):
        # the label of a section, or a kicker above the headline, inside the h1
        agreeing = sum(1 for text in all_said if _plain(text) == second)
        return said if agreeing >= 1 else shown
    return shown


# -- flags ----------------------------------------------------------------------------------


@cache
def _flags() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, tuple[str, ...]]]:
    table: dict[str, tuple[str, ...]] = {}
    for line in files("aggregator.extract").joinpath("data/flags.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            flags, wording = line.split("\t")
            table[fold(wording)] = tuple(flags.split())
    wordings = "|".join(sorted((_spelled(wording) for wording in table), key=len, reverse=True))
    start = re.compile(
        rf"^\W{{0,3}}?(?:[(\[{{«\"]\s*(?P<a>{wordings})\s*[)\]}}»\"]\s*[:/|\-–—.…!]*|(?P<b>{wordings})\s*(?:[/\\:|!»]+|\.{{2,}}|(?<=[a-z])\.(?=\s)|…|\s[-–—]+(?=\s)|[-–—](?=\s))[\s.…:/|!\-–—]*)\s*",
        re.I,
    )
    end = re.compile(
        rf"\s*(?:[(\[{{«]\s*\+?\s*(?P<a>{wordings})\s*[)\]}}»]|(?:[|/+]|\.{{2,}}|…|\s[-–—])\s*[(+]?\s*(?P<b>{wordings})\)?)\s*[.!]*$", re.I
    )
    return start, end, table


def _spelled(folded: str) -> str:
    """Write a folded wording as an expression for its spellings."""
    letters = {"ا": "[اأإآ]", "ي": "[يىئ]", "ه": "[هة]", "و": "[وؤ]", "e": "[eéè]", "a": "[aà]", " ": r"\s+", "+": r"\+"}
    return "".join(letters.get(letter, letter) + ("[\u064b-\u0652]?" if letter > "\u0600" else "") for letter in folded)


def split_flags(text: str) -> tuple[str, tuple[str, ...]]:
    """Take the newsroom's tags off a headline.

    >>> split_flags("عاجل/ بالفيديو.. زلزال يضرب شمال البلاد (صور)")
    ('زلزال يضرب شمال البلاد', ('breaking', 'video', 'photos'))
    >>> split_flags("شاهد عيان يروي ما حدث")
    ('شاهد عيان يروي ما حدث', ())
    """
    start, end, table = _flags()
    found: list[str] = []
    behind: list[str] = []
    for _ in range(4):
        match = start.match(text) or end.search(text)
        if match is None:
            break
        rest = text[match.end() :] if match.start() == 0 else text[: match.start()]
        if len(rest.split()) < 2:
            break
        wording = fold(match["a"] or match["b"])
        (found if match.start() == 0 else behind).extend(table.get(" ".join(wording.split()), ()))
        text = rest.strip()
    return text, tuple(dict.fromkeys(found + behind))


def _finish(text: str, element: Element | None) -> Headline:
    text, flags = split_flags(_CUT_MARK.sub("", text).strip())
    return Headline(text, flags, element)


_CUT_MARK = re.compile(r"^[\u202a-\u202e\s]+")
