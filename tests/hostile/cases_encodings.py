"""Encodings: of the transfer (Content-Encoding) and of the letters (charsets)."""

from __future__ import annotations

import gzip
import zlib

from tests.hostile.case import Case, Group, Seen, brings, either, fails
from tests.hostile.say import answer, feed, rss

PLAIN = feed("plain").encode()
GZIP = gzip.compress(PLAIN)
ARABIC = "مجلس الحكومة يصادق على مشروع قانون المالية الجديد"


def squeezed(how: str, data: bytes) -> bytes:
    return answer(data, f"Content-Encoding: {how}")


def brotli(data: bytes) -> bytes:
    import brotli as library

    return bytes(library.compress(data))


def zstd(data: bytes) -> bytes:
    from backports import zstd as library

    return bytes(library.compress(data))


def raw_deflate(data: bytes) -> bytes:
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(data) + machine.flush()


def written(codec: str, declared: str | None, *, kind: str = "text/xml", mark: bytes = b"") -> bytes:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else "<?xml version='1.0'?>"
    entries = "".join(f"<item><title>{ARABIC} {n}</title><link>http://c.example/{n}</link></item>" for n in (1, 2, 3))
    return answer(mark + rss(entries, head=head).encode(codec), kind=kind)


def in_arabic(seen: Seen) -> None:
    assert all(title.startswith(ARABIC) for title in seen.titles()), seen.titles()


BROKEN_CRC = GZIP[:-8] + b"\0\0\0\0" + GZIP[-4:]
TRANSFER: tuple[Case, ...] = (
    brings("gzip", squeezed("gzip", GZIP)),
    brings("gzip-in-capitals", squeezed("GZIP", GZIP)),
    brings("x-gzip", squeezed("x-gzip", GZIP)),
    brings("gzip-of-several-members", squeezed("gzip", gzip.compress(PLAIN[:100]) + gzip.compress(PLAIN[100:]))),
    brings("gzip-with-junk-after", squeezed("gzip", GZIP + b"\0" * 20)),
    brings("gzip-said-and-not-done", squeezed("gzip", PLAIN)),
    brings("gzip-done-and-not-said", answer(GZIP, kind="application/x-gzip")),
    brings("deflate", squeezed("deflate", zlib.compress(PLAIN))),
    brings("deflate-raw", squeezed("deflate", raw_deflate(PLAIN))),
    brings("brotli", squeezed("br", brotli(PLAIN))),
    brings("zstd", squeezed("zstd", zstd(PLAIN))),
    brings("zstd-of-several-frames", squeezed("zstd", zstd(PLAIN[:100]) + zstd(PLAIN[100:]))),
    brings("identity", squeezed("identity", PLAIN)),
    brings("encoding-that-is-a-charset", squeezed("utf-8", PLAIN)),
    brings("gzip-said-twice-done-once", answer(GZIP, "Content-Encoding: gzip", "Content-Encoding: gzip")),
    fails("gzip-twice", squeezed("gzip, gzip", gzip.compress(GZIP)), "protocol"),
    fails("gzip-then-brotli", squeezed("gzip, br", brotli(GZIP)), "protocol"),
    fails("gzip-cut-off", squeezed("gzip", GZIP[: len(GZIP) // 2]), "protocol"),
    fails("gzip-without-its-end", squeezed("gzip", GZIP[:-8]), "protocol"),
    fails("gzip-with-a-wrong-sum", squeezed("gzip", BROKEN_CRC), "protocol"),
    fails("gzip-corrupted", squeezed("gzip", GZIP[:40] + b"\xff" * 40 + GZIP[80:]), "protocol"),
    fails("brotli-cut-off", squeezed("br", brotli(PLAIN)[:-20]), "protocol"),
    fails("brotli-that-is-none", squeezed("br", b"\x00\xff" * 300), "protocol"),
    fails("zstd-cut-off", squeezed("zstd", zstd(PLAIN)[:-20]), "protocol"),
    fails("encoding-unknown", squeezed("rot13", bytes(range(1, 200))), "protocol"),
)
LETTERS: tuple[Case, ...] = (
    brings("windows-1256-declared", written("cp1256", "windows-1256"), check=in_arabic),
    brings("windows-1256-in-http-only", written("cp1256", None, kind="text/xml; charset=windows-1256"), check=in_arabic),
    brings("windows-1256-undeclared", written("cp1256", None), check=in_arabic),
    brings("windows-1256-said-to-be-utf-8", written("cp1256", "utf-8", kind="text/xml; charset=utf-8"), check=in_arabic),
    brings("utf-8-said-to-be-windows-1256", written("utf-8", "windows-1256", kind="text/xml; charset=windows-1256"), check=in_arabic),
    brings("utf-8-said-to-be-latin", written("utf-8", "iso-8859-1", kind="text/xml; charset=iso-8859-1"), check=in_arabic),
    brings("iso-8859-6", written("iso8859-6", "iso-8859-6"), check=in_arabic),
    brings("utf-8-with-mark", written("utf-8", "utf-8", mark=b"\xef\xbb\xbf"), check=in_arabic),
    brings("utf-8-with-two-marks", written("utf-8", "utf-8", mark=b"\xef\xbb\xbf" * 2), check=in_arabic),
    brings("utf-16-with-mark", written("utf-16", "utf-16"), check=in_arabic),
    brings("utf-16-big-endian", written("utf-16-be", "utf-16", mark=b"\xfe\xff"), check=in_arabic),
    brings("utf-16-without-mark", written("utf-16-le", "utf-16"), check=in_arabic),
    brings("utf-16-said-to-be-utf-8", written("utf-16", "utf-8", kind="text/xml; charset=utf-8"), check=in_arabic),
    brings("utf-32", written("utf-32", "utf-32"), check=in_arabic),
    brings("charset-unknown", written("utf-8", "x-nonsense", kind="text/xml; charset=klingon"), check=in_arabic),
    brings("charset-empty", written("utf-8", "", kind="text/xml; charset="), check=in_arabic),
    brings("charset-in-quotes", written("cp1256", None, kind='text/xml; charset="windows-1256"'), check=in_arabic),
    brings("charset-that-is-no-text", written("utf-8", "base64", kind="text/xml; charset=zip"), check=in_arabic),
    brings("charset-of-dangerous-codecs", written("utf-8", "unicode_escape", kind="text/xml; charset=idna"), check=in_arabic),
    brings("bytes-that-are-no-utf-8", answer(feed("bad").encode().replace("نص".encode(), b"\xff\xfe\xc3\x28", 1))),
    brings("letters-cut-in-half", answer(feed("cut").encode().replace("خبر".encode(), "خبر".encode()[:-1], 1))),
    brings(
        "utf-7",
        answer(
            rss("<item><title>+ADw-script+AD4-alert(1)</title><link>http://u.example/1</link></item>").encode(),
            kind="text/xml; charset=utf-7",
        ),
        1,
    ),
    brings("surrogates-in-utf-8", answer(feed("sur").encode().replace("نص".encode(), b"\xed\xa0\x80\xed\xb0\x80", 1))),
    either("nul-between", answer(feed("nul").encode().replace(b"<item>", b"\0<item>\0", 1)), (1, 3), "not_a_feed"),
)
GROUPS = (Group("transfer", TRANSFER), Group("letters", LETTERS))
