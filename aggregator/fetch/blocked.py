"""Knows an anti-bot page: a challenge or captcha in the place of a feed or article. Pure.

It is a failure of its own, because what helps is not what helps a broken feed: the outlet has to let Mujaz through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# written by the services into the pages they put in the way; each is found in its service's own markup
MARKS = re.compile(
    rb"cf-browser-verification|cf_chl_|challenge-platform|cdn-cgi/challenge|<title>\s*Just a moment|Attention Required! \| Cloudflare|"
    rb"cf-error-details|captcha-delivery|datadome|px-captcha|_pxhd|_Incapsula_Resource|Incapsula incident|g-recaptcha|h-captcha|hcaptcha\.com|"
    rb"recaptcha/api|cf-turnstile|challenges\.cloudflare|ddos-guard|sucuri_cloudproxy|sgcaptcha|aws-waf-token|awswaf|geo\.captcha|"
    rb"friendlycaptcha|anubis_challenge|_guard/html|Checking (?:your browser|if the site connection is secure)|Making sure you.{1,6}re not a bot|"
    rb"Please enable JavaScript and cookies|verify(?:ing)? (?:that )?you are (?:a )?human|are you a robot|unusual traffic from your|"
    rb"Access Denied.{0,300}Reference #|Pardon Our Interruption|Request unsuccessful\. Incapsula",
    re.IGNORECASE | re.DOTALL,
)
MARKS_IN_ARABIC = re.compile("التحقق من أنك|أنك إنسان|لست روبوت|جار[يٍ]? التحقق من المتصفح|تمكين (?:جافا ?سكريبت|JavaScript)".encode())
_SCRIPTS = re.compile(rb"<(script|style|noscript|head)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(rb"<[^>]{0,2000}>")
# a script that makes the browser come again, with a cookie or by another address
_RELOADS = re.compile(
    rb"<script\b.{0,40000}?(?:document\.cookie|location\.(?:reload|href|replace)|window\.location|location\s*=)", re.IGNORECASE | re.DOTALL
)
_NO_PAGE = (b"<?xml", b"<rss", b"<feed", b"<rdf", b"{", b"[", b"<urlset", b"<sitemapindex")
# header -> what it holds when a service stopped the request
HEADERS = {"cf-mitigated": "challenge", "x-amzn-waf-action": "", "x-sucuri-block": "", "x-datadome-cid": "", "x-px-block": ""}
REFUSALS = (202, 401, 403, 405, 406, 429, 503)
LOOKED_AT = 60_000
FEW_WORDS, MANY_WORDS = 12, 150


def is_challenge(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer is an anti-bot page.

    With 200 only a page counts, never a feed, and never a page with much text, which may hold a captcha in its comment form.
    """
    if any(name in headers and holds in headers[name].lower() for name, holds in HEADERS.items()) and (
        status != 200 or "cf-mitigated" in headers
    ):
        return True
    start = body[:LOOKED_AT]
    head = start[:600].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(_NO_PAGE) and b"<html" not in head:
        return False
    marked = bool(MARKS.search(start) or MARKS_IN_ARABIC.search(start))
    if status in REFUSALS:
        # a refusal that is a page with a script: a person's browser would be let through
        return marked or (status in (403, 202) and b"<script" in start.lower() and len(body) < 20_000)
    if status not in (200, 203) or len(body) > LOOKED_AT or b"<" not in head:
        return False
    if not marked and not _RELOADS.search(start):
        return False
    words = len(_TAGS.sub(b" ", _SCRIPTS.sub(b" ", start)).split())
    return words < (MANY_WORDS if marked else FEW_WORDS)
