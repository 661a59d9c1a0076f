"""The pipe command: NDJSON in, one verdict a line out, in order, and an error in place of what can't be read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from aggregator.cli.dedup import answers
from aggregator.dedup.index import MemoryIndex


def ask(*lines: Any, language: str = "en") -> list[dict[str, Any]]:
    raw = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
    return list(answers(raw, MemoryIndex(), language))


def test_a_verdict_has_the_fields_of_the_contract() -> None:
    first, second = ask(
        {"id": "a", "title": "وفاة الفنان الكبير حسن ميكري بالرباط"}, {"id": 7, "title": "الرباط.. وفاة الفنان الكبير حسن ميكري"}
    )
    assert first == {"id": "a", "story": "a", "verdict": "new", "matched": None, "score": 0.0, "why": [], "related": []}
    assert second["id"] == "7"
    assert (second["story"], second["verdict"], second["matched"], second["related"]) == ("a", "same", "a", [])
    assert second["why"]


def test_what_was_kept_apart_says_why() -> None:
    *_, last = ask(
        {"id": "1", "title": "توقعات أحوال الطقس ليوم الاثنين بالمغرب"},
        {"id": "2", "title": "توقعات أحوال الطقس ليوم الثلاثاء بالمغرب"},
        language="ar",
    )
    assert last["verdict"] == "new"
    assert last["matched"] is None
    assert "يوم آخر: الثلاثاء / الاثنين" in last["why"]


def test_reasons_name_both_sides() -> None:
    *_, last = ask({"id": "1", "title": "مقتل 5 أشخاص في حادث سير قرب مراكش"}, {"id": "2", "title": "مقتل 7 أشخاص في حادث سير قرب مراكش"})
    assert any("7" in reason and "5" in reason for reason in last["why"])


def test_errors_stand_in_their_place_and_the_rest_goes_on() -> None:
    found = ask(
        b"not json",
        [1],
        {"id": "x"},
        {"id": "y", "title": 5},
        {"id": "z", "title": "خبر", "published": "yesterday"},
        b"\xff\xfe",
        {"error": {"kind": "empty"}, "document": "d"},
        {"id": "ok", "title": "خبر"},
        b"   ",
    )
    assert [row.get("error", {}).get("kind") for row in found] == [
        "not_json",
        "not_an_item",
        "no_title",
        "wrong_type",
        "wrong_date",
        "not_utf8",
        "error_line",
        None,
    ]
    assert [row.get("id") for row in found] == [None, None, "x", "y", "z", None, None, "ok"]


def test_parsed_items_pipe_in_with_their_html() -> None:
    text = (
        "اندلع حريق مهول مساء اليوم في معمل للنسيج بالحي الصناعي بمدينة طنجة مما استدعى تدخل عناصر الوقاية المدنية التي تمكنت "
        "من السيطرة على ألسنة النيران بعد ثلاث ساعات من العمل المتواصل دون تسجيل خسائر في الأرواح"
    )
    found = ask(
        {
            "id": "1",
            "title": "حريق مهول بمعمل للنسيج بطنجة",
            "summary": "",
            "content_html": f"<p>{text}</p>",
            "published": "2026-11-25T10:00:00Z",
        },
        {"id": "2", "title": "النيران تلتهم معملا للنسيج في طنجة", "body": text, "published": None},
    )
    assert found[1]["verdict"] == "same"


def test_a_repeated_id_revises() -> None:
    assert ask({"id": "1", "title": "أ ب ت"}, {"id": "1", "title": "أ ب ث"})[1]["verdict"] == "revises"


def test_lines_are_answered_one_by_one_and_a_failed_line_ends_with_status_1() -> None:
    command = [sys.executable, "-c", "from aggregator.cli import main; raise SystemExit(main(['dedup']))"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()}) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"id": "1", "title": "خبر"}).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == "1"  # before the input ends
        process.stdin.write(b"{\n")
        process.stdin.close()
        assert "error" in json.loads(process.stdout.readline())
        assert process.wait(30) == 1
