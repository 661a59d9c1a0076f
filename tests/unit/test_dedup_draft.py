"""A signature's hashes: what is computed at once for speed is what the formula says."""

from __future__ import annotations

import importlib

from hypothesis import given
from hypothesis import strategies as st

from aggregator.dedup import Draft, Report, draft

whole = importlib.import_module("aggregator.dedup.draft")
BODY = "قال وزير الفلاحة إن 12 جهة ستستفيد من برنامج جديد لدعم الفلاحين الصغار، وأضاف أن كلفته تبلغ 1.5 مليار درهم في ثلاث سنوات."


@given(st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=60))
def test_runs_hashed_at_once_are_those_hashed_one_by_one(stems: list[int]) -> None:
    first, second, third = whole._FIRST, whole._SECOND, whole._THIRD
    runs = zip(stems, stems[1:], stems[2:], strict=False)
    assert whole._shingles(stems) == sorted({(a * first ^ b * second ^ c * third) % 2**64 for a, b, c in runs})


@given(st.lists(st.integers(0, 2**32 - 1), max_size=60))
def test_the_lowest_bits_of_packed_hashes_are_theirs(hashes: list[int]) -> None:
    assert list(whole.low_bits(whole._packed(hashes))) == [each & 7 for each in hashes]


def test_keys_are_numbers_that_a_database_takes() -> None:
    made = draft(Report("1", "وزير الفلاحة يقدم برنامج دعم الفلاحين الصغار", BODY))
    assert len(set(made.keys)) == len(made.keys) > 16
    assert all(-(2**63) <= key < 2**63 for key in made.keys)


def test_a_signature_without_its_words_hashes_has_them_of_its_headline() -> None:
    made = draft(Report("1", "وزير الفلاحة يقدم برنامج دعم الفلاحين الصغار", BODY))
    older = Draft(*(getattr(made, name) for name in Draft.__slots__[: Draft.__slots__.index("content")]))
    assert older.content == b""
    assert older.content_weights() == made.content_weights()
    assert made.content_weights()
