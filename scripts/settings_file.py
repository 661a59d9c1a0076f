"""Write config/mujaz.toml from the settings, every one commented and at its default; --check says whether it is up to date."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

from aggregator.settings import Settings

FILE = Path(__file__).parent.parent / "config" / "mujaz.toml"
HEAD = """# Mujaz: every setting, commented, at its default. Take the # away to change one.
# Each can also come from the environment: MUJAZ_FETCH__MIN_INTERVAL=600 is fetch.min_interval.
# Made by scripts/settings_file.py from aggregator/settings.py; a test keeps the two together.
"""


def text() -> str:
    """Give the file's text."""
    lines = [HEAD]
    for name, section in Settings.model_fields.items():
        lines.append(f"[{name}]")
        for key, field in type(section.default).model_fields.items():
            lines += [f"# {line}" for line in textwrap.wrap(field.description or "", 110)]
            value = [] if field.default == () else field.default
            lines.append(f"# {key} = {json.dumps(value, ensure_ascii=False)}" if value is not None else f'# {key} = "config/sources"')
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    if "--check" in sys.argv:
        raise SystemExit(int(FILE.read_text(encoding="utf-8") != text()))
    FILE.write_text(text(), encoding="utf-8")
