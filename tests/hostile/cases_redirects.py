"""Redirects: circles, traps, and credentials that must stay at home."""

from __future__ import annotations

from tests.hostile.case import Case, Group, Seen, brings, either, fails
from tests.hostile.say import HTML, answer, bare, feed, paths, redirect
from tests.hostile.server import Script, Talk


def to(location: str | bytes, name: str, status: str = "302 Found") -> Script:
    """Redirect the feed's address; whatever else is asked for is the feed."""

    async def script(talk: Talk) -> None:
        where = location.replace("{port}", str(talk.stall.port)) if isinstance(location, str) else location
        await talk.say(redirect(where, status) if talk.path == "/feed" else answer(feed(name)))

    return script


def hops(count: int, name: str) -> Script:
    async def script(talk: Talk) -> None:
        number = 0 if talk.path == "/feed" else int(talk.path.rpartition("/")[2])
        await talk.say(redirect(f"/hop/{number + 1}") if number < count else answer(feed(name)))

    return script


async def ever_on(talk: Talk) -> None:
    await talk.say(redirect(f"/somewhere/{talk.number}?{'x' * 50}"))


async def to_the_neighbour(talk: Talk) -> None:
    await talk.say(redirect(f"http://127.0.0.1:{talk.stall.near('credentials-stay-neighbour').port}/feed", "302 Found", "Set-Cookie: id=7"))


async def with_its_own_credentials(talk: Talk) -> None:
    await talk.say(redirect(f"http://eve:pw@127.0.0.1:{talk.stall.near('credentials-brought-neighbour').port}/feed"))


async def asks_who(talk: Talk) -> None:
    if talk.visit.header("Authorization") == b"Basic dXNlcjpzZWNyZXQ=":
        await talk.say(answer(feed("credentials-sent")))
    else:
        await talk.say(answer("who?", status="401 Unauthorized"))


def last_path(expected: str):  # type: ignore[no-untyped-def]
    def check(seen: Seen) -> None:
        assert [visit.path for visit in seen.stall.visits] == ["/feed", expected]

    return check


def stayed_at_home(seen: Seen) -> None:
    assert seen.stall.visits[0].header("Authorization") == b"Basic dXNlcjpzZWNyZXQ="
    (there,) = seen.hostile.stalls["credentials-stay-neighbour"].visits
    assert there.header("Authorization") is None
    assert b"secret" not in there.head
    assert there.header("Cookie") is None
    assert there.header("Referer") is None


def not_used(seen: Seen) -> None:
    (there,) = seen.hostile.stalls["credentials-brought-neighbour"].visits
    assert there.header("Authorization") is None


def asked_once(seen: Seen) -> None:
    assert len(seen.stall.visits) == 1


def asked_a_few_times(seen: Seen) -> None:
    assert len(seen.stall.visits) <= 12


