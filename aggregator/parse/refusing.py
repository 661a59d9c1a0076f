"""Say why a document is no feed, so that a person knows what to do about it."""

from __future__ import annotations

import re

from aggregator.errors import DocumentError
from aggregator.parse import text as texts
from aggregator.parse.shape import Shape

_CHALLENGE = re.compile(
    r"cf-browser-verification|cf_chl_|challenge-platform|cdn-cgi/challenge|<title>\s*Just a moment|Attention Required! \| Cloudflare|captcha-delivery"
    r"|datadome|px-captcha|_Incapsula_Resource|Incapsula incident|g-recaptcha|h-captcha|hcaptcha\.com|recaptcha/api|cf-turnstile|ddos-guard"
    r"|sucuri_cloudproxy|sgcaptcha|aws-waf-token|awswaf|Checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|are you a robot"
    r"|Pardon Our Interruption|Access Denied.{0,300}Reference #|بصدد التحقق من أنك|تحقق من أنك إنسان|أثبت أنك لست روبوت",
    re.IGNORECASE | re.DOTALL,
)
_ONLY_SCRIPT = re.compile(
    r"<script\b.*(?:document\.cookie|location\.(?:reload|href|replace)|window\.location).*</script>", re.IGNORECASE | re.DOTALL
)
_SCRIPTS = re.compile(r"<(script|style|noscript)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.{0,500}?)</title>", re.IGNORECASE | re.DOTALL)
_MAGIC = (
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a ZIP file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
)
_LOOKED_AT = 60_000


def refusal(shape: Shape, text: str, base: str) -> DocumentError:
    """Give the error for a document that no reader takes: ``blocked`` for an anti-bot page, else ``not_a_feed``."""
    if shape.kind == "html":
        return _page(text, base)
    if shape.kind == "xml":
        return DocumentError("not_a_feed", f"the document is XML, but no feed: its root element is <{shape.root[:60]}>")
    start = text[:20].encode("utf-8", "replace")
    for magic, what in _MAGIC:
        if magic in start or magic[:4] in start.replace("\ufffd".encode(), b""):
            return DocumentError("not_a_feed", f"the document is {what}, not a feed")
    return DocumentError(
        "not_a_feed", f"the document is neither XML, JSON nor HTML; it begins {texts.shorten(texts.line(text[:300]), 60)!r}"
    )


def _page(text: str, base: str) -> DocumentError:
    if is_challenge(text):
        return DocumentError("blocked", "the server answers with a check for robots in the place of the feed")
    from aggregator.parse.discover import declared_feeds

    found = _TITLE.search(text[:_LOOKED_AT])
    title = f" («{texts.line(found[1], 80)}»)" if found and found[1].strip() else ""
    feeds = declared_feeds(text, base)
    if feeds:
        return DocumentError("not_a_feed", f"the document is a web page{title}, not a feed; it links to {', '.join(feeds[:3])}")
    return DocumentError("not_a_feed", f"the document is a web page{title}, not a feed; it links to none")


def is_challenge(text: str) -> bool:
    """Tell whether a page is an anti-bot check: its marks, and hardly any text beside them."""
    if len(text) > _LOOKED_AT * 4:
        return False
    start = text[:_LOOKED_AT]
    words = len(texts.paragraphs(_SCRIPTS.sub(" ", start)).split())
    if _CHALLENGE.search(start):
        return words < 150
    return words < 12 and bool(_ONLY_SCRIPT.search(start))
