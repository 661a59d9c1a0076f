"""Choose an entry's picture among everything that a feed says about pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aggregator.extract.entities import unescape
from aggregator.extract.sanitize import absolute

_NOT_A_PICTURE = re.compile(
    r"gravatar\.|/avatars?[/_.-]|[/_-]avatar[/_.-]|/emoji/|images/core/emoji|/smilies/|feedburner|feedsportal|doubleclick|googlesyndication|/pixel|pixel\.|[/_-]1x1[/_.-]"
    r"|/1x1\.|spacer\.|blank\.(?:gif|png)|transparent\.(?:gif|png)|tracker|tracking|/beacon|stats\.wordpress|/b\.gif|wp-includes/|/favicon|[/_-]icons?[/_.-]"
    r"|/share[/_-]|share-?buttons?|/ad[sx]?/|(?:^|[/_-])logo(?:[/_.-]|$)|addtoany|facebook\.com/tr|scorecardresearch|loading\.(?:gif|svg)|placeholder|author[-_]?(?:photo|image|pic)",
    re.IGNORECASE,
)
_OTHER_MEDIA = re.compile(r"\.(?:mp3|mp4|m4a|m4v|ogg|ogv|webm|wav|flv|avi|mov|pdf|docx?|zip|m3u8|js|css)(?:[?#]|$)", re.IGNORECASE)
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|bmp|jfif)(?:[?#!/:]|$)", re.IGNORECASE)
_SIZE_IN_NAME = re.compile(r"[-_/](\d{2,4})x(\d{2,4})(?=[-_./]|$)")
_IMAGE = re.compile(r"<img\b([^<>]{1,8000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_CLASS = re.compile(r"avatar|emoji|smiley|logo|tracker|wp-smiley|icon", re.IGNORECASE)
_SRCSET = re.compile(r"(\S+)\s+(\d{1,7}(?:\.\d{1,9})?)([wx])")
# a size that nobody states: what such a picture has as a rule, so that a stated one can be compared with it
_USUAL = {"media": 640 * 400, "enclosure": 640 * 400, "entry": 600 * 400, "content": 500 * 320, "thumbnail": 150 * 150}
_TINY = 40
_MAX_IMAGES = 30


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that an entry names; 0 is an unknown size. ``role`` is a key of the table of usual sizes."""

    address: str
    role: str
    width: int = 0
    height: int = 0
    type: str = ""

    @property
    def area(self) -> int:
        """Give the stated area, or what such a picture has as a rule."""
        width, height = self.width, self.height
        if not (width and height):
            named = _SIZE_IN_NAME.search(self.address)
            if named:
                return int(named[1]) * int(named[2])
            if width or height:
                return int((width or height) ** 2 / 1.6)
            return _USUAL[self.role]
        return width * height


def largest(pictures: Iterable[Picture], base: str, not_these: frozenset[str] = frozenset()) -> str:
    """Give the absolute address of the largest real picture, or "".

    Avatars, trackers, emoji, share buttons and logos don't count, nor does what stands in
    ``not_these`` (the channel's own logo). Of equals the first wins.
    """
    best, area = "", 0
    for picture in pictures:
        if picture.area <= area or not _is_picture(picture):
            continue
        address = absolute(picture.address.strip(), base)
        if address.startswith("http") and address not in not_these:
            best, area = address, picture.area
    return best


def _is_picture(picture: Picture) -> bool:
    address = picture.address
    if not address or len(address) > 4000 or 0 < picture.width <= _TINY or 0 < picture.height <= _TINY:
        return False
    if (
        picture.type
        and not picture.type.startswith("image")
        and not (picture.type.startswith("application/octet") and _PICTURE_FILE.search(address))
    ):
        return False
    return not (_NOT_A_PICTURE.search(address) or _OTHER_MEDIA.search(address))


def is_picture_file(address: str) -> bool:
    """Tell whether an address ends like a picture's."""
    return _PICTURE_FILE.search(address) is not None


def in_html(html: str) -> Iterator[Picture]:
    """Yield the pictures of an HTML fragment, lazily loaded ones and the largest of a ``srcset`` included."""
    for count, found in enumerate(_IMAGE.finditer(html)):
        if count >= _MAX_IMAGES:
            return
        picture = _of_tag(found[1])
        if picture:
            yield picture


def _of_tag(inside: str) -> Picture | None:
    attributes = {name.lower(): unescape(double or single or bare) for name, double, single, bare in _ATTRIBUTE.findall(inside)}
    if _CLASS.search(attributes.get("class", "")):
        return None
    width, height = number(attributes.get("width", "")), number(attributes.get("height", ""))
    wide = _widest(attributes.get("data-srcset") or attributes.get("srcset", ""))
    if wide and wide[1] > width:
        return Picture(wide[0], "content", wide[1], int(wide[1] * height / width) if width and height else 0)
    lazy = (
        attributes.get(name, "")
        for name in ("data-orig-file", "data-large-file", "data-lazy-src", "data-src", "data-original", "data-lazy")
    )
    address = next(filter(None, lazy), "") or attributes.get("src", "")
    return Picture(address, "content", width, height) if address and not address.startswith("data:") else None


def _widest(srcset: str) -> tuple[str, int] | None:
    widths = [(address.lstrip(","), int(float(size))) for address, size, unit in _SRCSET.findall(srcset[:8000]) if unit == "w"]
    return max(widths, key=lambda pair: pair[1], default=None)


def number(text: str) -> int:
    """Read a width or height, which may end in ``px``; 0 for what is none.

    >>> number("640px"), number("100%"), number("big")
    (640, 0, 0)
    """
    digits = text.strip().removesuffix("px").strip()
    return min(int(digits), 20_000) if digits.isascii() and digits.isdigit() and len(digits) < 7 else 0
