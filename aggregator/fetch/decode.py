"""Undoes Content-Encoding with a bound: one layer of gzip, deflate, brotli or zstd, never more bytes than allowed. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

STEP = 64 * 1024
MOST_MEMBERS = 5_000  # a body of 15 MiB may hold 700,000 empty ones, each of which costs a machine of its own
PLAIN_STARTS = (b"<", b"{", b"[", b"\xef\xbb\xbf")
ZSTD_WINDOW_LOG = 23  # 8 MiB, the most that RFC 9659 lets a server ask for
_NONE = ("", "identity", "none")


class TooLarge(Exception):
    """The decoded body would be larger than allowed."""


class Broken(Exception):
    """The body is not what its encoding says, is cut off, or is encoded in a way that is not taken."""


def decode(body: bytes, encoding: str, limit: int, *, cut: bool = False) -> bytes:
    """Give the decoded body (raises `TooLarge` or `Broken`); with ``cut``, as much of it as can be had within the limit.

    A proxy that names the same encoding twice and applied it once is forgiven; a body that is really encoded twice is not taken.
    """
    names = list(dict.fromkeys(part.strip().lower().removeprefix("x-") for part in encoding.split(",")))
    names = [name for name in names if name not in _NONE]
    if not names or not body:
        return body[:limit] if cut else body
    if len(names) > 1:
        raise Broken(f"the body is encoded {len(names)} times over ({encoding[:60]})")
    reader = READERS.get(names[0])
    if reader is None:
        if not _plain(body):
            raise Broken(f"the encoding {names[0][:40]!r} is not known")
        return body[:limit] if cut else body
    out = bytearray()
    try:
        for piece in reader(body):
            out += piece
            if len(out) > limit:
                raise TooLarge
    except (TooLarge, Broken) as error:
        if isinstance(error, Broken) and not out and _plain(body):
            # says that it is compressed, and is not: some servers do, and browsers show it
            return body[:limit] if cut else body
        if not cut:
            raise
        return bytes(out[:limit])
    if encoding.lower().count(names[0]) > 1 and out[:2] == b"\x1f\x8b":
        raise Broken(f"the body is encoded twice over ({encoding[:60]})")
    return bytes(out)


def _plain(body: bytes) -> bool:
    """Tell whether a body looks like a text document as it is."""
    start = body[:200].lstrip()
    return start.startswith(PLAIN_STARTS) and not any(byte < 9 for byte in start)


def _inflated(body: bytes, wbits: int) -> Iterator[bytes]:
    """Inflate a stream, and the ones after it where it is gzip (several members, one after the other)."""
    whole, at = memoryview(body), 0
    for _ in range(MOST_MEMBERS):
        machine = zlib.decompressobj(wbits)
        try:
            while at < len(whole) and not machine.eof:
                # a step at a time: what a member leaves is copied
                data = bytes(whole[at : at + STEP])
                at += len(data)
                while data and not machine.eof:
                    yield machine.decompress(data, STEP)
                    data = machine.unconsumed_tail
            while not machine.eof and (piece := machine.decompress(b"", STEP)):
                yield piece
        except zlib.error as error:
            raise Broken(f"the compressed body is broken: {error}") from None
        if not machine.eof:
            raise Broken("the compressed body is cut off")
        at -= len(machine.unused_data)
        if wbits < 16 or bytes(whole[at : at + 2]) != b"\x1f\x8b":
            return
    raise Broken(f"the body is compressed in more than {MOST_MEMBERS:,} pieces")


def _gzip(body: bytes) -> Iterator[bytes]:
    return _inflated(body, 31)


def _deflate(body: bytes) -> Iterator[bytes]:
    # zlib's frame begins with a multiple of 31; what does not is raw deflate, as old IIS sends
    framed = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflated(body, 15 if framed else -15)


def _brotli(body: bytes) -> Iterator[bytes]:
    import brotli  # type: ignore[import-untyped,unused-ignore]

    machine = brotli.Decompressor()
    data = body
    try:
        while not machine.is_finished():
            piece = machine.process(data, output_buffer_limit=STEP)
            data = b""
            if not piece and machine.can_accept_more_data() and not machine.is_finished():
                raise Broken("the compressed body is cut off")
            yield piece
    except brotli.error as error:
        raise Broken(f"the compressed body is broken: {error}") from None


def _zstd(body: bytes) -> Iterator[bytes]:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14 and later
    except ImportError:
        from backports import zstd

    whole, at = memoryview(body), 0
    try:
        for _ in range(MOST_MEMBERS):
            if at >= len(whole):
                return
            machine = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})
            while not machine.eof:
                data = whole[at : at + STEP] if machine.needs_input else b""
                at += len(data)
                piece = machine.decompress(data, STEP)
                if not piece and not data and machine.needs_input and not machine.eof:
                    raise Broken("the compressed body is cut off")
                yield piece
            at -= len(machine.unused_data)
        raise Broken(f"the body is compressed in more than {MOST_MEMBERS:,} pieces")
    except zstd.ZstdError as error:
        raise Broken(f"the compressed body is broken: {error}") from None


READERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {"gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}
