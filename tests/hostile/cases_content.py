"""Content: dates, scripts, letters that play tricks, pages that stand in a robot's way."""

from __future__ import annotations

import re
import unicodedata

from tests.hostile.case import Case, Group, Seen, brings, either, fails
from tests.hostile.say import HTML, answer, bare, entry, rss

# -- dates --


def dated(name: str, when: str, check=None) -> Case:  # type: ignore[no-untyped-def]
    return brings(f"date-{name}", answer(rss(entry(name, 1, date=when), entry(name, 2))), 2, check)


def no_later_than_now(seen: Seen) -> None:
    """Nothing sorts above what is really new, and nothing claims to be from another age."""
    for item in seen.items:
        assert item["published"] is None or item["published"][:4] in ("2025", "2026", "2027"), item["published"]


DATES: tuple[Case, ...] = (
    dated("missing", ""),
    dated("blank", "   "),
    dated("words", "in a little while"),
    dated("of-zeros", "0000-00-00 00:00:00"),
    dated("1900", "Mon, 01 Jan 1900 00:00:00 GMT"),
    dated("1970", "Thu, 01 Jan 1970 00:00:00 GMT"),
    dated("9999", "Fri, 31 Dec 9999 23:59:59 GMT"),
    dated("9999-west", "9999-12-31T23:59:59-12:00"),
    dated("1-east", "0001-01-01T00:00:00+14:00"),
    dated("99999", "99999-01-01T00:00:00Z"),
    dated("negative", "-0001-01-01T00:00:00Z"),
    dated("13th-month", "2026-13-45T25:61:61Z"),
    dated("february-31", "Tue, 31 Feb 2026 10:00:00 +0000"),
    dated("odd-zone", "Wed, 25 Nov 2026 10:00:00 +9999"),
    dated("zone-unknown", "Wed, 25 Nov 2026 10:00:00 XYZT"),
    dated("wrong-weekday", "Mon, 25 Nov 2026 10:00:00 +0000"),
    dated("two-digits", "25 Nov 26 10:00 GMT"),
    dated("of-seconds", "1764064800"),
    dated("of-many-digits", "9" * 400),
    dated("in-arabic", "الأربعاء 25 نونبر 2026 - 10:00"),
    dated("in-arabic-digits", "٢٥/١١/٢٠٢٦ ١٠:٠٠"),
    dated("long", "Wed, 25 Nov 2026 " + "10:" * 20_000),
    dated("nul", "Wed, 25 Nov 2026 10:00:00 +0000&#0;"),
)

# -- scripts --

SCRIPTS_RUN = re.compile(
    r"<script|<iframe|<object|<embed|<svg|<form|<base|<meta|\son\w+\s*=|javascript:|vbscript:|data:text", re.IGNORECASE
)


def nothing_runs(seen: Seen) -> None:
    for item in seen.items:
        assert not re.match(r"\s*(javascript|data|vbscript|file):", item["url"] or "", re.IGNORECASE), item["url"]
        assert not re.match(r"\s*(javascript|data|vbscript|file):", item["image"] or "", re.IGNORECASE), item["image"]
    for html in re.findall(r"<content[^>]*>(.*?)</content>", seen.atom, re.DOTALL):
        once = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
        for tag in re.findall(r"<[^>]*>", once):
            assert not SCRIPTS_RUN.search(tag), tag


def scripted(name: str, html: str) -> Case:
    escaped = html.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return brings(f"script-{name}", answer(rss(entry(name, 1, description=escaped + "نص الخبر"), entry(name, 2))), 2, nothing_runs)


