"""The article's own picture: the largest, and never a logo, avatar, tracker or a site's default."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aggregator.arabic.fold import clean
from aggregator.extract.addresses import host
from aggregator.extract.jsonld import Linked
from aggregator.extract.page import Element, Page, names_of, text_of, xpath

_WIDE = 120  # pixels: what is narrower is an icon or a face
_IMAGES = xpath(".//img | .//amp-img | .//source[@srcset]")
_NO_PICTURE = re.compile(
    r"(?:^|[/_.-])(?:logos?|logo\w{0,8}|avatars?|gravatar|favicon\w*|sprites?|placeholder\w*|blank|spacer|transparent|pixel|px|1x1|default\w*|no-?(?:image|photo|img|pic|thumb)\w*|loading|loader|lazy\w*|icons?|ico|emojis?"
    r"|smil(?:ey|ies)\w*|buttons?|btn|banners?|adserver|adverts?|ads|pubs?|tracking|tracker|counter|stats?|captcha|share-?(?:image|default)|social-?(?:share|default)|og-?(?:image|default)|site-?(?:image|logo)|apple-touch\w*"
    r"|cropped-\w*logo|watermark|whatsapp|telegram|rss|author\w*|writers?|users?|profiles?|reporters?|feed-?icon|badge|googleplay|appstore|app-?store|play-?store|qr-?code)(?:[/_.-]|\d*$)",
    re.I,
)  # fmt: skip
_NO_PLACE = re.compile(
    r"(?<![a-z])(?:logo|avatar|author\w*|related\w*|sidebar|widget\w*|comments?|share|social\w*|icon|advert\w*|ads?|banner\w*|recommended|popular|footer|nav\w*|menu|bio|emoji)(?![a-z])",
    re.I,
)
_TRACKERS = re.compile(
    r"(?:doubleclick|googlesyndication|google-analytics|facebook\.com/tr|pixel\.|scorecardresearch|gravatar\.com|quantserve|adnxs|feedburner|/wp-includes/images/|s\.w\.org/images/core/emoji)",
    re.I,
)
_SIZED = re.compile(r"(?:-\d{2,4}x\d{2,4}|[-_](?:thumb(?:nail)?|small|medium|large|scaled|cropped|s|m|l|xl))+(?=\.\w{3,4}$)", re.I)
_DIMENSIONS = re.compile(r"[-_/](\d{2,4})x(\d{2,4})(?=[-_./]|$)")
_LAZY = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-orig-file",
    "data-lazy",
    "data-large_image",
    "data-full-src",
    "data-img-src",
    "data-image",
    "data-hi-res-src",
    "src",
)
_DIGITS = 9  # of a width: four hundred are infinity
_SRCSETS = ("data-srcset", "data-lazy-srcset", "srcset")
_CREDIT = re.compile(r"(?:صورة|الصورة|تصوير|عدسة|المصدر|أرشيف|crédit|credit|photo|©|\(c\))\s*(?:photo|صورة)?\s*[:/©-]*\s*(.{2,60})", re.I)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be the article's, and its width where it is known (pixels, 0: unknown)."""

    address: str
    width: int = 0
    credit: str = ""


def choose(
    page: Page, linked: Linked, container: Element | None, heading: Element | None, *, shared: frozenset[str] = frozenset()
) -> Picture:
    """Choose the article's picture: what the page declares, unless it is a default, else the largest shown with the text.

    ``shared`` holds addresses that many articles of the site declare, which makes them its defaults.
    """
    logos = {page.absolute(address) for address in linked.logos}
    known = [
        picture
        for picture in declared(page, linked)
        if is_picture(picture.address) and picture.address not in logos and picture.address not in shared
    ]
    shown = [picture for picture in _shown(page, container, heading) if picture.address not in shared and picture.address not in logos]
    if known:
        first = known[0]
        same = [picture for picture in [*known, *shown] if stem(picture.address) == stem(first.address)]
        best = max(same, key=_size)
        credit = next((picture.credit for picture in same if picture.credit), "")
        return Picture(best.address, best.width, credit)
    return max(shown, key=_size, default=Picture("")) if shown else Picture("")


def declared(page: Page, linked: Linked) -> Iterator[Picture]:
    """Give the pictures that a page's head names as its own."""
    head = page.head
    width = head.first("og:image:width")
    for address in head.values("og:image:secure_url", "og:image", "og:image:url"):
        yield Picture(page.absolute(address), int(width) if width.isdecimal() and len(width) < 6 else 0)
    for address in (
        *linked.images,
        *head.values(
            "twitter:image", "twitter:image:src", "image", "thumbnail", "thumbnailurl", "parsely-image-url", "sailthru.image.full"
        ),
        head.link("image_src"),
    ):
        if address:
            yield Picture(page.absolute(address))


def _size(picture: Picture) -> int:
    if picture.width:
        return picture.width
    named = _DIMENSIONS.search(picture.address)
    if named:
        return int(named[1])
    # an address without a size in it is of the original
    return 800 if _SIZED.search(urlsplit(picture.address).path) is None else 300


def stem(address: str) -> str:
    """Give what is common to the sizes in which one picture is kept."""
    parts = urlsplit(address)
    return host(address) + _SIZED.sub("", unquote(parts.path)).lower()


