"""Two stages of one story stay two stories: asked and answered, coming and come, put off twice, told and commented on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.arabic.fold import fold
from aggregator.dedup import New, Report, SameAs, Verdict
from aggregator.dedup.headline import headline
from aggregator.dedup.index import MemoryIndex


def second(one: Report, other: Report) -> Verdict:
    index = MemoryIndex()
    index.add(one)
    return index.add(other)[1]


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("مهاجم نيجيري في طريقه إلى النجم الساحلي", "مهاجم نيجيري في طريقه إلى النجم الساحلي؟", "question"),
        ("لماذا رفعت الجزائر أسعار الوقود؟", "الجزائر ترفع أسعار الوقود", "question"),
        ("وزير النقل سيدشن جسر المحمودية الجديد", "وزير النقل يدشن جسر المحمودية الجديد", "stage"),
        ("الليرة التركية تقترب من أدنى مستوياتها في شهرين", "الليرة التركية تهبط إلى أدنى مستوياتها في شهرين", "stage"),
        ("نقابة: الزيادة في الحد الأدنى للأجور هزيلة", "الحكومة تقرر الزيادة في الحد الأدنى للأجور", "stage"),
        ("فتح بحث قضائي في حريق معمل النسيج بفاس", "حريق معمل النسيج بفاس يخلف خسائر", "stage"),
        ("تأجيل محاكمة رئيس جماعة أزمور إلى الأسبوع المقبل", "تأجيل محاكمة رئيس جماعة أزمور إلى شهر فبراير", "date"),
        ("ذكريات ممثلة (1): الطفولة في حلوان", "ذكريات ممثلة (3): الطفولة في حلوان", "ordinal"),
        ("العثور على طائرة التدريب المفقودة شمال ورقلة", "البحث عن طائرة التدريب المفقودة شمال ورقلة", "opposite"),
        ("ضبط المتهم بالتعدي على طفل في الشرقية", "حبس المتهم بالتعدي على طفل في الشرقية", "opposite"),
        ("بدء التصويت في جولة الإعادة بالمرحلة الثانية", "غلق لجان التصويت في جولة الإعادة بالمرحلة الثانية", "opposite"),
        ("مجلس الأمن يعتمد قرارا جديدا حول الصحراء", "ترحيب بقرار مجلس الأمن الجديد حول الصحراء", "stage"),
        ("لبنان: جلسة حكومية لبحث حصر السلاح", "لبنان: تأجيل الجلسة الحكومية لبحث حصر السلاح", "stage"),
        ("وفاة تلميذة بعد سقوطها من الطابق الثاني", "إصابة تلميذة بعد سقوطها من الطابق الثاني", "opposite"),
        ("حسام حسن يعلن قائمة منتخب مصر", "حسام حسن يعلن تشكيل منتخب مصر", "opposite"),
        ("البورصة المصرية تربح 12 مليار جنيه", "البورصة المصرية تخسر 12 مليار جنيه", "opposite"),
        ("فوضى في ملعب بركان قبل المباراة", "فوضى في ملعب بركان بعد المباراة", "opposite"),
        ("نادال في نصف نهائي بطولة برشلونة", "نادال في نهائي بطولة برشلونة", "exclusive"),
        ("الجيش السوداني يسيطر على مدينة بارا", "الدعم السريع يسيطر على مدينة بارا", "exclusive"),
    ],
)
def test_another_stage_is_other_news(one: str, other: str, code: str) -> None:
    for a, b in ((one, other), (other, one)):
        verdict = second(Report("1", a), Report("2", b))
        assert isinstance(verdict, New), f"merged: {a} | {b}"
        assert verdict.nearest
        assert code in {reason.code for reason in verdict.nearest.why}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("غدا.. افتتاح جسر المحمودية الجديد", "الأحد.. افتتاح جسر المحمودية الجديد"),
        ("النفط يقترب من أدنى مستوياته في شهرين", "النفط قرب أدنى مستوياته في شهرين"),
        ("السلطات تهدم أكواخا عشوائية قرب شاطئ الهرهورة", "هدم أكواخ عشوائية بشاطئ الهرهورة"),
        ("الحكومة: لا زيادة في أسعار الكهرباء حتى نهاية العام", "مدبولي: لا زيادة في أسعار الكهرباء حتى نهاية العام"),
        ("القبض على متهم بإطلاق النار في سوق بعقوبة", "إطلاق النار في سوق بعقوبة: القبض على متهم"),
        ("الكلاسيكو: الإفريقي يهزم النجم الساحلي", "النادي الإفريقي يهزم النجم الساحلي في الكلاسيكو"),
        ("البنك المركزي المصري يخفض الفائدة 100 نقطة أساس", "المركزي المصري يخفض الفائدة بنسبة 1%"),
    ],
)
def test_the_same_said_in_another_way_is_no_other_stage(one: str, other: str) -> None:
    assert isinstance(second(Report("1", one), Report("2", other)), SameAs)


def test_the_first_day_of_a_span_is_a_date_and_counts_nothing() -> None:
    found = headline(fold("عطلة مدرسية من 1 إلى 3 ديسمبر"))
    assert found.dates == {(1, 12), (3, 12)}
    assert found.quantities == ()


def test_a_denial_in_one_text_keeps_the_reports_apart() -> None:
    signed = "توصل نادي الوحدات إلى اتفاق مع المهاجم البرازيلي لوكاس مورايس لمدة موسمين، ويصل اللاعب إلى عمان الأسبوع المقبل لإجراء الفحص."
    denied = "نفى نادي الوحدات وجود أي مفاوضات مع المهاجم البرازيلي لوكاس مورايس، وقال إنه سيكتفي هذا الموسم بلاعبيه المحليين حتى الصيف."
    verdict = second(
        Report("1", "الوحدات يتعاقد مع المهاجم البرازيلي لوكاس مورايس", body=signed),
        Report("2", "الوحدات: لا تعاقد مع المهاجم لوكاس مورايس هذا الموسم", body=denied),
    )
    assert isinstance(verdict, New)
    assert verdict.nearest
    assert "negation" in {reason.code for reason in verdict.nearest.why}


def test_what_was_to_come_tomorrow_has_come_a_day_later() -> None:
    fate = "تحسم لجنة أمناء السر مصير الدورة الثالثة والعشرين من كأس الخليج في اجتماع تعقده بالكويت ويستمر يومين بمشاركة ثماني دول."
    result = "قرر أمناء السر في اجتماع الكويت إرجاء الدورة الثالثة والعشرين من كأس الخليج عاما لأن الملاعب لم تجهز، بمشاركة ثماني دول."
    early = datetime(2026, 8, 2, 20, tzinfo=UTC)
    for hours, apart in ((2, False), (20, True)):
        verdict = second(
            Report("1", "حسم مصير «خليجي 23» في اجتماع أمناء الاتحادات.. غدا", body=fate, outlet="a", published=early),
            Report("2", "أمناء الاتحادات يرحلون «خليجي 23» عاما كاملا", body=result, outlet="b", published=early + timedelta(hours=hours)),
        )
        why = verdict.nearest.why if isinstance(verdict, New) and verdict.nearest else ()
        assert ("stage" in {reason.code for reason in why}) == apart


POLICE = (
    "تمكنت عناصر الشرطة بولاية أمن {town} اليوم من توقيف شخص يبلغ من العمر {age} سنة للاشتباه في تورطه في حيازة وترويج المخدرات، وأسفر التفتيش عن حجز "
    "كمية من مخدر الشيرا، وقد تم الاحتفاظ بالمشتبه فيه تحت تدبير الحراسة النظرية."
)


@pytest.mark.parametrize(("town", "same"), [("مكناس", False), ("فاس", True)])
def test_one_form_of_text_about_two_towns_is_two_stories_though_the_headlines_name_none(town: str, same: bool) -> None:
    verdict = second(
        Report("1", "توقيف شخص بتهمة حيازة المخدرات", body=POLICE.format(town="فاس", age=28), outlet="a"),
        Report("2", "توقيف شخص للاشتباه في حيازته مخدرات", body=POLICE.format(town=town, age=28 if same else 35), outlet="b"),
    )
    assert isinstance(verdict, SameAs) == same
