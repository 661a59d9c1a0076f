"""The last step for all HTML from outside: what remains can be shown, and its text read.

`sanitize` lets through text, structure, links and pictures (nh3, a mature allow-list
sanitiser); `plain` gives a fragment's text. Neither trusts its input in any way.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from html import escape
from urllib.parse import urljoin, urlsplit

import nh3

from aggregator.arabic.fold import clean
from aggregator.extract.entities import unescape

MAX_CHARACTERS = 2_000_000

_BLOCKS = {
    "address", "article", "aside", "blockquote", "caption", "center", "dd", "details", "dir", "div", "dl", "dt", "figcaption", "figure",
    "footer", "form", "fieldset", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "nav", "ol", "option", "p",
    "pre", "section", "select", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
}  # fmt: skip
_CELLS = {"td", "th"}
_ALLOWED = {
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div", "dl", "dt", "em", "figcaption",
    "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s",
    "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "wbr",
}  # fmt: skip
# what stands inside these is never text for a reader; for the parser of nh3 much of it is raw text that would come out as characters
_DROPPED = {
    "applet", "audio", "button", "canvas", "datalist", "embed", "frame", "frameset", "head", "iframe", "input", "map", "math", "noembed",
    "noframes", "noscript", "object", "optgroup", "option", "plaintext", "script", "select", "style", "svg", "template", "textarea", "title",
    "video", "xmp",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_ADDRESSES = {("a", "href"), ("img", "src")}
_SCHEMES = {"http", "https", "mailto"}
_DIRECTIONS = {"ltr", "rtl", "auto"}

# a player in a frame becomes a link to its video: no frame is let through, and the reader still finds the video
_FRAME = re.compile(r"<iframe\b[^<>]{0,2000}?\bsrc\s*=\s*[\"']?([^\"'\s<>]{1,1000})[^<>]{0,2000}>", re.I)
_PLAYERS = (
    (re.compile(r"(?:https?:)?//(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{5,20})", re.I), "https://www.youtube.com/watch?v="),
    (re.compile(r"(?:https?:)?//player\.vimeo\.com/video/(\d{4,12})", re.I), "https://vimeo.com/"),
    (re.compile(r"(?:https?:)?//(?:www\.)?dailymotion\.com/embed/video/(\w{4,12})", re.I), "https://www.dailymotion.com/video/"),
)
VIDEO_SIGN = "▶"

_IMAGE = re.compile(r"<img\b[^<>]{0,8000}>", re.I)
_LAZY = re.compile(r"\bdata-(?:lazy-src|src|original|lazy|orig-file|img-src|full-src|large_image)\s*=\s*(\"[^\"]+\"|'[^']+')", re.I)
_SOURCE = re.compile(r"(?<![\w-])src\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.I)
# nh3 writes every attribute in double quotes and escapes < > " in them, so these can't be led astray
_CLEAN_IMAGE = re.compile(r"<img((?: [a-z]+=\"[^\"]*\")*)>")
_PIXEL = re.compile(r' (?:width|height)="[012]"')
_EMPTY = re.compile(r"<(a|b|em|i|p|span|strong|u|h[2-6]|li|div|figure|figcaption|blockquote)(?: [a-z]+=\"[^\"]*\")*>\s*</\1>")


def sanitize(html: str, base: str) -> str:
    """Give HTML that is safe to show: an allow-list of tags, absolute http(s) and mailto addresses, nothing that runs.

    Scripts, styles, forms, frames, SVG, event handlers, ``javascript:`` and ``data:`` addresses never
    survive. A link or picture whose address is not absolute after joining with ``base`` loses it;
    a picture without an address, and a tracking pixel, go. Input beyond `MAX_CHARACTERS` is cut.

    >>> sanitize('<p onclick="x()">خبر <a href="/a">هنا</a><script>x</script>', "https://example.org/b")
    '<p>خبر <a href="https://example.org/a" rel="noopener noreferrer nofollow">هنا</a></p>'
    """
    html = html[:MAX_CHARACTERS]
    if "<" not in html and "&" not in html:
        return escape(clean_keeping_lines(html), quote=False)
    html = _IMAGE.sub(_unlazy, _FRAME.sub(_player, html))
    cleaned = nh3.clean(
        clean_keeping_lines(html),
        tags=_ALLOWED,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter(base),
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    cleaned = _CLEAN_IMAGE.sub(_keep_image, cleaned)
    return _EMPTY.sub("", _EMPTY.sub("", cleaned)).strip()


_CONTROLS = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufeff\ufffe\uffff\ud800-\udfff\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def clean_keeping_lines(html: str) -> str:
    """Remove control, bidi and broken characters from HTML, white space untouched."""
    return html if "".join(html.split("\n")).isprintable() else _CONTROLS.sub("", html)


def absolute(address: str, base: str) -> str:
    r"""Give an address joined with its page's, or "" where that is no http(s) or mailto address.

    >>> absolute("//cdn.example.org/a.jpg", "https://example.org/"), absolute("java\\nscript:x", "https://example.org/")
    ('https://cdn.example.org/a.jpg', '')
    """
    address = "".join(character for character in address if character > " " or character == " ").strip()
    if not address or len(address) > 4000:
        return ""
    try:
        joined = urljoin(base, address.replace(" ", "%20"))
        parts = urlsplit(joined)
    except ValueError:
        return ""
    if parts.scheme not in _SCHEMES or (parts.scheme != "mailto" and not parts.netloc):
        return ""
    return joined


def _filter(base: str) -> Callable[[str, str, str], str | None]:
    def check(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) in _ADDRESSES:
            return absolute(value, base) or None
        if attribute in ("width", "height", "colspan", "rowspan", "start"):
            return value if value.isascii() and value.isdigit() and len(value) < 6 else None
        if attribute == "dir":
            return value.lower() if value.lower() in _DIRECTIONS else None
        return value

    return check


def _player(match: re.Match[str]) -> str:
    for pattern, address in _PLAYERS:
        found = pattern.match(unescape(match[1]))
        if found:
            return f'<p><a href="{address}{found[1]}">{VIDEO_SIGN}</a></p>{match[0]}'
    return match[0]


def _unlazy(match: re.Match[str]) -> str:
    """Put a lazily loaded picture's real address where an eager one has it."""
    lazy = _LAZY.search(match[0])
    if lazy is None:
        return match[0]
    real = f"src={lazy[1]}"
    without = _SOURCE.sub("", match[0])
    return without[:4] + " " + real + " " + without[4:]


