"""Content-Encoding: undone in one layer, within a bound, or refused."""

from __future__ import annotations

import contextlib
import gzip
import time
import tracemalloc
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.decode import READERS, Broken, TooLarge, decode

PACK = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}
TEXT = "<rss>موجز</rss>".encode() * 500


def raw_deflate(data: bytes) -> bytes:
    machine = zlib.compressobj(wbits=-15)
    return machine.compress(data) + machine.flush()


@pytest.mark.parametrize("how", PACK)
@given(data=st.binary(max_size=3000) | st.just(TEXT))
def test_what_was_encoded_comes_back(how: str, data: bytes) -> None:
    assert decode(PACK[how](data), how, 10_000) == data


@pytest.mark.parametrize("how", PACK)
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_body_cut_off_is_broken(how: str, keep: float) -> None:
    whole = PACK[how](bytes(n * n * 7919 % 251 for n in range(5000)))
    with pytest.raises(Broken):
        decode(whole[: int(len(whole) * keep)], how, 10_000)


@pytest.mark.parametrize("how", PACK)
def test_the_limit_is_on_what_comes_out_to_the_byte(how: str) -> None:
    packed = PACK[how](TEXT)
    assert decode(packed, how, len(TEXT)) == TEXT
    with pytest.raises(TooLarge):
        decode(packed, how, len(TEXT) - 1)
    assert decode(packed, how, 100, cut=True) == TEXT[:100]


@pytest.mark.parametrize("how", PACK)
def test_a_bomb_takes_no_more_memory_than_its_limit(how: str) -> None:
    bomb = PACK[how](b"\0" * (50 * 2**20))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decode(bomb, how, 2**20)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_what_servers_do_all_the_same_is_understood() -> None:
    packed = gzip.compress(TEXT)
    assert decode(raw_deflate(TEXT), "deflate", 10**5) == TEXT
    assert decode(packed + b"\0\0junk", "gzip", 10**5) == TEXT
    assert decode(gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]), " X-GZIP ", 10**5) == TEXT
    assert decode(zstd.compress(TEXT[:99]) + zstd.compress(TEXT[99:]), "zstd", 10**5) == TEXT
    assert decode(packed, "gzip, gzip", 10**5) == TEXT
    for said in ("", "identity", "none", "gzip", "deflate", "br", "zstd", "utf-8", "windows-1256"):
        assert decode(TEXT, said, 10**5) == TEXT


@pytest.mark.parametrize(
    ("how", "piece"), [("gzip", gzip.compress(b"")), ("zstd", zstd.compress(b"")), ("zstd", b"\x50\x2a\x4d\x18\0\0\0\0")]
)
def test_a_body_of_very_many_pieces_is_refused_at_once(how: str, piece: bytes) -> None:
    began = time.process_time()
    assert decode(piece * 1_000, how, 10**5) == b""
    with pytest.raises(Broken, match="5,000 pieces"):
        decode(piece * 400_000, how, 10**5)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("said", ["gzip, br", "br, gzip", "gzip, identity, deflate", "rot13"])
def test_two_layers_and_unknown_ones_are_refused(said: str) -> None:
    with pytest.raises(Broken):
        decode(brotli.compress(gzip.compress(TEXT)), said, 10**5)


def test_a_body_that_is_really_packed_twice_is_refused() -> None:
    with pytest.raises(Broken, match="twice"):
        decode(gzip.compress(gzip.compress(TEXT)), "gzip, gzip", 10**5)


@pytest.mark.parametrize("how", READERS)
@given(noise=st.binary(min_size=1, max_size=500))
def test_noise_is_broken_or_text_and_nothing_else(how: str, noise: bytes) -> None:
    with contextlib.suppress(Broken, TooLarge):
        decode(noise, how, 10_000)