def is_picture(address: str) -> bool:
    """Tell whether an address can be an article's picture, by what it is called.

    >>> is_picture("https://a.example/2025/01/port.jpg"), is_picture("https://a.example/img/logo-ar.png")
    (True, False)
    """
    if not address.startswith(("http://", "https://")) or _TRACKERS.search(address):
        return False
    path = unquote(urlsplit(address).path)
    name = path.rsplit("/", 1)[-1]
    if name.lower().endswith((".svg", ".ico", ".js", ".css", ".html", ".php")) and not urlsplit(address).query:
        return False
    # only the last two folders: /users/…/uploads/ and the like stand higher up
    return not _NO_PICTURE.search("/" + name) and not re.search(
        r"/(?:logos?|avatars?|icons?|sprites?|smilies|emoji|ads|banners?|flags?)/", path, re.I
    )


def _shown(page: Page, container: Element | None, heading: Element | None) -> Iterator[Picture]:
    places = [place for place in (container, _lead(container, heading)) if place is not None]
    seen = set()
    for place in reversed(places):
        for element in _IMAGES(place)[:60]:
            picture = of_element(page, element)
            if picture.address and picture.address not in seen and is_picture(picture.address) and _is_placed(element, place):
                seen.add(picture.address)
                yield picture


def _lead(container: Element | None, heading: Element | None) -> Element | None:
    """Give the part of the page that holds both headline and text: the picture often stands between them."""
    if container is None or heading is None:
        return None
    above = set(container.iterancestors())
    return next((ancestor for ancestor in heading.iterancestors() if ancestor in above and ancestor.tag not in ("body", "html")), None)


def _is_placed(element: Element, top: Element) -> bool:
    at: Element | None = element
    for _ in range(6):
        if at is None or at is top:
            return True
        if at.tag in ("nav", "footer", "aside") or _NO_PLACE.search(names_of(at)):
            return False
        at = at.getparent()
    return True


def of_element(page: Page, element: Element) -> Picture:
    """Give the picture that an ``img`` shows, its largest version, lazy loading and ``srcset`` understood; empty if it is an icon."""
    width, height = _pixels(element.get("width")), _pixels(element.get("height"))
    if 0 < width < _WIDE or 0 < height < 60:
        return Picture("")
    best, best_width = "", 0
    for attribute in _SRCSETS:
        for address, size in parse_srcset(element.get(attribute) or ""):
            if size > best_width:
                best, best_width = address, size
    if not best:
        best = next(
            (
                value
                for value in (element.get(attribute) for attribute in _LAZY)
                if value and not value.startswith("data:") and is_picture(page.absolute(value))
            ),
            "",
        )
    return Picture(page.absolute(best), max(best_width, width), _credit(element))


def _pixels(value: str | None) -> int:
    match = re.match(r"\s*(\d{1,5})", value or "")
    return int(match[1]) if match else 0


def parse_srcset(value: str) -> list[tuple[str, int]]:
    """Give the addresses of a ``srcset`` with their widths (a density x counts as x hundred).

    >>> parse_srcset("/a,b.jpg 300w, /c.jpg 1024w")
    [('/a,b.jpg', 300), ('/c.jpg', 1024)]
    """
    found = []
    for match in re.finditer(r"([^\s,]\S*[^\s,]|[^\s,])(?:\s+(\d+(?:\.\d+)?)([wx]))?\s*(?:,|$)", value[:20_000]):
        size = float((match[2] or "1")[:_DIGITS]) * (1 if match[3] == "w" else 100)
        found.append((match[1], int(size)))
    return found


def _credit(element: Element) -> str:
    figure = next(
        (
            ancestor
            for ancestor in list(element.iterancestors())[:4]
            if ancestor.tag == "figure" or "caption" in (ancestor.get("class") or "")
        ),
        None,
    )
    if figure is None:
        return ""
    caption = figure.find(".//figcaption")
    if caption is None:
        caption = next((child for child in figure.iter() if "caption" in (child.get("class") or "") and child is not figure), None)
    if caption is None:
        return ""
    match = _CREDIT.search(clean(text_of(caption)[:300]))
    return match[1].strip(" .-|()") if match else ""


_OG = re.compile(
    rb"<meta[^>]{0,200}?(?:property|name)=[\"']og:image[\"'][^>]{0,200}?content=[\"']([^\"']{8,600})|<meta[^>]{0,200}?content=[\"']([^\"']{8,600})[\"'][^>]{0,100}?(?:property|name)=[\"']og:image[\"']",
    re.I,
)


def declared_in(html: bytes) -> str:
    """Give the picture that a page declares, found without parsing it: for counting over many pages."""
    match = _OG.search(html[:200_000])
    return (match[1] or match[2]).decode("utf-8", "replace").strip().replace("&amp;", "&") if match else ""


def shared_by_many(pictures: Iterable[str], *, least: int = 3) -> frozenset[str]:
    """Give the pictures that at least so many pages declare: a site's default, no article's own."""
    counts = Counter(picture for picture in pictures if picture)
    return frozenset(picture for picture, count in counts.items() if count >= least)
