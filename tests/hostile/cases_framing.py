"""Framing: answers that HTTP does not know, or only just."""

from __future__ import annotations

from tests.hostile.case import Case, Group, brings, either, fails
from tests.hostile.say import RSS, answer, bare, chunked, feed
from tests.hostile.server import Talk


def body(name: str, count: int = 3) -> bytes:
    return feed(name, count).encode()


def in_chunks(framed: bytes, *headers: str) -> bytes:
    return bare("HTTP/1.1 200 OK", f"Content-Type: {RSS}", "Transfer-Encoding: chunked", *headers, body=framed)


def split(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def lengths(name: str, *lines: str) -> bytes:
    return bare("HTTP/1.1 200 OK", f"Content-Type: {RSS}", *lines, body=body(name))


async def endless_tiny_chunks(talk: Talk) -> None:
    await talk.say(in_chunks(b""))
    piece = chunked(b"x", end=b"") * 20_000
    while True:
        await talk.say(piece)


SIZE = len(body("x"))
CASES: tuple[Case, ...] = (
    # length
    fails("length-too-long", answer(body("x"), length=SIZE + 500), "protocol", "connect"),
    fails("length-too-long-by-one", answer(body("x"), length=SIZE + 1), "protocol", "connect"),
    fails("length-absurd", answer(body("x"), length=10**15), "too_large", "protocol"),
    fails("length-of-thirty-digits", lengths("x", "Content-Length: " + "9" * 30), "too_large", "protocol"),
    fails("length-negative", lengths("x", "Content-Length: -5"), "protocol"),
    fails("length-in-words", lengths("x", "Content-Length: many"), "protocol"),
    fails("lengths-differ", lengths("x", "Content-Length: 10", "Content-Length: 20"), "protocol"),
    brings("length-said-twice", lengths("length-said-twice", *[f"Content-Length: {len(body('length-said-twice'))}"] * 2)),
    brings("length-not-said", lengths("length-not-said")),
    either("length-and-chunks", in_chunks(chunked(body("length-and-chunks")), "Content-Length: 7"), 3, "protocol"),
    either("length-zero-with-body", answer(body("x"), length=0), 0, "empty", "protocol"),
    # chunks
    brings("chunks", in_chunks(chunked(*split(body("chunks"), 100)))),
    brings("chunks-of-one-byte", in_chunks(chunked(*split(body("chunks-of-one-byte"), 1)))),
    brings("chunks-with-extensions", in_chunks(b"%x;name=value\r\n%s\r\n0\r\n\r\n" % (len(body("chunks-ext")), body("chunks-ext")))),
    brings("chunks-with-trailer", in_chunks(chunked(body("chunks-trailer"), end=b'0\r\nETag: "late"\r\nX: y\r\n\r\n'))),
    fails("chunks-cut-off", in_chunks(chunked(*split(body("x"), 100), end=b"")), "protocol", "connect"),
    fails("chunk-cut-off", in_chunks(b"fff\r\nabc"), "protocol", "connect"),
    fails("chunk-size-in-words", in_chunks(b"zz\r\nabc\r\n0\r\n\r\n"), "protocol"),
    fails("chunk-size-negative", in_chunks(b"-5\r\nabc\r\n0\r\n\r\n"), "protocol"),
    fails("chunk-size-absurd", in_chunks(b"f" * 40 + b"\r\nabc"), "protocol"),
    fails("chunks-not-framed", in_chunks(body("x")), "protocol"),
    fails("chunk-longer-than-said", in_chunks(b"5\r\nabcdefgh\r\n0\r\n\r\n"), "protocol"),
    fails("chunks-tiny-for-ever", endless_tiny_chunks, "too_large", "protocol", "timeout"),
    fails("chunks-of-gzip", lengths("x", "Transfer-Encoding: gzip, chunked"), "protocol"),
    # status line
    brings("no-reason", bare("HTTP/1.1 200", f"Content-Type: {RSS}", body=body("no-reason"))),
    brings("reason-in-arabic", bare("HTTP/1.1 200 حسنا".encode(), f"Content-Type: {RSS}", body=body("reason-in-arabic"))),
    brings("http-1.0", bare("HTTP/1.0 200 OK", f"Content-Type: {RSS}", body=body("http-1.0"))),
    fails("http-0.9", body("x"), "protocol"),
    either("http-2.0", bare("HTTP/2 200 OK", f"Content-Type: {RSS}", body=body("http-2")), 3, "protocol"),
    fails("shoutcast", bare("ICY 200 OK", body=body("x")), "protocol"),
    fails("status-in-words", bare("HTTP/1.1 fine OK", body=body("x")), "protocol"),
    fails("status-99", bare("HTTP/1.1 099 Odd", body=body("x")), "protocol"),
    fails("status-1000", bare("HTTP/1.1 1000 Odd", body=body("x")), "protocol"),
    fails("status-600", bare("HTTP/1.1 600 Odd", "Content-Length: 0"), "protocol", "http_5xx"),
    fails("mail-server", b"220 mail.example ESMTP ready\r\n", "protocol"),
    fails("shell-server", b"SSH-2.0-OpenSSH_9.6\r\n", "protocol"),
    fails("tls-on-the-http-port", b"\x15\x03\x03\x00\x02\x02\x28", "protocol"),
    fails("binary", bytes(range(256)) * 50, "protocol"),
    fails("nothing-but-newlines", b"\r\n" * 500, "protocol", "connect"),
    # headers
    either("lines-end-in-lf", b"HTTP/1.1 200 OK\nContent-Type: text/xml\n\n" + body("lf"), 3, "protocol"),
    either("header-without-colon", bare("HTTP/1.1 200 OK", "This is no header", f"Content-Type: {RSS}", body=body("colon")), 3, "protocol"),
    either("header-with-space-in-name", bare("HTTP/1.1 200 OK", "X Y : z", f"Content-Type: {RSS}", body=body("space")), 3, "protocol"),
    either("header-with-nul", bare("HTTP/1.1 200 OK", b"X: a\x00b", f"Content-Type: {RSS}", body=body("nul")), 3, "protocol"),
    either("header-folded", bare("HTTP/1.1 200 OK", "X: a\r\n b", f"Content-Type: {RSS}", body=body("folded")), 3, "protocol"),
    brings("header-in-arabic", bare("HTTP/1.1 200 OK", "X-Title: أخبار".encode(), f"Content-Type: {RSS}", body=body("header-arabic"))),
    brings("header-in-latin", bare("HTTP/1.1 200 OK", b"X-Title: caf\xe9 \xff", f"Content-Type: {RSS}", body=body("header-latin"))),
    brings("header-with-control", bare("HTTP/1.1 200 OK", b"X-Title: a\x01\x7fb", f"Content-Type: {RSS}", body=body("control"))),
    brings("header-empty", bare("HTTP/1.1 200 OK", "X-Empty:", "ETag:", "Last-Modified: ", f"Content-Type: {RSS}", body=body("empty-h"))),
    brings("content-type-missing", bare("HTTP/1.1 200 OK", body=body("no-type"))),
    brings("content-type-nonsense", bare("HTTP/1.1 200 OK", b"Content-Type: \xff;;;charset==", body=body("odd-type"))),
    brings("content-type-html", bare("HTTP/1.1 200 OK", "Content-Type: text/html", body=body("html-type"))),
    fails("headers-too-many", bare("HTTP/1.1 200 OK", *(f"X-{n}: y" for n in range(5000)), body=body("x")), "protocol"),
    fails("header-too-long", bare("HTTP/1.1 200 OK", "X: " + "y" * 200_000, body=body("x")), "protocol"),
    fails("head-without-end", b"HTTP/1.1 200 OK\r\nX: y\r\n", "protocol", "connect"),
    # statuses
    brings("continue-first", b"HTTP/1.1 100 Continue\r\n\r\n" + answer(body("continue"))),
    brings("hints-first", b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n" + answer(body("hints"))),
    fails("switching-protocols", bare("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket"), "protocol"),
    brings("status-203", answer(body("s203"), status="203 Non-Authoritative")),
    fails("status-202", answer("wait", status="202 Accepted", kind="text/plain"), "empty", "protocol"),
    fails("status-204", bare("HTTP/1.1 204 No Content"), "empty"),
    fails("status-205", bare("HTTP/1.1 205 Reset Content", "Content-Length: 0"), "empty"),
    fails("status-206", answer(body("x"), "Content-Range: bytes 0-99/9999", status="206 Partial Content"), "protocol"),
    fails("status-304-unasked", bare("HTTP/1.1 304 Not Modified", 'ETag: "x"'), "protocol"),
    fails("status-400", answer("bad", status="400 Bad Request"), "http_4xx"),
    fails("status-401", answer("who", 'WWW-Authenticate: Basic realm="x"', status="401 Unauthorized"), "unauthorized"),
    fails("status-403", answer("no", status="403 Forbidden", kind="text/plain"), "unauthorized"),
    fails("status-404", answer("none", status="404 Not Found"), "not_found"),
    fails("status-407", answer("proxy", status="407 Proxy Authentication Required"), "unauthorized"),
    fails("status-418", answer("tea", status="418 I'm a teapot"), "http_4xx"),
    fails("status-451", answer("law", status="451 Unavailable For Legal Reasons"), "unauthorized"),
    fails("status-500", answer(body("x"), status="500 Internal Server Error"), "http_5xx"),
    fails("status-502", answer("bad", status="502 Bad Gateway"), "http_5xx"),
    fails("status-599", answer("odd", status="599 Odd"), "http_5xx"),
    # body
    fails("body-empty", answer(b""), "empty", "not_a_feed"),
    fails("body-blank", answer(" \r\n\t \n"), "empty", "not_a_feed"),
    brings("two-answers-at-once", answer(body("two")) + answer(body("other"))),
)
GROUP = Group("framing", CASES)
