"""Whether two reports are the same piece of news, from outside: the index, the verdicts and their reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.dedup import VERSION, Candidate, Draft, New, Reason, Report, Revises, SameAs, Verdict, adds_nothing, draft, judge
from aggregator.dedup.agency import agency
from aggregator.dedup.index import MemoryIndex
from aggregator.dedup.reason import say
from aggregator.dedup.texts import containment

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SPAIN = (
    "تفكيك شبكة للإتجار بالبشر في إسبانيا استغلت أكثر من ألف امرأة",
    "إسبانيا.. تفكيك شبكة متخصصة في الاتجار بالبشر استغلت أزيد من ألف امرأة",
)
FIRE = """اندلع حريق مهول مساء اليوم في معمل للنسيج بالحي الصناعي بمدينة طنجة، مما استدعى تدخل عناصر الوقاية المدنية التي تمكنت
من السيطرة على ألسنة النيران بعد ثلاث ساعات من العمل المتواصل، دون تسجيل خسائر في الأرواح، فيما فتحت المصالح الأمنية بحثا لمعرفة أسباب الحادث وملابساته."""


def verdicts(*reports: Report) -> list[Verdict]:
    index = MemoryIndex()
    return [index.add(report)[1] for report in reports]


def merged(one: str, other: str, **fields: object) -> bool:
    return isinstance(verdicts(Report("1", one), Report("2", other, **fields))[1], SameAs)  # type: ignore[arg-type]


def test_the_pair_this_project_is_named_for_is_one_story_with_reasons() -> None:
    _, second = verdicts(Report("1", SPAIN[0]), Report("2", SPAIN[1]))
    assert isinstance(second, SameAs)
    assert second.item == 0
    assert second.score >= 0.9
    assert "same number: 1000" in map(str, second.why)


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("مقتل 5 أشخاص في حادث سير قرب مراكش", "مقتل 7 أشخاص في حادث سير قرب مراكش", "numbers"),
        ("مقتل 5 أشخاص في حادث سير في مراكش", "مقتل 5 أشخاص في حادث سير في طنجة", "places"),
        ("توقعات أحوال الطقس ليوم الاثنين بالمغرب", "توقعات أحوال الطقس ليوم الثلاثاء بالمغرب", "weekday"),
        ("أسعار الخضر بسوق الجملة 10 نوفمبر", "أسعار الخضر بسوق الجملة 17 نوفمبر", "date"),
        ("انطلاق الدورة الثانية لمهرجان السينما بالرباط", "انطلاق الدورة الثالثة لمهرجان السينما بالرباط", "ordinal"),
        ("المنتخب المغربي يواجه نظيره التونسي وديا", "المنتخب المغربي يفوز على نظيره التونسي وديا", "opposite"),
        ("وزير العدل يشارك في مؤتمر مكافحة الفساد بجنيف", "وزير العدل لن يشارك في مؤتمر مكافحة الفساد بجنيف", "negation"),
        ("حادث انقلاب حافلة قرب الصويرة", "فتح تحقيق في حادث انقلاب حافلة قرب الصويرة", "stage"),
        ("وزير الفلاحة يزور معرض التمور بأرفود", "نائب وزير الفلاحة يزور معرض التمور بأرفود", "deputy"),
        ("ارتفاع جديد في سعر الذهب بالسوق المصرية", "ارتفاع جديد في سعر الدولار بالسوق المصرية", "exclusive"),
        ("حجز أربعة أطنان من السكر المدعم المهرب بالكاف", "حجز أربعة أطنان من الكسكسي المدعم المهرب بالكاف", "names"),
    ],
)
def test_a_contradiction_keeps_two_like_headlines_apart_and_is_named(one: str, other: str, code: str) -> None:
    verdict = verdicts(Report("1", one), Report("2", other))[1]
    assert isinstance(verdict, New)
    assert verdict.nearest is not None
    assert code in {reason.code for reason in verdict.nearest.why}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("بنك المغرب يبقي سعر الفائدة دون تغيير", "عاجل.. بنك المغرب يبقي على سعر الفائدة دون تغيير"),
        ("تصحيح أوضاع 354863 وافدا يمنيا في المملكة", "تصحيح أوضاع 354 ألف وافد يمني في المملكة"),
        ("ريال مدريد يجدد عقد المدرب أنشيلوتي حتى 2026", "رسميا.. ريال مدريد يجدد عقد مدربه أنتشيلوتي إلى غاية 2026"),
    ],
)
def test_a_rewording_is_the_same_story(one: str, other: str) -> None:
    assert merged(one, other)


def test_another_development_is_linked_as_related() -> None:
    _, second = verdicts(Report("1", "توقيف متهم بسرقة بنك في مدينة وهران"), Report("2", "محاكمة متهم بسرقة بنك في مدينة وهران"))
    assert isinstance(second, New)
    assert [link.item for link in second.related] == [0]
    assert 0.4 <= second.related[0].score < 0.75


def test_a_repeated_id_or_address_is_a_revision() -> None:
    _, by_id, by_address = verdicts(
        Report("a", "عنوان أول للخبر", url="https://x.example/1"),
        Report("a", "عنوان معدل للخبر"),
        Report("b", "عنوان ثالث", url="https://x.example/1#top"),
    )
    assert by_id == by_address == Revises(0, 0)


def test_the_same_text_under_another_headline_is_the_same_story() -> None:
    verdict = verdicts(
        Report("1", "حريق مهول بمعمل للنسيج بطنجة", FIRE, "أ", published=NOON),
        Report("2", "النيران تلتهم معملا للنسيج في طنجة", FIRE, "ب", published=NOON),
    )[1]
    assert isinstance(verdict, SameAs)
    assert "100 % of the shorter text" in map(str, verdict.why)


def test_one_outlets_next_report_is_a_story_of_its_own() -> None:
    later = NOON + timedelta(hours=5)
    verdict = verdicts(
        Report(
            "1",
            "أمطار قوية على مدن الشمال",
            "نزلت أمطار قوية على مدن الشمال هذا المساء حسب مصالح الأرصاد الجوية التي توقعت استمرارها في الليل كله",
            "أ",
            published=NOON,
        ),
        Report(
            "2",
            "أمطار قوية جديدة على مدن الشمال",
            "عادت الأمطار إلى مدن الشمال بعد توقف دام ساعات وغمرت المياه عددا من الأزقة والطرق المؤدية إلى الميناء",
            "أ",
            published=later,
        ),
    )[1]
    assert isinstance(verdict, New)


def test_nothing_outside_the_window_is_matched() -> None:
    late = NOON + timedelta(hours=80)
    assert isinstance(verdicts(Report("1", SPAIN[0], published=NOON), Report("2", SPAIN[1], published=late))[1], New)


def test_items_without_times_are_taken_in_input_order() -> None:
    index = MemoryIndex()
    stories = [index.story_of(index.add(Report(str(k), SPAIN[k % 2]))[0]) for k in range(4)]
    assert stories == [0, 0, 0, 0]


def test_languages_are_never_mixed() -> None:
    arabic, french = draft(Report("1", "Casablanca 2026")), draft(Report("2", "Casablanca 2026", language="fr"))
    other = draft(Report("3", "Casablanca 2026", language="zgh"))
    assert not set(french.keys) & set(other.keys)
    verdict = judge(other, [Candidate(1, 1, french, french)])
    assert verdict == New((), None)
    assert arabic.language != "ar"


def test_french_reports_merge_by_their_own_rules() -> None:
    assert merged(
        "Démantèlement d’un réseau de traite d’êtres humains en Espagne", "Espagne : demantelement d'un réseau de traite d'êtres humains"
    )
    assert not merged("Séisme : 12 morts à Agadir", "Séisme : 25 morts à Agadir")


def test_tamazight_reports_merge_by_their_own_rules() -> None:
    assert merged("ⵜⴰⵙⵔⵜⵉⵜ ⵏ ⵜⵎⴰⵣⵉⵖⵜ ⴳ ⵍⵎⵖⵔⵉⴱ", "ⵜⴰⵙⵔⵜⵉⵜ ⵏ ⵜⵎⴰⵣⵉⵖⵜ, ⴳ ⵍⵎⵖⵔⵉⴱ")


def test_the_name_of_a_column_is_no_story() -> None:
    assert not merged("بين الخطأ والصواب", "بين الخطأ والصواب")
    assert not merged("استشارات", "استشارات")


def test_a_story_does_not_drift() -> None:
    first, second = draft(Report("1", SPAIN[0])), draft(Report("2", SPAIN[1]))
    other = draft(Report("3", "تفكيك شبكة للإتجار بالبشر في إيطاليا استغلت أكثر من ألف امرأة"))
    assert isinstance(judge(second, [Candidate(5, 1, first, first)]), SameAs)
    drifted = judge(second, [Candidate(5, 1, first, other, size=2)])
    assert isinstance(drifted, New)
    assert drifted.nearest is not None
    assert drifted.nearest.why == (Reason("lead_conflict"),)


def test_an_old_story_takes_no_more_items() -> None:
    old = draft(Report("1", SPAIN[0], published=NOON - timedelta(hours=65)))
    recent = draft(Report("2", SPAIN[1], published=NOON - timedelta(hours=20)))
    verdict = judge(draft(Report("3", SPAIN[0], published=NOON)), [Candidate(2, 1, recent, old, size=2)])
    assert isinstance(verdict, New)
    assert verdict.nearest is not None
    assert verdict.nearest.why == (Reason("old"),)


def test_the_same_item_is_revised_whatever_it_says() -> None:
    made = draft(Report("1", "خبر"))
    assert judge(made, [Candidate(7, 3, draft(Report("2", "شيء آخر")), made, same_item=True)]) == Revises(7, 3)


@pytest.mark.parametrize(
    "report", [Report("1", SPAIN[0], FIRE, "هسبريس", published=NOON), Report("2", "", ""), Report("3", "عنوان", "قصير")]
)
def test_a_signature_survives_the_way_through_the_database(report: Report) -> None:
    made = draft(report)
    assert Draft.from_bytes(made.to_bytes()) == made
    assert len(made.to_bytes()) < 2_000
    assert all(-(2**63) <= key < 2**63 for key in made.keys)
    assert len(made.keys) <= 32


@pytest.mark.parametrize("data", [b"", b"\x00" * 80, bytes([VERSION + 1]) + b"\0" * 80, draft(Report("1", "x")).to_bytes()[:-1]])
def test_a_broken_signature_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="signature"):
        Draft.from_bytes(data)


def test_substance_is_blind_to_spelling_and_sees_a_changed_text() -> None:
    one = draft(Report("1", "خبرٌ عاجل", "نص الخبر"))
    assert one.substance == draft(Report("9", "خبر  عاجل", "نصّ الخبر")).substance
    assert one.substance != draft(Report("1", "خبر عاجل", "نص آخر")).substance


def test_a_text_within_another_adds_nothing() -> None:
    whole, part = draft(Report("1", "أ", FIRE + " " + FIRE.replace("طنجة", "تطوان"))), draft(Report("2", "ب", FIRE))
    assert containment(whole, part) > 0.9
    assert adds_nothing(part, whole)
    assert not adds_nothing(whole, part)
    assert adds_nothing(draft(Report("3", "ج")), whole)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("الرباط - ومع: أعلن", "و م ع"),
        ("واشنطن (رويترز) - قال", "رويترز"),
        ("… وفق ما نقلته وكالة الأنباء السعودية", "واس"),
        ("ومع ذلك قال الوزير إن الرحلة مع وكالات السفر ألغيت", ""),
        ("", ""),
    ],
)
def test_wire_copy_names_its_agency(body: str, name: str) -> None:
    assert agency(body) == name


def test_reasons_are_said_in_three_languages_and_stored_as_one_line() -> None:
    reason = Reason("weekday", ("الاثنين", "الثلاثاء"))
    assert str(reason) == "other weekday: الاثنين / الثلاثاء"
    assert reason.arabic() == "يوم آخر: الاثنين / الثلاثاء"
    assert Reason.from_text(reason.to_text()) == reason
    assert say("from-a-later-version|x", "ar") == "from-a-later-version|x"


def test_every_reason_that_the_code_gives_has_its_sentences() -> None:
    import re
    from pathlib import Path

    from aggregator import dedup
    from aggregator.dedup.reason import _sentences

    folder = Path(dedup.__file__).parent
    codes = {code for path in folder.glob("*.py") for code in re.findall(r'Reason\(\s*"(\w+)"', path.read_text(encoding="utf-8"))}
    assert codes <= set(_sentences())
    for sentences in _sentences().values():
        assert all(sentences[language] for language in ("en", "ar", "fr"))


def test_the_window_forgets_what_is_too_old() -> None:
    index = MemoryIndex(window_hours=24)
    for hour in range(0, 100, 10):
        index.add(Report(str(hour), f"خبر رقم {hour} عن موضوع مختلف تماما {hour * 7}", published=NOON + timedelta(hours=hour)))
    assert len(index) <= 4