SCRIPTS: tuple[Case, ...] = (
    scripted("plain", "<script>alert(1)</script>"),
    scripted("nested", "<scr<script>ipt>alert(1)</scr</script>ipt>"),
    scripted("handler", '<img src=x onerror="alert(1)">'),
    scripted("handler-without-blank", '<img/src="x"/onerror=alert(1)>'),
    scripted("svg", "<svg/onload=alert(1)><animate onbegin=alert(1)>"),
    scripted("link", '<a href="javascript:alert(1)">x</a>'),
    scripted("link-in-pieces", '<a href="java\tscript:alert(1)">x</a><a href="&#106;avascript:alert(1)">y</a>'),
    scripted("link-of-data", '<a href="data:text/html,<script>alert(1)</script>">x</a>'),
    scripted("style", '<p style="background:url(javascript:alert(1))">x</p><style>@import "//evil.example/x.css"</style>'),
    scripted("frame", '<iframe srcdoc="<script>alert(1)</script>"></iframe><object data="x"></object><embed src="x">'),
    scripted(
        "form", '<form action="//evil.example"><input autofocus onfocus=alert(1)><button formaction="javascript:alert(1)">x</button></form>'
    ),
    scripted("meta", '<meta http-equiv=refresh content="0;url=javascript:alert(1)"><base href="//evil.example/">'),
    scripted("math", '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">'),
    scripted("template", '<template><script>alert(1)</script></template><noscript><p title="</noscript><img src=x onerror=alert(1)>">'),
    scripted("comment", "<!--><script>alert(1)</script>--><![CDATA[<script>alert(1)</script>]]>"),
    scripted("not-closed", "<img src=x onerror=alert(1) "),
    brings(
        "script-in-the-title",
        answer(rss(entry("st", 1, title="&lt;script&gt;alert(1)&lt;/script&gt; عنوان"), entry("st", 2))),
        2,
        nothing_runs,
    ),
    brings("script-as-the-link", answer(rss(entry("sl", 1, link="javascript:alert(1)"), entry("sl", 2))), (1, 2), nothing_runs),
    brings("file-as-the-link", answer(rss(entry("fl", 1, link="file:///etc/passwd"), entry("fl", 2))), (1, 2), nothing_runs),
    brings(
        "script-as-the-picture",
        answer(rss(entry("sp", 1, more='<enclosure url="javascript:alert(1)" type="image/png" length="1"/>'), entry("sp", 2))),
        2,
        nothing_runs,
    ),
)

# -- letters --

TRICKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(seen: Seen) -> None:
    for item in seen.items:
        for text in (item["title"], item["body"], item["author"]):
            found = TRICKS.sub("", text).replace("\u200c", "").replace("\u200d", "")
            assert found == text.replace("\u200c", "").replace("\u200d", ""), ascii(text)
            assert unicodedata.is_normalized("NFC", text), ascii(text)
        assert "\n" not in item["title"]


def lettered(name: str, title: str) -> Case:
    return brings(f"letters-{name}", answer(rss(entry(name, 1, title=title, description=title), entry(name, 2))), 2, clean)


LETTERS: tuple[Case, ...] = (
    lettered("right-to-left-override", "خبر \u202egnp.exe\u202c عاجل"),
    lettered("isolates", "\u2066خبر\u2069 \u2067عاجل\u2069 من الرباط"),
    lettered("marks", "\u200fخبر\u200e \ufeffعاجل\u200b من الرباط"),
    lettered("line-breaks", "خبر\u2028عاجل\u2029من\x85الرباط\r\nاليوم"),
    lettered("not-composed", "cafe\u0301 أ\u0653خبار Ame\u0301lie"),
    lettered("stacked", "خ" + "\u064e\u0651\u0670" * 3000 + "بر عاجل"),
    lettered("private", "خبر \ue000\uf8ff\U000f0000 عاجل"),
    lettered("no-characters", "خبر \ufdd0\U0001ffff عاجل"),
    lettered("tags", "خبر \U000e0041\U000e007f عاجل"),
    lettered("emoji", "خبر 🇲🇦👨‍👩‍👧 عاجل"),
    lettered("presentation", "ﺧﺒﺮ ﻋﺎﺟﻞ ﷲ"),
    lettered("one-word-of-100000", "خ" * 900),
    lettered("terminal", "خبر \x1b[31mأحمر\x1b[0m \x9b2J".replace("\x1b", "&#x1b;").replace("\x9b", "&#x9b;")),
    brings("letters-none", answer(rss(entry("none", 1, title="\u200b\u200f"), entry("none", 2))), (1, 2)),
    brings("title-missing", answer(rss("<item><link>http://tm.example/1</link></item>", entry("tm", 2))), (1, 2)),
    brings("item-empty", answer(rss("<item></item>", "<item/>", entry("ie", 2))), (1, 3)),
)

# -- anti-bot pages --

SCRIPT = "<script>var a=1;document.cookie='x='+a;location.reload()</script>"


