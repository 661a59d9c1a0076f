"""Write the table of environment variables in docs/scaling.md from the settings; --check says whether it is up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aggregator.settings import Settings

FILE = Path(__file__).parent.parent / "docs" / "scaling.md"
BEGIN, END = "<!-- made by scripts/environment.py -->\n", "<!-- end -->\n"


def table() -> str:
    """Give the table's text."""
    lines = ["", "| variable | default | what it is |", "|---|---|---|"]
    for name, section in Settings.model_fields.items():
        for key, field in type(section.default).model_fields.items():
            value = [] if field.default == () else field.default
            shown = (
                "" if value in (None, "") else f"`{json.dumps(value, ensure_ascii=False)}`" if not isinstance(value, str) else f"`{value}`"
            )
            meant = (field.description or "").replace("|", "\\|")
            lines.append(f"| `MUJAZ_{name.upper()}__{key.upper()}` | {shown} | {meant} |")
    return "\n".join([*lines, "", ""])


def text() -> str:
    """Give the page's text with the table as it should be."""
    before, _, rest = FILE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    if "--check" in sys.argv:
        raise SystemExit(int(FILE.read_text(encoding="utf-8") != text()))
    FILE.write_text(text(), encoding="utf-8")