OF_ITSELF = tuple(
    brings(f"redirect-{status[:3]}", to("/real", f"r{status[:3]}", status), check=last_path("/real"))
    for status in ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect")
)
CASES: tuple[Case, ...] = (
    *OF_ITSELF,
    brings("redirect-relative", to("real/../other", "relative"), check=last_path("/other")),
    brings("redirect-to-a-query", to("?page=2&x=%D8%A7", "query"), check=last_path("/feed?page=2&x=%D8%A7")),
    brings("redirect-without-scheme", to("//127.0.0.1:{port}/there", "schemeless"), check=last_path("/there")),
    brings("redirect-with-fragment", to("/there#top", "fragment"), check=last_path("/there")),
    brings("redirect-in-capitals", to("HTTP://127.0.0.1:{port}/there", "capitals"), check=last_path("/there")),
    brings(
        "redirect-in-arabic",
        to("/أخبار/عاجل".encode(), "arabic"),
        check=last_path("/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/%D8%B9%D8%A7%D8%AC%D9%84"),
    ),
    brings("redirect-escaped", to("/%D8%A3%2Fb", "escaped"), check=last_path("/%D8%A3%2Fb")),
    brings("redirect-with-spaces", to("/a b?c d", "spaces"), check=last_path("/a%20b?c%20d")),
    brings("redirect-in-latin", to(b"/caf\xe9", "latin"), check=last_path("/caf%C3%A9")),
    brings("redirect-with-bad-escape", to("/100%/x%zz", "escape"), check=last_path("/100%/x%zz")),
    brings("redirects-ten", hops(10, "ten")),
    fails("redirects-eleven", hops(11, "eleven"), "redirect"),
    fails("redirects-for-ever", ever_on, "redirect", check=asked_a_few_times),
    fails("redirect-to-itself", redirect("/feed"), "redirect", check=asked_a_few_times),
    fails("redirect-in-a-circle", paths(feed=redirect("/a"), a=redirect("/b"), b=redirect("/feed")), "redirect", check=asked_a_few_times),
    fails("redirect-nowhere", bare("HTTP/1.1 302 Found", "Content-Length: 0"), "redirect"),
    fails("redirect-to-nothing", redirect(""), "redirect"),
    fails("redirect-300", bare("HTTP/1.1 300 Multiple Choices", "Content-Length: 0"), "redirect"),
    fails("redirect-305", redirect("http://127.0.0.1:1/", "305 Use Proxy"), "protocol", check=asked_once),
    fails("redirect-to-file", redirect("file:///etc/passwd"), "refused_address"),
    fails("redirect-to-ftp", redirect("ftp://127.0.0.1/feed"), "refused_address"),
    fails("redirect-to-script", redirect("javascript:alert(1)"), "refused_address"),
    fails("redirect-to-data", redirect("data:text/xml,<rss/>"), "refused_address"),
    fails("redirect-to-gopher", redirect("gopher://127.0.0.1:70/_x"), "refused_address"),
    fails("redirect-to-no-host", redirect("http:///feed2"), "refused_address", "redirect"),
    fails("redirect-to-no-port", redirect("http://127.0.0.1:99999/"), "refused_address"),
    fails("redirect-to-port-0", redirect("http://127.0.0.1:0/"), "refused_address"),
    fails("redirect-to-odd-host", redirect("http://exa mple.test/"), "refused_address", "dns"),
    fails("redirect-to-odd-brackets", redirect("http://[::1/feed"), "refused_address", "redirect"),
    fails("redirect-to-backslashes", redirect("http:\\\\127.0.0.1\\x"), "refused_address", "redirect"),
    fails("redirect-too-long", redirect("/" + "x" * 30_000), "refused_address", "redirect", check=asked_once),
    fails("redirect-to-a-closed-port", redirect("http://127.0.0.1:1/"), "connect"),
    fails("redirect-to-tls-that-is-none", to("https://127.0.0.1:{port}/x", "tls"), "tls", "protocol", "connect"),
    either("redirect-with-two-places", bare("HTTP/1.1 302 Found", "Location: /a", "Location: /b", "Content-Length: 0"), 0, "redirect"),
    fails(
        "refresh-in-the-page",
        paths(feed=answer('<html><meta http-equiv="refresh" content="0;url=/real"></html>', kind=HTML), real=answer(feed("no"))),
        "not_a_feed",
        "blocked",
        check=asked_once,
    ),
    fails(
        "refresh-in-a-header",
        paths(feed=answer("<html><p>x</html>", "Refresh: 0; url=/real", kind=HTML), real=answer(feed("no"))),
        "not_a_feed",
        "blocked",
        check=asked_once,
    ),
    brings(
        "credentials-stay",
        to_the_neighbour,
        address="http://user:secret@127.0.0.1:{port}/feed",
        beside={"credentials-stay-neighbour": answer(feed("credentials-stay"))},
        check=stayed_at_home,
    ),
    brings(
        "credentials-brought",
        with_its_own_credentials,
        beside={"credentials-brought-neighbour": answer(feed("credentials-brought"))},
        check=not_used,
    ),
    brings("credentials-sent", asks_who, address="http://user:secret@127.0.0.1:{port}/feed"),
)
GROUP = Group("redirects", CASES)
