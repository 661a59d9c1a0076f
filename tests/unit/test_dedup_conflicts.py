"""What tells two reports apart that look alike, one kind of contradiction after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.arabic.digits import numbers
from aggregator.arabic.places import place
from aggregator.dedup import New, Reason, Report, SameAs, Verdict
from aggregator.dedup.index import MemoryIndex

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def verdicts(*reports: Report) -> list[Verdict]:
    index = MemoryIndex()
    return [index.add(report)[1] for report in reports]


def reasons(one: str, other: str) -> set[str]:
    """Give why two headlines were kept apart; fails where they were merged."""
    verdict = verdicts(Report("1", one), Report("2", other))[1]
    assert isinstance(verdict, New), f"merged: {one} | {other}"
    return {reason.code for reason in verdict.nearest.why} if verdict.nearest else set()


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("إيران تتهم إسرائيل بتنفيذ هجوم على سفينة", "إسرائيل تتهم إيران بتنفيذ هجوم على سفينة", "swap"),
        ("كينيا تستدعي سفير السودان للتشاور", "السودان يستدعي سفير كينيا للتشاور", "swap"),
        ("وزارة الفلاحة تعلن عن مباراة لتوظيف مهندسين", "وزارة الشباب تعلن عن مباراة لتوظيف مهندسين", "names"),
        ("مجلس الشيوخ يناقش قانون العمل الجديد", "مجلس النواب يناقش قانون العمل الجديد", "names"),
        ("النجمة يتعادل مع العهد سلبا في الدوري", "النجمة يتعادل مع الأنصار سلبا في الدوري", "names"),
        ("عودة الكهرباء إلى قرى طهطا بعد انقطاع ساعتين", "انقطاع الكهرباء عن قرى طهطا", "opposite"),
        ("وصول أول طائرة إغاثة كويتية إلى بورتسودان", "وصول ثاني طائرة إغاثة كويتية إلى بورتسودان", "ordinal"),
        ("المملكة تدين الهجوم على مطار بورتسودان", "الكويت تدين الهجوم على مطار بورتسودان", "places"),
        ("ضبط مصنع أعلاف بلا ترخيص في الشرقية", "ضبط مصنع أعلاف بلا ترخيص في القليوبية", "places"),
        ("سعيدة: حجز شاحنة محملة بالسجائر", "الوادي: حجز شاحنة محملة بالسجائر", "places"),
        ("مجلس النواب يصادق على مشروع قانون المسطرة الجنائية", "مجلس النواب يصادق على مشروع قانون المسطرة المدنية", "names"),
        ("القبض على عصابة لسرقة السيارات بالقليوبية", "القبض على عصابة لسرقة المواشي بالقليوبية", "names"),
        ("الدفاع الجوي السعودي يعترض صاروخين أطلقا نحو جازان", "الدفاع الجوي السعودي يعترض صاروخا أطلق نحو جازان", "numbers"),
        ("برنامج مقابلات كأس تونس لكرة السلة", "برنامج مقابلات كأس تونس لكرة اليد", "exclusive"),
        ("المجلس الأعلى للقضاء يعزل قاضيا", "المجلس الأعلى للقضاء يعزل قاضيين", "numbers"),
        ("العثور على جثة شاب في ترعة بالدقهلية", "العثور على جثة فتاة في ترعة بالدقهلية", "exclusive"),
        ("البنك الدولي يرفع توقعاته لنمو الاقتصاد المغربي", "صندوق النقد يرفع توقعاته لنمو الاقتصاد المغربي", "exclusive"),
        ("مجلس الوزراء الكويتي يقر قانون الإقامة الجديد", "مجلس الوزراء الكويتي يقر قانون المرور الجديد", "names"),
        ("محكمة تقضي بإعدام قاتل زوجته", "محكمة تقضي بسجن قاتل زوجته", "opposite"),
        ("مدرب الرجاء: لعبنا مباراة كبيرة أمام الوداد", "مدرب الوداد: لعبنا مباراة كبيرة أمام الرجاء", "swap"),
        ("والي جهة سوس يستقبل مستثمرين", "والي جهة الشرق يستقبل مستثمرين", "names"),
        ("إضراب الأطباء يشل مستشفيات الشمال", "إضراب الممرضين يشل مستشفيات الشمال", "names"),
        ("السجن 10 سنوات لتاجر مخدرات بالمنصورة", "السجن 15 سنة لتاجر مخدرات بالمنصورة", "numbers"),
        ("غدا.. افتتاح معرض الكتاب بالشارقة بمشاركة 60 دولة", "افتتاح معرض الكتاب بالشارقة بمشاركة 60 دولة", "stage"),
        ("غدا انطلاق بيع تذاكر مباراة تونس وغينيا", "اليوم انطلاق بيع تذاكر مباراة تونس وغينيا", "stage"),
        ("بغداد وأربيل تتوصلان إلى اتفاق بشأن الرواتب", "بغداد وأربيل تفشلان في التوصل إلى اتفاق بشأن الرواتب", "negation"),
        ("الأسهم الأوروبية تهبط لأدنى مستوى في أسبوعين", "الأسهم اليابانية تهبط لأدنى مستوى في أسبوعين", "places"),
        ("الملك يستقبل رئيس حزب القوات اللبنانية", "الأمير محمد بن سلمان يستقبل رئيس حزب القوات اللبنانية", "exclusive"),
        ("ارتفاع أرباح «الخضري» بنهاية النصف الأول", "ارتفاع أرباح «دلة» بنهاية النصف الأول", "template"),
        ("الرئيس يلتقي رئيس وزراء لبنان", "الرئيس يلتقي رئيس وزراء لبنان الأسبق", "deputy"),
        ("الرجاء يفوز على المغرب الفاسي بثلاثية", "الرجاء يفوز على المغرب الفاسي برباعية", "numbers"),
    ],
)
def test_another_doer_body_opponent_day_or_result_is_other_news(one: str, other: str, code: str) -> None:
    assert code in reasons(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ضبط 943 ثلاجة مخالفة للمواصفات", "ضبط ما يقارب ألف ثلاجة مخالفة للمواصفات"),
        ("ليفربول يكتسح إيفرتون 4-0", "ليفربول يكتسح إيفرتون برباعية نظيفة"),
        ("197 مليون ريال لتعبيد مخططات المنح بمكة", "197 مليون ريال لتعبيد مخططات المنح بمكة المكرمة"),
        ("نائب خادم الحرمين يوجه بنقل الجندي الحارثي إلى مستشفى قوى الأمن", "ولي العهد يوجه بنقل الجندي الحارثي إلى مستشفى قوى الأمن"),
        ("نقابة الصحفيين تنعى الكاتب صنع الله إبراهيم", "نقابة الصحفيين تنعى الأديب صنع الله إبراهيم"),
        ("الجيش يحبط محاولة تسلل على الحدود الشمالية للأردن", "إحباط محاولة تسلل إلى الأردن عبر حدوده الشمالية"),
        ("الحكومة تمدد حالة الطوارئ ثلاثة أشهر", "تمديد حالة الطوارئ لمدة 3 أشهر"),
        ("تعليم بيشة يدعو 306 معلما للمقابلة الشخصية", "تعليم بيشة يدعو 306 معلمين إلى المقابلات الشخصية"),
        ("معارك في تعز والمقاومة تتقدم بأبين ولحج", "المقاومة تتقدم بأبين ولحج ومعارك في تعز"),
    ],
)
def test_a_round_figure_a_by_name_or_another_title_is_no_contradiction(one: str, other: str) -> None:
    assert isinstance(verdicts(Report("1", one), Report("2", other))[1], SameAs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("استشهاد 4 وإصابة 8 على الحد الجنوبي", [("4", "death"), ("8", "injury")]),
        ("تأجيل خليجي 23 إلى العام المقبل", [("23", "خليج")]),
        ("يفوز بخماسية", [("5", "goals")]),
        ("يفوز بثنائية دون رد", [("0-2", "score")]),
    ],
)
def test_a_number_counts_nothing_behind_a_preposition(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(str(found), found.unit) for found in numbers(text)] == expected


def test_by_names_and_wide_names_are_places() -> None:
    def found(name: str) -> tuple[str, str]:
        known = place(name)
        assert known is not None, name
        return known.name, known.level

    assert found("كازا") == found("الدار البيضاء")
    assert found("النشامي")[0] == found("الاردن")[0]
    assert found("الحديده")[0] == found("بالحديده")[0]
    assert found("للهند") == found("الهند")
    kingdom, jordan, kuwait = place("المملكه"), place("الاردن"), place("الكويت")
    assert kingdom
    assert jordan
    assert kuwait
    assert kingdom.may_be(jordan)
    assert not kingdom.may_be(kuwait)


MEETING = "استقبل ولي العهد في مكتبه بقصر السلام في جدة {guest} والوفد المرافق له وجرى خلال اللقاء استعراض {matter} بحضور عدد من المسؤولين."
CHECHNYA = MEETING.format(guest="رئيس جمهورية الشيشان رمضان قاديروف", matter="العلاقات بين البلدين وسبل تطويرها")
LEBANON = MEETING.format(guest="رئيس حزب القوات اللبنانية سمير جعجع", matter="مستجدات الساحة اللبنانية والجهود حيالها")


def test_a_text_within_a_longer_one_is_not_merged_with_a_headline_on_its_other_half() -> None:
    short = Report("1", "ولي العهد يلتقي رئيس جمهورية الشيشان", body=CHECHNYA, outlet="a", published=NOON)
    both = Report(
        "2", "ولي العهد يلتقي رئيس حزب القوات اللبنانية", body=f"{LEBANON} {CHECHNYA}", outlet="b", published=NOON + timedelta(hours=1)
    )
    assert isinstance(verdicts(short, both)[1], New)


def test_yesterdays_weather_is_not_todays_though_the_words_are() -> None:
    body = "توقعت الأرصاد أن تكون السماء غائمة جزئيا على {} مع فرصة لهطول أمطار رعدية مصحوبة برياح نشطة تحد من مدى الرؤية الأفقية على مناطق الجنوب"
    first = Report("1", "الأرصاد: سماء غائمة وأمطار رعدية", body=body.format("عسير والباحة وجازان"), outlet="a", published=NOON)
    for hours, same in ((2, True), (24, False)):
        later = Report(
            "2",
            "الأرصاد: سماء غائمة وأمطار رعدية",
            body=body.format("نجران وعسير ومرتفعات مكة"),
            outlet="b",
            published=NOON + timedelta(hours=hours),
        )
        assert isinstance(verdicts(first, later)[1], SameAs) is same


def test_a_story_ends_though_its_first_report_has_left_the_window() -> None:
    """Without the first report a daily headline would renew its story for ever."""
    index = MemoryIndex(window_hours=24)
    stories = []
    for day in range(8):
        report = Report(str(day), "إضراب سائقي الشاحنات في ميناء طنجة متواصل", outlet=f"o{day}", published=NOON + timedelta(hours=20 * day))
        stories.append(index.story_of(index.add(report)[0]))
    assert stories[0] == stories[3]
    assert stories[4] != stories[0]


def test_the_new_reasons_are_said_in_three_languages() -> None:
    reason = Reason("swap", ("إيران", "إسرائيل"))
    assert str(reason) == "doer and target change places: إيران / إسرائيل"
    assert "يتبادلان" in reason.arabic()
    assert "inversés" in reason.say("fr")