def page(inner: str, status: str = "200 OK", *headers: str) -> bytes:
    return answer(f"<!doctype html><html><head>{inner}</head><body></body></html>", *headers, status=status, kind=HTML)


def not_a_feed(seen: Seen) -> None:
    assert "anti-bot" not in seen.rows[0]["error"]["detail"]  # type: ignore[index]


BLOCKED: tuple[Case, ...] = (
    fails(
        "bot-cloudflare-403",
        page(
            "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x.js'></script>", "403 Forbidden", "Server: cloudflare"
        ),
        "blocked",
    ),
    fails(
        "bot-cloudflare-503",
        page("<title>Just a moment...</title><script>window._cf_chl_opt={}</script>", "503 Service Unavailable"),
        "blocked",
    ),
    fails("bot-cloudflare-header", answer("no", "cf-mitigated: challenge", status="403 Forbidden", kind="text/plain"), "blocked"),
    fails("bot-cloudflare-200", page("<title>Just a moment...</title><script>_cf_chl_opt</script>"), "blocked"),
    fails(
        "bot-cloudflare-429",
        page("<title>Attention Required! | Cloudflare</title>", "429 Too Many Requests", "Retry-After: 120"),
        "blocked",
    ),
    fails(
        "bot-datadome",
        page("<script src='https://ct.captcha-delivery.com/c.js'></script>", "403 Forbidden", "x-datadome: protected"),
        "blocked",
    ),
    fails(
        "bot-perimeterx", page("<title>Access to this page has been denied</title><div id='px-captcha'></div>", "403 Forbidden"), "blocked"
    ),
    fails("bot-incapsula", page("<script src='/_Incapsula_Resource?x=1'></script>"), "blocked"),
    fails(
        "bot-amazon", page("<script>AwsWafIntegration='aws-waf-token'</script>", "202 Accepted", "x-amzn-waf-action: challenge"), "blocked"
    ),
    fails(
        "bot-recaptcha", page("<script src='https://www.google.com/recaptcha/api.js'></script><div class='g-recaptcha'></div>"), "blocked"
    ),
    fails(
        "bot-turnstile", page("<div class='cf-turnstile'></div><script src='https://challenges.cloudflare.com/x.js'></script>"), "blocked"
    ),
    fails("bot-script-only", page(SCRIPT), "blocked"),
    fails("bot-script-only-403", page(SCRIPT, "403 Forbidden"), "blocked"),
    fails("bot-sucuri", page("<title>Sucuri WebSite Firewall</title><script>sucuri_cloudproxy_js=''</script>"), "blocked"),
    fails(
        "bot-ddos-guard", page("<title>DDoS-Guard</title><script src='/.well-known/ddos-guard/js'></script>", "403 Forbidden"), "blocked"
    ),
    fails("bot-akamai", page("<title>Access Denied</title><p>You don't have permission. Reference #18.2f</p>", "403 Forbidden"), "blocked"),
    fails(
        "bot-in-arabic",
        answer(
            "<!doctype html><html><head><title>لحظة</title></head><body><p>جاري التحقق من أنك إنسان</p><script>x()</script></body></html>",
            kind=HTML,
        ),
        "blocked",
    ),
    fails("bot-none-plain-403", answer("Forbidden", status="403 Forbidden", kind="text/plain"), "unauthorized", check=not_a_feed),
    fails(
        "bot-none-a-login",
        page("<title>تسجيل الدخول</title>").replace(
            b"<body>",
            b"<body><form><input name=user></form><p>"
            + "مرحبا بكم في موقعنا الإخباري، المرجو تسجيل الدخول لقراءة المقالات كاملة ومتابعة آخر الأخبار كل يوم".encode(),
        ),
        "not_a_feed",
    ),
    brings(
        "bot-none-a-feed-about-captchas",
        answer(rss(entry("cap", 1, title="Just a moment: كيف يعمل captcha و g-recaptcha", description="cf_chl_opt"), entry("cap", 2))),
        2,
    ),
    either("bot-none-200-without-body", bare("HTTP/1.1 200 OK", "Content-Length: 0"), 0, "empty"),
)
GROUPS = (Group("dates", DATES), Group("scripts", SCRIPTS), Group("unicode", LETTERS), Group("blocked", BLOCKED))
