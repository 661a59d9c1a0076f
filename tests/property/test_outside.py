"""Each reader of outside data under any bytes, and under whole documents with accidents: an answer or a typed refusal, in time."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import of
from tests.fuzz.targets import TARGETS

SLOWEST = 5  # seconds for a document of a few kilobytes; the worker's limit is ten
POISON = (b"\x00", b"\xff\xfe", b"\xe2\x80\xae", b"<!--", b"]]>", b"<![CDATA[", b"&#0;", b"&#xd800;", b"&" * 99, b"<" * 99, b'"' * 9, b"}" * 9, b"[" * 999, b"9" * 400, b"\xed\xa0\x80", b"%00", b"-", b"\r\n\r\n", "٣".encode(), "\u2028".encode())  # fmt: skip
WORDS = {target: [piece for seed in of(target) for piece in seed[:4_000].split(b"<")] or [b""] for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS)
def test_any_bytes_are_read_or_refused(target: str) -> None:
    @settings(max_examples=30, deadline=None)
    @given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
    def run(data: bytes) -> None:
        TARGETS[target](data)

    run()


@pytest.mark.parametrize("target", TARGETS)
def test_pieces_of_documents_in_any_order_are_read_or_refused(target: str) -> None:
    pieces = st.sampled_from(WORDS[target]) | st.sampled_from(POISON)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(pieces, max_size=12).map(b"<".join))
    def run(data: bytes) -> None:
        TARGETS[target](data)

    run()


@pytest.mark.parametrize("target", TARGETS)
def test_documents_with_accidents_are_read_or_refused(target: str) -> None:
    accidents(target, 12)


@pytest.mark.long
@pytest.mark.parametrize("target", TARGETS)
def test_documents_with_many_accidents_are_read_or_refused(target: str) -> None:
    accidents(target, 600)


def accidents(target: str, count: int) -> None:
    dice = random.Random(count)
    seeds = of(target) or [b"x"]
    for _ in range(count):
        data = bytearray(dice.choice(seeds)[:30_000])
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(data) + 1)
            match dice.randrange(5):
                case 0:
                    data[at:at] = dice.choice(POISON)
                case 1:
                    del data[at : at + dice.choice((1, 9, 400))]
                case 2:
                    data[at:at] = data[at : at + dice.randrange(300)] * dice.randint(1, 9)
                case 3:
                    other = dice.choice(seeds)
                    data[at:at] = other[dice.randrange(len(other)) :][:600]
                case _:
                    data[at : at + 1] = bytes((dice.randrange(256),))
        began = time.process_time()
        TARGETS[target](bytes(data))
        assert time.process_time() - began < SLOWEST, bytes(data[:300])
