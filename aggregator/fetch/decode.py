"""Undoes Content-Encoding with a bound: one layer of gzip, deflate, brotli or zstd, never more bytes than allowed. Pure."""

from __future__ import annotations

import zlib

STEP = 64 * 1024


class TooLarge(Exception):  # noqa: N818
    """The decoded body would be larger than allowed."""


class Broken(Exception):  # noqa: N818
    """The body is not what its encoding says, is cut off, or is encoded in a way that is not taken."""


def decode(body: bytes, encoding: str, limit: int) -> bytes:
    """Give the decoded body (raises `TooLarge` or `Broken`)."""
    names = [part.strip().lower() for part in encoding.split(",") if part.strip().lower() not in ("", "identity")]
    if not names or not body:
        return body
    if len(names) > 1:
        raise Broken(f"the body is encoded {len(names)} times over ({encoding[:60]})")
    match names[0]:
        case "gzip" | "x-gzip":
            return _gzip(body, limit)
        case "deflate":
            return _deflate(body, limit)
        case "br":
            return _brotli(body, limit)
        case "zstd":
            return _zstd(body, limit)
        case other:
            raise Broken(f"the encoding {other[:40]!r} is not known")


def _inflate(body: bytes, wbits: int, limit: int) -> tuple[bytes, bytes, bool]:
    """Inflate one stream; gives (text, what follows it, whether it was whole)."""
    machine = zlib.decompressobj(wbits)
    out = bytearray()
    data = body
    try:
        while data:
            out += machine.decompress(data, STEP)
            if len(out) > limit:
                raise TooLarge
            data = machine.unconsumed_tail
        out += machine.flush()
    except zlib.error as error:
        raise Broken(f"the compressed body is broken: {error}") from None
    if len(out) > limit:
        raise TooLarge
    return bytes(out), machine.unused_data, machine.eof


def _gzip(body: bytes, limit: int) -> bytes:
    if body[:2] != b"\x1f\x8b":
        if body.lstrip()[:1] in (b"<", b"{", b"["):
            return body[:limit]  # says gzip, sends plain text: some servers do
        raise Broken("the body says gzip and is none")
    out = b""
    rest = body
    while rest[:2] == b"\x1f\x8b":  # several members, one after the other
        part, rest, whole = _inflate(rest, 31, limit - len(out))
        out += part
        if not whole:
            raise Broken("the compressed body is cut off")
    return out


def _deflate(body: bytes, limit: int) -> bytes:
    try:
        out, _, whole = _inflate(body, 15, limit)
    except Broken:
        out, _, whole = _inflate(body, -15, limit)  # raw deflate, as old IIS sends
    if not whole:
        raise Broken("the compressed body is cut off")
    return out


def _brotli(body: bytes, limit: int) -> bytes:
    import brotli

    machine = brotli.Decompressor()
    out = bytearray()
    try:
        out += machine.process(body, output_buffer_limit=STEP)
        while not machine.is_finished():
            before = len(out)
            out += machine.process(b"", output_buffer_limit=STEP)
            if len(out) > limit:
                raise TooLarge
            if len(out) == before and machine.can_accept_more_data():
                raise Broken("the compressed body is cut off")
    except brotli.error as error:
        raise Broken(f"the compressed body is broken: {error}") from None
    if len(out) > limit:
        raise TooLarge
    return bytes(out)


def _zstd(body: bytes, limit: int) -> bytes:
    import zstandard

    out = bytearray()
    try:
        with zstandard.ZstdDecompressor(max_window_size=8 * 2**20).stream_reader(body, read_across_frames=True) as reader:
            while part := reader.read(STEP):
                out += part
                if len(out) > limit:
                    raise TooLarge
    except zstandard.ZstdError as error:
        raise Broken(f"the compressed body is broken: {error}") from None
    return bytes(out)
