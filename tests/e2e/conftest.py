"""A page over the built-in newsroom, served on loopback, and a real Chromium that looks at it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def served_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `mujaz demo` as a user does, with the page left on, and give the page's address."""
    folder = tmp_path_factory.mktemp("demo")
    command = [
        sys.executable,
        "-c",
        "import sys; from aggregator.cli import main; sys.exit(main())",
        "--data",
        str(folder),
        "demo",
        "--serve",
    ]
    log = folder / "demo.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**_environment(), "MUJAZ_WEB__PORT": "0"})
    try:
        address = _address(log, process)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(900):
        found = re.search(r"http://127\.0\.0\.1:\d+/(?=\s)", log.read_text(errors="replace"))
        if found:
            return found[0].rstrip("/")
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError("the demo printed no address:\n" + log.read_text(errors="replace")[-3000:])


class Revived:
    """A browser that is started again when it has died: one module's crash is not every later test's failure."""

    def __init__(self, launch: Callable[[], Browser]) -> None:
        self._launch = launch
        self._browser = launch()

    def new_context(self, **options: Any) -> BrowserContext:
        if not self._browser.is_connected():
            self._browser = self._launch()
        return self._browser.new_context(**options)

    def new_page(self, **options: Any) -> Page:
        return self.new_context(**options).new_page()

    def close(self) -> None:
        self._browser.close()


CRASHED = re.compile(r"Target crashed|has been closed|Browser closed|Connection closed|Target closed")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test of the browser a second time where the browser itself ended: a page that ends it does so again."""
    if "chromium" not in pyfuncitem.fixturenames:
        return None
    from playwright.sync_api import Error

    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    try:
        pyfuncitem.obj(**arguments)
    except Error as error:
        if not CRASHED.search(str(error)):
            raise
        print(f"the browser ended ({error}); once more", file=sys.stderr)
        pyfuncitem.obj(**arguments)
    return True


@pytest.fixture(scope="module")  # not the session: its event loop must not run beside other tests' own
def chromium() -> Iterator[Revived]:
    """Start the system's Chromium, or say that it was skipped."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = Revived(partial(playwright.chromium.launch, executable_path=path, args=ARGUMENTS))
        yield browser
        browser.close()
