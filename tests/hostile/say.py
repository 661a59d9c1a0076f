"""Words of the hostile servers: answers and feeds, as bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from tests.hostile.server import Script, Talk

RSS = "application/rss+xml; charset=utf-8"
XML = '<?xml version="1.0" encoding="utf-8"?>'
HTML = "text/html; charset=utf-8"
NOW = datetime.now(UTC).replace(microsecond=0)


def answer(
    body: bytes | str = b"", *headers: str, status: str = "200 OK", kind: str = RSS, length: int | None = None, version: str = "HTTP/1.1"
) -> bytes:
    """Give a whole answer; its headers are text in latin-1, or with `\\x` bytes as they are."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"{version} {status}", f"Content-Type: {kind}", f"Content-Length: {len(data) if length is None else length}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data


def bare(*lines: str | bytes, body: bytes | str = b"") -> bytes:
    """Give an answer of these lines and no others."""
    data = body.encode() if isinstance(body, str) else body
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode("latin-1") for line in lines) + b"\r\n\r\n" + data


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Give chunks as HTTP frames them."""
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


def entry(
    name: str,
    number: int,
    *,
    title: str = "",
    link: str | None = None,
    guid: str | None = None,
    date: str | None = None,
    more: str = "",
    description: str = "",
) -> str:
    """Give one RSS entry."""
    address = link if link is not None else f"http://{name}.example/{number}"
    when = date if date is not None else format_datetime(NOW - timedelta(minutes=7 * number + 1))
    parts = [
        f"<title>{title or f'خبر {name} رقم {number} عن حدث {number * 7919}'}</title>",
        f"<link>{escape(address)}</link>" if address else "",
        f"<guid isPermaLink='false'>{escape(guid if guid is not None else address)}</guid>"
        if (guid if guid is not None else address)
        else "",
        f"<pubDate>{when}</pubDate>" if when else "",
        f"<description>{description or f'نص الخبر رقم {number} من {name} وفيه جملة واحدة طويلة بما يكفي.'}</description>",
        more,
    ]
    return "<item>" + "".join(parts) + "</item>"


def rss(*entries: str, head: str = XML, more: str = "") -> str:
    """Give an RSS document."""
    return f'{head}<rss version="2.0"><channel><title>قناة</title><link>http://x.example/</link><description>د</description>{more}{"".join(entries)}</channel></rss>'


def feed(name: str, count: int = 3, *, head: str = XML, **keys: str) -> str:
    """Give an ordinary RSS document."""
    return rss(*(entry(name, number, **keys) for number in range(1, count + 1)), head=head)  # type: ignore[arg-type]


def turns(*answers: bytes | Script) -> Script:
    """Give one answer after the other, the last of them for ever."""

    async def script(talk: Talk) -> None:
        what = answers[min(talk.number, len(answers)) - 1]
        if isinstance(what, bytes):
            await talk.say(what)
        else:
            await what(talk)

    return script


def paths(**answers: bytes | Script) -> Script:
    """Answer by the path's first word (`feed` is what a source asks for); others are not found."""

    async def script(talk: Talk) -> None:
        key = talk.path.lstrip("/").partition("?")[0].partition("/")[0]
        what = answers.get(key, answer("nothing", status="404 Not Found", kind="text/plain"))
        if isinstance(what, bytes):
            await talk.say(what)
        else:
            await what(talk)

    return script


def redirect(location: str | bytes, status: str = "302 Found", *headers: str) -> bytes:
    """Give a redirect."""
    where = location if isinstance(location, bytes) else location.encode("latin-1", "backslashreplace")
    return bare(f"HTTP/1.1 {status}", b"Location: " + where, "Content-Length: 0", *headers)