def _keep_image(match: re.Match[str]) -> str:
    return match[0] if ' src="http' in match[1] and not _PIXEL.search(match[1]) else ""


# -- text -----------------------------------------------------------------------------------

_INLINE = {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}  # fmt: skip
_STRUCTURE = nh3.Cleaner(
    tags=(_BLOCKS - {"form", "option", "select"}) | _CELLS | _INLINE | {"br"}, clean_content_tags=_DROPPED, attributes={}, link_rel=None
)
_RUN = re.compile(r"(?:</?[a-z0-9]+(?: [a-z-]+=\"[^\"]*\")*>\s*)+")
_TAG = re.compile(r"<(/?)([a-z0-9]+)")
_GLUED = {"sub", "sup", "wbr"}
# «و<a>المغرب</a>»: what Arabic writes together with the next word stays with it; «<b>المغرب</b>ية» likewise
_CLITIC = re.compile(r"(?:^|[^\w\u064b-\u0652])[وفبلكس]?(?:[وفبلكس]|ال|لل|بال|كال|فال|وال)$")
_SUFFIX = re.compile(r"(?:ي|ية|يا|يين|يون|ه|ها|هم|هن|هما|نا|ات|ان|ين|ون|ة|ا|اً|ًا|كم)(?![\w\u064b-\u0652])")
_ARABIC = re.compile("[\u0621-\u064a\u0671-\u06d3\u06fa-\u06ff]")


def plain(html: str) -> str:
    r"""Give a fragment's text: NFC, paragraphs separated by a blank line, a single ``<br>`` as a line break.

    Words of neighbouring inline elements stay separate words, save for what Arabic writes
    together («و» before a linked name).

    >>> plain("<p><span>الولايات</span><span>المتحدة</span></p><div>ثان<br><br>ثالث")
    'الولايات المتحدة\\n\\nثان\\n\\nثالث'
    """
    html = html[:MAX_CHARACTERS]
    if "<" not in html:
        return clean(unescape(html), lines=True)
    return text_of(_STRUCTURE.clean(html))


def text_of(clean_html: str) -> str:
    """Give the text of HTML that nh3 has written (see `plain`)."""
    out: list[str] = []
    at = 0
    for run in _RUN.finditer(clean_html):
        text = clean_html[at : run.start()]
        out.append(_spaced(text))
        out.append(_boundary(run[0], text, clean_html, run.end()))
        at = run.end()
    out.append(_spaced(clean_html[at:]))
    paragraphs = "".join(out).split("\0")
    kept = (_lines(paragraph) for paragraph in paragraphs)
    return "\n\n".join(paragraph for paragraph in kept if paragraph and paragraph != VIDEO_SIGN)


_WHITE = re.compile(r"\s+")


def _spaced(text: str) -> str:
    # all white space but the plain space counts as not printable
    return text if text.isprintable() and "  " not in text else _WHITE.sub(" ", text)


def _lines(paragraph: str) -> str:
    lines = (clean(unescape(line)) for line in paragraph.split("\1"))
    return "\n".join(line for line in lines if line)


def _boundary(run: str, before: str, html: str, end: int) -> str:
    """Say what a run of tags means for the text: NUL a new paragraph, SOH a line break, a space, or nothing."""
    tags = _TAG.findall(run)
    names = {name for _, name in tags}
    if names & _BLOCKS:
        return "\0"
    breaks = sum(1 for _, name in tags if name == "br")
    if breaks:
        return "\0" if breaks > 1 else "\1"
    if names & _CELLS or run[-1].isspace() or _WHITE.search(run):
        return " "
    if names <= _GLUED:
        return ""
    left, right = before[-1:], html[end : end + 1]
    if not (left.isalnum() and right.isalnum()) or names & _GLUED:
        return ""
    if _ARABIC.match(left) and _ARABIC.match(right):
        return "" if _CLITIC.search(before[-12:]) or (tags[-1][0] and _SUFFIX.match(html, end)) else " "
    closes_then_opens = any(first[0] and not second[0] for first, second in itertools.pairwise(tags))
    return " " if closes_then_opens else ""
