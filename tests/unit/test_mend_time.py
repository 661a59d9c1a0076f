"""Mending is done in a time that grows with the document and not with its square."""

from __future__ import annotations

import time

import pytest

from aggregator.parse.mend import mended

LENGTH = 200_000


@pytest.mark.parametrize(
    "unit",
    [b"a", b"<!--", b"<?", b"<![CDATA[", b'<a b="', b"<a ", b"</a>", b"<a b=c d=e", b"&a", b"<a:b:c ", b"<", b"<item>", b"-->", b"&#1"],
    ids=lambda unit: unit.decode(),
)
def test_what_never_ends_is_mended_in_time(unit: bytes) -> None:
    document = b"<rss><channel><item><title>x</title><" + unit * (LENGTH // len(unit)) + b"</item></channel></rss>"
    began = time.process_time()
    mended(document)
    assert time.process_time() - began < 3
