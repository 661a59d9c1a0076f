"""Take the pictures of the page that the README shows.

python -m scripts.screenshots ADDRESS [FOLDER]     (default: docs/screenshots; `make screenshots` starts the demo for it)
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DESK, PHONE = (1200, 860), (360, 760)


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture: a page, a window and a colour scheme."""

    name: str
    path: str
    window: tuple[int, int] = DESK
    scheme: str = "light"


SCREENS = (
    Screen("front", "/"),
    Screen("front-dark", "/", scheme="dark"),
    Screen("front-phone", "/", PHONE),
    Screen("story", "story"),
    Screen("story-dark", "story", scheme="dark"),
    Screen("story-phone", "story", PHONE),
    Screen("search", "/search?q=" + quote("الحكومه")),
    Screen("search-phone", "/search?q=" + quote("الحكومه"), PHONE),
    Screen("outlets", "/outlets"),
    Screen("health", "/health"),
)


def take(browser: Browser, base: str, folder: Path) -> list[Path]:
    """Write every screen into ``folder`` and give the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for screen in SCREENS:
        width, height = screen.window
        page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme=screen.scheme, reduced_motion="reduce", locale="ar-MA"
        )  # type: ignore[arg-type]
        page.goto(base + ("/?sort=spread" if screen.path == "story" else screen.path))
        if screen.path == "story":
            page.goto(str(page.eval_on_selector(".card h2 a", "a => a.href")))
        page.wait_for_load_state("networkidle")
        path = folder / f"{screen.name}.png"
        page.screenshot(path=str(path))
        page.close()
        written.append(path)
    return written


@contextmanager
def demo() -> Iterator[str]:
    """Run the demo with its page on a free port and give the page's address."""
    with tempfile.TemporaryDirectory(prefix="mujaz-screens-") as folder:
        command = [
            sys.executable,
            "-c",
            "import sys; from aggregator.cli import main; sys.exit(main())",
            "--data",
            folder,
            "demo",
            "--serve",
        ]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "MUJAZ_WEB__PORT": "0", "PYTHONUNBUFFERED": "1"}
        )
        assert process.stdout is not None
        try:
            yield next(found[0] for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+(?=/ \(Ctrl)", line)))
        finally:
            process.terminate()
            process.communicate(timeout=20)


def main(arguments: list[str]) -> int:
    """Take the pictures with the system's Chromium; without an address, of a demo that is started for it."""
    if not arguments:
        with demo() as base:
            return main([base])
    from playwright.sync_api import sync_playwright

    folder = Path(arguments[1] if len(arguments) > 1 else "docs/screenshots")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        for path in take(browser, arguments[0].rstrip("/"), folder):
            print(path)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
