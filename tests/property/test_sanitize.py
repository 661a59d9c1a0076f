"""Nothing that runs survives the sanitiser, whatever comes in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.extract.sanitize import plain, sanitize

BASE = "https://example.org/news/1"
FORBIDDEN = {
    "script",
    "style",
    "form",
    "input",
    "button",
    "textarea",
    "select",
    "svg",
    "math",
    "iframe",
    "frame",
    "object",
    "embed",
    "base",
    "meta",
    "link",
    "template",
    "noscript",
}

# classic tricks, each in its own mark-up; what is asserted is the same for all
ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href=" &#14;javascript:alert(1)">x</a>',
    '<a href="&#x6A;avascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt&colon;alert(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    '<a href="vbscript:x">x</a>',
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg/onload=alert(1)>",
    "<math><mi//xlink:href='data:x,<script>alert(4)</script>'>",
    "<iframe src='https://evil.example/'></iframe>",
    "<iframe src='https://www.youtube.com/embed/abcdef12345' onload=alert(1) srcdoc='<script>x</script>'></iframe>",
    "<form action=/x><input name=q autofocus onfocus=alert(1)><button formaction=javascript:alert(1)>x</form>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style>*{background:url(javascript:alert(1))}</style><p style='background:url(x)'>x",
    "<base href='https://evil.example/'><a href='x'>x</a>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<template><img src=x onerror=alert(1)></template>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img src=x:alert(1) data-src='javascript:alert(1)'>",
    "<img data-src='https://example.org/a.jpg\" onerror=\"alert(1)'>",
    "<p dir='ltr\" onclick=\"x'>x</p>",
    "<table><td background='javascript:alert(1)'>x",
    "<xmp><img src=x onerror=alert(1)></xmp><plaintext><script>x",
    "<title><img src=x onerror=alert(1)></title>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<a href='//evil.example\\@example.org'>x</a>",
    "<object data='javascript:x'><embed src='javascript:x'></object>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<\0script>alert(1)</\0script>",
    "<img src=x\0 on\0error=alert(1)>",
]


class Finder(HTMLParser):
    """A second parser, so that the sanitiser is not judged by its own."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.wrong.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"style", "srcdoc", "formaction", "action", "srcset", "background", "id", "class", "name"}:
                self.wrong.append(f"{tag} {name}")
            if name in {"href", "src"} and not re.match(r"(?:https?://[^/]|mailto:)", value or ""):
                self.wrong.append(f"{tag} {name}={value}")


def wrong_in(html: str) -> list[str]:
    finder = Finder()
    finder.feed(html)
    finder.close()
    return finder.wrong


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_known_attack_leaves_nothing_that_runs(attack: str) -> None:
    assert wrong_in(sanitize(attack, BASE)) == []
    assert wrong_in(sanitize(f"<p>خبر {attack} آخر</p>", BASE)) == []


PIECES = st.sampled_from([*ATTACKS, "<p>", "</p>", "<div", ">", "'", '"', "<b>خبر", "</b>", " عاجل ", "<a href=", "/x", "<img src=", "&lt;", "&#60;script&#62;", "-->", "<!--", "]]>", "\x00", "<svg>", "</style>"])  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=12), max_size=25).map("".join))
def test_no_mixture_of_pieces_leaves_anything_that_runs(html: str) -> None:
    once = sanitize(html, BASE)
    assert wrong_in(once) == []
    assert wrong_in(sanitize(once, BASE)) == []


@given(
    st.lists(PIECES | st.text(max_size=12), max_size=25).map("".join),
    st.sampled_from(["", "about:blank", "file:///etc/", "javascript:x", "http://[::1", BASE]),
)
def test_addresses_are_absolute_or_gone_whatever_the_base(html: str, base: str) -> None:
    assert wrong_in(sanitize(html, base)) == []


@given(st.lists(PIECES | st.text(max_size=12), max_size=25).map("".join))
def test_plain_text_holds_no_markup_of_its_input(html: str) -> None:
    text = plain(html)
    assert "\x00" not in text
    assert "\n\n\n" not in text
    assert text == text.strip()


@given(
    st.lists(st.sampled_from(["الولايات", "المتحدة", "قمة", "Rabat", "2026"]), min_size=1, max_size=6),
    st.sampled_from(["span", "b", "a", "font", "strong"]),
)
def test_words_of_neighbouring_inline_elements_stay_apart(words: list[str], tag: str) -> None:
    html = "".join(f"<{tag}>{word}</{tag}>" for word in words)
    assert plain(f"<p>{html}</p>").split() == words


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>قال<b>الرئيس</b>ماكرون</p>", "قال الرئيس ماكرون"),
        ("<p>و<a href='x'>المغرب</a> وفي ال<b>رباط</b></p>", "والمغرب وفي الرباط"),
        ("<p><b>المغرب</b>ية الأولى</p>", "المغربية الأولى"),
        ("<p>«<i>موجز</i>»، 5<sup>م</sup></p>", "«موجز»، 5م"),
        ("<p><b>T</b>he end</p>", "The end"),
        ("<div>أ<br>ب<br/><br>ج</div>", "أ\nب\n\nج"),
        ("<table><tr><td>الذهب</td><td>٥٠٠</td></tr><tr><td>الفضة</td><td>٧</td></tr></table>", "الذهب ٥٠٠\n\nالفضة ٧"),
        ("<ul><li>أول<li>ثان</ul>", "أول\n\nثان"),
        ("خبر &amp; خبر &lt;b&gt;", "خبر & خبر <b>"),
        ("<p>a < b</p>", "a < b"),
        ("<p>نص</p><script>x</script><style>y</style><noscript><img src=x></noscript>", "نص"),
    ],
)
def test_text_reads_as_a_reader_sees_it(html: str, text: str) -> None:
    assert plain(html) == text


def test_a_player_becomes_a_link_and_no_word() -> None:
    html = sanitize('<p>شاهد</p><iframe src="//www.youtube.com/embed/abcdef12345?rel=0"></iframe>', BASE)
    assert 'href="https://www.youtube.com/watch?v=abcdef12345"' in html
    assert plain(html) == "شاهد"


def test_a_lazy_picture_gets_its_real_address_and_a_pixel_goes() -> None:
    html = sanitize(
        '<img class="lazy" src="data:image/gif;base64,R0" data-src="/big.jpg" alt="صورة"><img src="https://t.example/p" width="1" height="1">',
        BASE,
    )
    assert html.count("<img") == 1
    assert 'src="https://example.org/big.jpg"' in html


@pytest.mark.parametrize(
    "hostile",
    ["<b>" * 300_000, "<div>" * 5_000 + "x", "<img " * 200_000, "<a \"'" * 200_000, "<iframe " * 200_000, "&" * 500_000, "<!--" * 200_000],
)
def test_hostile_input_takes_no_time(hostile: str) -> None:
    import time

    start = time.process_time()
    sanitize(hostile, BASE)
    plain(hostile)
    assert time.process_time() - start < 3
