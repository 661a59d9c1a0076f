"""Folding, words, stems, numbers, language: what two spellings of one thing have in common."""

from __future__ import annotations

import csv
import sys
import time

import pytest

from aggregator.arabic.digits import numbers
from aggregator.arabic.fold import clean, fold
from aggregator.arabic.forms import is_verb, is_verbal_noun
from aggregator.arabic.language import language
from aggregator.arabic.places import place
from aggregator.arabic.tokens import STOP, search_terms, stem, weight, words
from tests.quality import corpus


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("أحمد إلى آخره", "احمد الى اخره"),
        ("مستشفى", "مستشفي"),
        ("الحكومة", "الحكومه"),
        ("مُحَمَّدٌ", "محمد"),
        ("الاقـتـصـاد", "الاقتصاد"),
        ("ﺟﻼﻟﺔ اﻟﻣﻠك", "جلالة الملك"),
        ("١٥٫٥ ٪", "15.5 %"),
        ("۱۲۳", "123"),
        ("ڭولميمة گولميمة", "كولميمة كولميمة"),
        ("پاريس", "باريس"),
        ("رئيس مؤتمر", "رييس موتمر"),
        ("\u200fخبر\u200c\u202b عاجل\u202c", "خبر عاجل"),
        ("L’ÉTÉ à Fès", "l'ete a fes"),
        ("Œuvre", "oeuvre"),
    ],
)
def test_two_spellings_fold_to_one_form(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_folding_any_character_twice_changes_nothing() -> None:
    for code in range(sys.maxunicode + 1):
        once = fold(chr(code))
        assert fold(once) == once, hex(code)


def test_clean_text_has_no_control_bidi_or_broken_characters() -> None:
    assert clean("  خبر\u200f\x00 \ud800عاجل\ufeff\t\n") == "خبر عاجل"
    assert clean("e\u0301") == "é"
    assert clean("واحد\n \n\n اثنان\nثلاثة", lines=True) == "واحد\n\nاثنان ثلاثة"
    assert clean("\U0001f468\u200d\U0001f469") == "\U0001f468\u200d\U0001f469"


def test_cleaning_a_long_run_of_spaces_is_not_slow() -> None:
    start = time.perf_counter()
    clean("\n " * 200_000, lines=True)
    assert time.perf_counter() - start < 2


def test_words_come_apart_at_marks_and_elisions() -> None:
    assert words("«الرجاء»-الوداد: 2-1") == ["الرجاء", "الوداد", "2-1"]
    assert words("L'équipe d’Algérie") == ["l", "equipe", "d", "algerie"]


@pytest.mark.parametrize("word", ["كاليفورنيا", "بوتين", "ألمانيا", "لبنان", "إيران", "فالنسيا"])
def test_foreign_names_keep_their_letters(word: str) -> None:
    assert stem(fold(word)) == fold(word)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("للفلاحين", "الفلاحين"),
        ("بالمغرب", "المغرب"),
        ("وزراء", "الوزراء"),
        ("بالبرتغال", "البرتغال"),
        ("قتيلا", "قتيل"),
        ("ومراكش", "مراكش"),
        ("بألمانيا", "ألمانيا"),
    ],
)
def test_clitics_and_endings_do_not_part_a_word(one: str, other: str) -> None:
    assert stem(fold(one)) == stem(fold(other))


def test_rare_words_weigh_more() -> None:
    assert weight(stem("في")) < weight(stem("وزير")) < weight(stem("زعفران"))
    assert weight("غغغغغ") < 8


def test_function_words_are_known_in_both_scripts() -> None:
    assert {"في", "الي", "dans", "les"} <= STOP


@pytest.mark.skipif(not corpus.available(), reason="no shared data")
def test_every_variant_query_finds_its_document() -> None:
    with (corpus.DATA / "search/variants.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            assert set(search_terms(row["query"])) <= set(search_terms(row["document"])), row["what"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("مقتل 3 أشخاص وإصابة خمسة", [("3", "death"), ("5", "injury")]),
        ("مقتل ٢٢ شخصا", [("22", "death")]),
        ("5 آلاف متفرج", [("5000", "متفرج")]),
        ("5.3 مليار دولار", [("5,300,000,000", "دولار")]),
        ("نمو ب2,25 في المائة", [("2.25", "percent")]),
        ("الرجاء 2-1 الوداد", [("1-2", "score")]),
        ("الدورة الثانية والعشرين", [("22", "no:دور")]),
        ("الذكرى الستين", [("60", "no:ذكر")]),
        ("الطابق الثالث عشر", [("13", "ordinal")]),
        ("ميزانية 2027", [("2027", "year")]),
        ("بلا أرقام", []),
        ("354 863 حالة", [("354863", "حال")]),
        ("خمسة وعشرون عاما", [("25", "عام")]),
        ("ثلاثة عشر قتيلا", [("13", "death")]),
    ],
)
def test_numbers_come_with_what_they_count(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(str(q), q.unit) for q in numbers(text)] == expected


@pytest.mark.parametrize(
    ("text", "hint", "expected"),
    [
        ("أعلنت الحكومة المغربية", "", "ar"),
        ("واش المغاربة غادي يصومو؟", "fr", "ar"),
        ("Le gouvernement annonce une hausse des prix", "ar", "fr"),
        ("The government announces a rise in prices", "", "en"),
        ("El Gobierno anuncia una subida de los precios", "", "es"),
        ("ⵜⴰⵎⴰⵣⵉⵖⵜ ⴷ ⵜⵓⵜⵍⴰⵢⵜ", "fr", "zgh"),
        ("Tamaziɣt d tutlayt tunṣibt deg Lezzayer", "", "zgh"),
        ("2026 – 12:30", "ar", ""),
        ("", "", ""),
        ("Maroc", "fr-MA", "fr"),
        ("این خبر را می‌خوانید که در تهران است", "fa", "fa"),
    ],
)
def test_the_text_says_its_language(text: str, hint: str, expected: str) -> None:
    assert language(text, hint) == expected


def test_verbs_and_verbal_nouns_are_told_from_things() -> None:
    assert all(map(is_verb, ("يعلن", "تهز", "اعلنت", "سيزور")))
    assert not any(map(is_verb, ("زعفران", "سفينه")))
    assert all(map(is_verbal_noun, ("تفكيك", "افتتاح", "استقبال")))


def test_places_are_whole_words_only() -> None:
    tangier = place("بطنجه")
    assert tangier is not None
    assert tangier.country == "MA"
    assert place("قرار") is None
    assert place("كره") is None
    assert place("اب") is None
