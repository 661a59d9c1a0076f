"""Folding and cleaning hold for any text."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from aggregator.arabic.digits import numbers
from aggregator.arabic.fold import clean, fold
from aggregator.arabic.tokens import search_terms, stem, words

TEXT = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("أإآىةؤئءوبلكفالـًٌَُِّ ٠١٢ﷲﻼéÉœ’-:\u200f\u200c\n")), max_size=120)


@given(TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXT, TEXT)
def test_folding_two_texts_is_folding_their_sum(one: str, other: str) -> None:
    assert fold(one + other) == fold(one) + fold(other)


@given(st.text(alphabet=st.sampled_from("أإآىةؤئءوبلكفالـًٌَُِّ ٠١٢«»،؟…abXYéÉçÀ’–:\u00a0\u200f\u200c\n"), max_size=60))
def test_usual_text_is_folded_like_text_with_a_rare_character(text: str) -> None:
    assert fold(text) + "ﷲ" != fold(text + "ﷲ") == fold(text) + fold("ﷲ")


@given(TEXT, st.booleans())
def test_cleaning_twice_is_cleaning_once(text: str, lines: bool) -> None:
    once = clean(text, lines=lines)
    assert clean(once, lines=lines) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode()  # no half surrogate pair


@given(TEXT)
def test_no_text_breaks_the_words_stems_and_numbers(text: str) -> None:
    assert len(search_terms(text)) == len(words(text))
    assert all(stem(word) for word in words(text))
    numbers(text)
