"""Reasons show words as the headlines wrote them, not as they are compared."""

from __future__ import annotations

import json

import pytest

from aggregator.cli.dedup import answers
from aggregator.dedup import Draft, New, Reason, Report, SameAs, draft
from aggregator.dedup.compare import compare
from aggregator.dedup.index import MemoryIndex
from aggregator.dedup.wording import said


def why(one: str, other: str) -> list[str]:
    index = MemoryIndex()
    index.add(Report("1", one))
    verdict = index.add(Report("2", other))[1]
    assert isinstance(verdict, New | SameAs)
    reasons = verdict.why if isinstance(verdict, SameAs) else verdict.nearest.why if verdict.nearest else ()
    return [reason.arabic() for reason in reasons]


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ("زلزال في الجزائر بقوة 5.1", "هزة أرضية بقوة 5.1 تضرب الجزائر", "المكان نفسه: الجزائر"),
        ("حريق بفاس يخلف خسائر كبيرة في محلات", "حريق كبير بفاس يأتي على محلات ويخلف خسائر", "المكان نفسه: فاس"),
        ("مقتل 5 أشخاص في حادث سير بمراكش", "مقتل 5 أشخاص في حادث سير بالناظور", "مكان آخر: الناظور / مراكش"),
        ("الأرجنتيني أنشيلوتي يصل إلى مدريد", "وصول الأرجنتيني أنتشيلوتّي إلى مدريد", "الاسم نفسه بكتابة أخرى: أنتشيلوتّي / أنشيلوتي"),
        ("بدء أعمال مؤتمر المناخ", "اختتام أعمال مؤتمـر المناخ", "عكسه: اختتام / بدء"),
        ("نائب رئيس الحكومة يزور وجدة", "رئيس الحكومة يزور وجدة", "صفة شخص آخر: نائب"),
        ("وزير الفلاحة يلتقي مهنيي القطاع", "وزير السياحة يلتقي مهنيي القطاع", "اسم آخر في الجملة نفسها: السياحة / الفلاحة"),
    ],
)
def test_words_are_said_as_the_headlines_spell_them(one: str, other: str, sentence: str) -> None:
    assert sentence in why(one, other)


def test_a_word_that_stands_in_neither_headline_is_left_as_it_is() -> None:
    comparison = compare(draft(Report("1", "أمطار بأكادير")).headline, draft(Report("2", "ثلوج بإفران")).headline)
    assert said(Reason("weekday", ("الاثنين", "الثلاثاء")), comparison) == Reason("weekday", ("الاثنين", "الثلاثاء"))
    assert said(Reason("places", ("باكادير", "بافران")), comparison) == Reason("places", ("أكادير", "إفران"))
    assert said(Reason("near"), comparison) == Reason("near")


def test_the_spelling_survives_the_way_through_the_database() -> None:
    kept = Draft.from_bytes(draft(Report("1", "الأرجنتين تفوز  على إيطاليا\u200f")).to_bytes())
    assert kept.title == "الأرجنتين تفوز على إيطاليا"
    assert kept.headline.text == "الارجنتين تفوز علي ايطاليا"


def test_two_spellings_of_one_headline_are_still_one() -> None:
    index = MemoryIndex()
    index.add(Report("1", "الحكومة المغربية تصادق على مشروع قانون المالية"))
    assert isinstance(index.add(Report("2", "الحكومه المغربيّة تُصادق على مشروع قانون المالية"))[1], SameAs)


def test_the_command_says_them_so() -> None:
    titles = ["زلزال في الجزائر بقوة 5.1", "هزة أرضية بقوة 5.1 تضرب الجزائر"]
    lines = [json.dumps({"id": str(number), "title": title}, ensure_ascii=False).encode() for number, title in enumerate(titles)]
    assert "المكان نفسه: الجزائر" in list(answers(lines, MemoryIndex(), "ar"))[1]["why"]


def test_french_writes_large_numbers_with_blanks() -> None:
    reason = Reason("number", ("90,000,000",))
    assert reason.say("fr") == "même nombre : 90\u202f000\u202f000"
    assert reason.say("en") == "same number: 90,000,000"
    assert Reason("number", ("1.5",)).say("fr") == "même nombre : 1,5"
    assert Reason("numbers", ("1-2", "12,5 %")).say("fr") == "autre nombre : 1-2 / 12,5 %"
