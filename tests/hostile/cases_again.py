"""What comes of asking again: identity that churns, validators that lie, servers that want to be left alone."""

from __future__ import annotations

from email.utils import format_datetime

from tests.hostile.case import Case, Check, Group, Seen, brings, either, fails
from tests.hostile.say import NOW, answer, bare, chunked, entry, feed, redirect, rss, turns
from tests.hostile.server import Script, Talk

RUNS = 3


def once(seen: Seen) -> None:
    assert len(seen.stall.visits) == 1, [visit.head for visit in seen.stall.visits]


def unconditional(seen: Seen) -> None:
    assert seen.conditions() == [False] * RUNS


def sends_back(etag: bytes | None, modified: bytes | None = None) -> Check:
    def check(seen: Seen) -> None:
        for visit in seen.stall.visits[1:]:
            assert visit.header("If-None-Match") == etag
            assert visit.header("If-Modified-Since") == modified
        assert seen.stall.visits[0].conditional is False
        assert len(seen.stall.visits) == RUNS

    return check


def tagged(name: str, etag: bytes, *, then: bytes | None = None) -> Case:
    """A feed with this ETag, 304 to whoever brings it back."""

    async def script(talk: Talk) -> None:
        if talk.visit.header("If-None-Match") == etag:
            await talk.say(then or bare("HTTP/1.1 304 Not Modified", b"ETag: " + etag))
        else:
            await talk.say(bare("HTTP/1.1 200 OK", "Content-Type: text/xml", b"ETag: " + etag, body=feed(name)))

    return brings(f"etag-{name}", script, 3, sends_back(etag))


async def changing_guids(talk: Talk) -> None:
    await talk.say(answer(rss(*(entry("cg", n, guid=f"{talk.number}-{n}") for n in (1, 2, 3)))))


async def changing_parameters(talk: Talk) -> None:
    await talk.say(
        answer(rss(*(entry("cp", n, link=f"http://cp.example/{n}?utm_source=rss&utm_campaign={talk.number}", guid="") for n in (1, 2, 3))))
    )


async def changing_scheme(talk: Talk) -> None:
    start = ("http://cs.example", "https://cs.example", "https://www.cs.example")[talk.number - 1]
    await talk.say(answer(rss(*(entry("cs", n, link=f"{start}/{n}") for n in (1, 2, 3)))))


async def changing_slash(talk: Talk) -> None:
    await talk.say(
        answer(
            rss(*(entry("sl", n, link=f"http://sl.example/{n}{'/' if talk.number % 2 else ''}#x{talk.number}", guid="") for n in (1, 2, 3)))
        )
    )


async def changing_text(talk: Talk) -> None:
    await talk.say(answer(rss(*(entry("ct", n, title=f"خبر رقم {n} في صيغته {talk.number} عن الميناء الجديد بطنجة") for n in (1, 2, 3)))))


async def changing_order(talk: Talk) -> None:
    numbers = [1, 2, 3] if talk.number % 2 else [3, 2, 1]
    await talk.say(answer(rss(*(entry("co", n) for n in numbers))))


async def changing_dates(talk: Talk) -> None:
    await talk.say(answer(rss(*(entry("cd", n, date=f"Wed, 25 Nov 2026 1{talk.number}:00:00 GMT") for n in (1, 2, 3)))))


async def counting_views(talk: Talk) -> None:
    await talk.say(answer(rss(*(entry("cv", n, description=f"نص الخبر رقم {n} وقد شوهد مرات: {talk.number * 17}") for n in (1, 2, 3)))))


async def going_and_coming(talk: Talk) -> None:
    await talk.say(answer(feed("gc") if talk.number != 2 else rss(entry("gc", 9))))


async def same_validator_new_body(talk: Talk) -> None:
    await talk.say(answer(feed("lie", 3 if talk.number == 1 else 5), 'ETag: "same"'))


async def lying_304(talk: Talk) -> None:
    await talk.say(answer(feed("l304"), 'ETag: "a"') if talk.number == 1 else bare("HTTP/1.1 304 Not Modified", 'ETag: "other"'))


async def not_modified_with_body(talk: Talk) -> None:
    body = feed("b304")
    await talk.say(
        answer(body, 'ETag: "a"')
        if talk.number == 1
        else bare("HTTP/1.1 304 Not Modified", f"Content-Length: {len(body.encode())}", body=body)
    )


async def cookie(talk: Talk) -> None:
    await talk.say(answer(feed("cookie"), "Set-Cookie: id=42; Path=/", "Set-Cookie2: id=43"))


