"""Knows an anti-bot page: a challenge or captcha in the place of a feed or article. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

MARKS = re.compile(
    rb"cf-browser-verification|cf_chl_|challenge-platform|cdn-cgi/challenge|<title>\s*Just a moment|Attention Required! \| Cloudflare|"
    rb"captcha-delivery|datadome|px-captcha|_pxhd|_Incapsula_Resource|Incapsula incident|g-recaptcha|h-captcha|hcaptcha\.com|"
    rb"recaptcha/api|cf-turnstile|ddos-guard|sucuri_cloudproxy|sgcaptcha|aws-waf-token|awswaf|Checking your browser|"
    rb"Please enable JavaScript and cookies|verify you are (?:a )?human|Access Denied.{0,200}Reference #|Pardon Our Interruption",
    re.IGNORECASE | re.DOTALL,
)
# a page that is nothing but a script that reloads it or sets a cookie
SCRIPT_ONLY = re.compile(rb"\A\s*(?:<!doctype[^>]*>\s*)?<html[^>]*>\s*(?:<head[^>]*>.{0,400})?<script[^>]*>.{0,20000}(?:document\.cookie|location\.(?:reload|href|replace)).{0,20000}</script>", re.IGNORECASE | re.DOTALL)
LOOKED_AT = 60_000


def is_challenge(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer is an anti-bot page.

    With 200 only a page counts, never a feed, and never a long page that merely embeds a captcha in a comment form.
    """
    if "challenge" in headers.get("cf-mitigated", "").lower():
        return True
    start = body[:LOOKED_AT]
    head = start[:600].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"{", b"<urlset", b"<sitemapindex")):
        return False
    if status in (403, 429, 503, 401, 405):
        return bool(MARKS.search(start)) or (b"<script" in start.lower() and b"<html" in head and len(body) < 20_000 and status == 403)
    if status != 200 or len(body) > LOOKED_AT:
        return False
    return bool(SCRIPT_ONLY.search(start)) or (bool(MARKS.search(start)) and start.count(b"<p") < 4)