def no_cookie(seen: Seen) -> None:
    for visit in seen.stall.visits:
        assert visit.header("Cookie") is None
        assert visit.header("Referer") is None


async def truncated_with_etag(talk: Talk) -> None:
    whole = answer(feed("trunc"), 'ETag: "half"')
    await talk.say(whole[:-150] if talk.number == 1 else whole)


def first_was_not_kept(seen: Seen) -> None:
    assert seen.conditions()[:2] == [False, False]


async def more_than_said_with_etag(talk: Talk) -> None:
    body = feed("more", 6).encode()
    await talk.say(answer(body, 'ETag: "half"', length=len(body) // 2))


def moved(status: str) -> Script:
    async def script(talk: Talk) -> None:
        await talk.say(redirect("/new", status) if talk.path == "/feed" else answer(feed(f"moved{status[:3]}"), f'ETag: "{status[:3]}"'))

    return script


def only_where_they_came_from(seen: Seen) -> None:
    for visit in seen.stall.visits:
        assert visit.conditional is False or visit.path == "/new", visit.head
    assert [visit.conditional for visit in seen.stall.visits if visit.path == "/new"] == [False, True, True]


def left_alone(status: str, after: str) -> bytes:
    return answer("later", f"Retry-After: {after}", status=status, kind="text/plain")


def neighbour_left_alone(seen: Seen) -> None:
    once(seen)


def failed_then_brought(seen: Seen) -> None:
    assert seen.rows[0] is not None
    assert seen.rows[0]["error"] is not None
    assert seen.rows[-1] is not None
    assert seen.rows[-1]["error"] is None


def stored_once(seen: Seen) -> None:
    assert len({item["url"].split("?")[0].rstrip("/") for item in seen.items}) == len(seen.items)


IDENTITY: tuple[Case, ...] = (
    brings("guids-change", changing_guids),
    brings("parameters-change", changing_parameters),
    brings("scheme-and-www-change", changing_scheme),
    brings("slash-and-fragment-change", changing_slash),
    brings("text-changes", changing_text, 3, lambda seen: all("صيغته 3" in title for title in seen.titles())),
    brings("order-changes", changing_order),
    brings("dates-change", changing_dates),
    brings("views-are-counted", counting_views),
    brings("items-go-and-come", going_and_coming, 4),
    brings("guid-of-all-is-the-same", answer(rss(*(entry("same", n, guid="1") for n in (1, 2, 3)))), (1, 3)),
    brings("guid-is-blank", answer(rss(*(entry("blank", n, guid="  ") for n in (1, 2, 3))))),
    brings("guid-is-the-home-page", answer(rss(*(entry("home", n, guid="http://home.example/") for n in (1, 2, 3)))), (1, 3)),
    brings("item-comes-twice", answer(rss(entry("twice", 1), entry("twice", 1), entry("twice", 2))), 2, stored_once),
    brings("links-are-missing", answer(rss(*(entry("nolink", n, link="", guid=f"g{n}") for n in (1, 2, 3))))),
    brings("links-and-guids-are-missing", answer(rss(*(entry("nothing", n, link="", guid="") for n in (1, 2, 3)))), (0, 3)),
)
CACHING: tuple[Case, ...] = (
    tagged("usual", b'"abc-123"'),
    tagged("weak", b'W/"abc"'),
    tagged("without-quotes", b"abc"),
    tagged("half-quoted", b'"abc'),
    tagged("with-inner-quotes", b'"a"b"c"'),
    tagged("of-latin-letters", b'"caf\xe9-\xff"'),
    tagged("of-arabic-letters", '"خبر"'.encode()),
    tagged("with-spaces", b'"a b  c"'),
    tagged("gzip", b'"abc-gzip"'),
    tagged("with-commas", b'"a,b", "c"'),
    tagged("answered-with-another", b'"x1"', then=bare("HTTP/1.1 304 Not Modified")),
    brings("etag-empty", answer(feed("e-empty"), "ETag: "), 3, unconditional),
    brings("etag-too-long", answer(feed("e-long"), f'ETag: "{"x" * 20_000}"'), 3, unconditional),
    brings("etags-two", answer(feed("e-two"), 'ETag: "one"', 'ETag: "two"'), 3, sends_back(b'"one"')),
    brings(
        "modified-usual",
        answer(feed("m-usual"), "Last-Modified: Wed, 25 Nov 2026 10:00:00 GMT"),
        3,
        sends_back(None, b"Wed, 25 Nov 2026 10:00:00 GMT"),
    ),
    brings("modified-in-words", answer(feed("m-words"), "Last-Modified: yesterday"), 3, sends_back(None, b"yesterday")),
    brings(
        "modified-in-the-future",
        answer(feed("m-future"), "Last-Modified: Fri, 31 Dec 9999 23:59:59 GMT"),
        3,
        sends_back(None, b"Fri, 31 Dec 9999 23:59:59 GMT"),
    ),
    brings("modified-and-etag", answer(feed("m-both"), 'ETag: "b"', "Last-Modified: x"), 3, sends_back(b'"b"', b"x")),
    brings("validators-none", answer(feed("v-none")), 3, unconditional),
    brings("validator-lies", same_validator_new_body, 5),
    brings("304-with-another-etag", lying_304),
    brings("304-with-body", not_modified_with_body),
    brings("200-that-is-the-same", answer(feed("same-200"), 'ETag: "s"'), 3, sends_back(b'"s"')),
    brings("cookies", cookie, 3, no_cookie),
    either("half-a-body-with-etag", truncated_with_etag, 3, "protocol", "connect", check=first_was_not_kept),
    either("body-longer-than-said-with-etag", more_than_said_with_etag, (0, 6), "protocol", "connect", "not_a_feed", check=unconditional),
    brings("moved-for-good", moved("301 Moved Permanently"), 3, only_where_they_came_from),
    brings("moved-for-now", moved("302 Found"), 3, only_where_they_came_from),
    brings("cache-control-absurd", answer(feed("cc"), "Cache-Control: max-age=99999999999999999999, s-maxage=-1, ="), 3),
    brings("cache-control-nonsense", answer(feed("cn"), b"Cache-Control: \xff;;max-age=x".decode("latin-1"), "Age: minus one"), 3),
    brings("expires-absurd", answer(feed("ex"), "Expires: Fri, 31 Dec 9999 23:59:59 -1200", "Date: Mon, 01 Jan 0001 00:00:00 +1400"), 3),
    brings("expires-nonsense", answer(feed("en"), "Expires: 0", "Date: today"), 3),
    brings("ttl-absurd", answer(rss(*(entry("ttl", n) for n in (1, 2, 3)), more="<ttl>99999999999999999999</ttl>")), 3),
    brings(
        "ttl-negative",
        answer(
            rss(
                *(entry("tn", n) for n in (1, 2, 3)),
                more="<ttl>-5</ttl><skipHours><hour>99</hour><hour>x</hour></skipHours><skipDays><day>Someday</day></skipDays>",
            )
        ),
        3,
    ),
    brings(
        "skips-every-hour",
        answer(
            rss(*(entry("sk", n) for n in (1, 2, 3)), more="<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(25)) + "</skipHours>")
        ),
        3,
    ),
    fails("leave-alone-429", left_alone("429 Too Many Requests", "3600"), "rate_limited", check=once),
    fails("leave-alone-503", left_alone("503 Service Unavailable", "3600"), "http_5xx", check=once),
    fails(
        "leave-alone-until-a-date",
        left_alone("429 Too Many Requests", format_datetime(NOW.replace(year=NOW.year + 1), usegmt=True)),
        "rate_limited",
        check=once,
    ),
    fails("leave-alone-for-ever", left_alone("429 Too Many Requests", "99999999999999"), "rate_limited", check=once),
    fails("leave-alone-for-no-time", left_alone("429 Too Many Requests", "0"), "rate_limited", check=once),
    fails("leave-alone-negative", left_alone("429 Too Many Requests", "-7"), "rate_limited"),
    fails("leave-alone-in-words", left_alone("503 Service Unavailable", "soon\u00e9"), "http_5xx"),
    fails("leave-alone-in-the-past", left_alone("503 Service Unavailable", "Mon, 01 Jan 1990 00:00:00 GMT"), "http_5xx", check=once),
    fails("gone", answer("gone", status="410 Gone"), "gone", check=once),
    either(
        "down-then-up",
        turns(answer("x", status="500 Internal Server Error"), answer(feed("dtu"))),
        3,
        "http_5xx",
        check=failed_then_brought,
    ),
    either(
        "cut-then-whole",
        turns(
            bare("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body=chunked(feed("ctw").encode()[:500], end=b"")), answer(feed("ctw"))
        ),
        3,
        "protocol",
        "connect",
        check=failed_then_brought,
    ),
    either(
        "page-then-feed",
        turns(answer("<!doctype html><html><body>soon</body></html>", kind="text/html"), answer(feed("ptf"))),
        3,
        "not_a_feed",
        "blocked",
        check=failed_then_brought,
    ),
)
GROUPS = (Group("identity", IDENTITY, RUNS), Group("caching", CACHING, RUNS))
