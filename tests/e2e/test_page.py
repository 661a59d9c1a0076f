"""A reader's walk through the page in real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PAGES = ["/", "/?sort=spread", "/search", "/search?q=" + quote("المغرب"), "/outlets", "/health", "/about", "/nowhere"]


def open_page(browser: Browser, address: str, **options: object) -> Page:
    context = browser.new_context(locale="ar-MA", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    return page


def story_addresses(browser: Browser, base: str) -> list[str]:
    page = open_page(browser, base + "/?sort=spread")
    found = page.eval_on_selector_all(".card h2 a", "links => links.map(a => a.href)")
    page.context.close()
    return list(found)


def test_the_front_page_reads_from_right_to_left_with_a_ticker(served_page: str, chromium: Browser) -> None:
    page = open_page(chromium, served_page)
    assert page.get_attribute("html", "dir") == "rtl"
    assert page.locator(".ticker li").count() >= 20
    assert page.locator(".card").count() >= 10
    running = "getComputedStyle(document.querySelector('.ticker ul')).animationPlayState"
    assert page.evaluate(running) == "running"
    page.locator(".ticker .still").click()
    assert page.evaluate(running) == "paused"
    page.context.close()


def test_the_ticker_is_still_for_those_who_ask_for_less_motion(served_page: str, chromium: Browser) -> None:
    page = open_page(chromium, served_page, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.ticker ul')).animationName") == "none"
    page.context.close()


def test_a_merged_story_shows_every_outlets_version_and_its_reasons(served_page: str, chromium: Browser) -> None:
    page = open_page(chromium, story_addresses(chromium, served_page)[0])
    assert page.locator(".versions li").count() >= 2
    assert page.locator(".why dd").count() >= 2
    link = page.locator("p.original a")
    assert link.inner_text().strip() == "اقرأ الخبر من مصدره"
    source = link.get_attribute("href")
    assert source
    assert source.startswith("http")
    with page.expect_navigation():
        link.click()
    assert page.url.startswith(source.split("?")[0])
    page.context.close()


def test_four_spellings_of_a_word_find_the_same_stories(served_page: str, chromium: Browser) -> None:
    found = []
    for spelling in ("الحكومة", "الحكومه", "الحُكُومة", "للحكومة"):
        page = open_page(chromium, f"{served_page}/search?q={quote(spelling)}")
        found.append(page.eval_on_selector_all(".card h2 a", "links => links.map(a => a.pathname).sort()"))
        assert page.locator("mark").count() >= 1
        page.context.close()
    assert found[0]
    assert all(each == found[0] for each in found)


def test_a_picture_reported_by_three_visitors_is_gone_from_page_and_feed(served_page: str, chromium: Browser) -> None:
    page = open_page(chromium, served_page)
    form = page.locator(".card .report").first
    action = str(form.get_attribute("action"))
    number = action.rsplit("/", 1)[1]
    page.context.close()
    for visitor in range(3):
        page = open_page(chromium, served_page)
        page.locator(f".card form[action='{action}'] button").click()
        page.locator(".thanks").wait_for()
        assert "شكرا على الإبلاغ" in page.locator(".thanks").inner_text(), visitor
        page.context.close()
    page = open_page(chromium, served_page)
    assert page.locator(f"img[src='/picture/{number}']").count() == 0
    assert page.request.get(f"{served_page}/picture/{number}").status == 404
    assert page.request.get(f"{served_page}/api/v1/items/{number}").json()["image"] == ""
    page.context.close()


def test_a_report_works_without_javascript(served_page: str, chromium: Browser) -> None:
    page = open_page(chromium, served_page, java_script_enabled=False)
    with page.expect_navigation():
        page.locator(".card .report button").last.click()
    assert "thanks=" in page.url
    page.context.close()


def test_dark_mode_is_kept(served_page: str, chromium: Browser) -> None:
    page = open_page(chromium, served_page)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    with page.expect_navigation():
        page.get_by_role("button", name="الوضع الداكن").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.goto(served_page + "/outlets")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.context.close()


def test_the_keyboard_alone_reaches_a_story(served_page: str, chromium: Browser) -> None:
    page = open_page(chromium, served_page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.card h2') !== null"):
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/story/" in page.url
    page.context.close()


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_scrolls_sideways(served_page: str, chromium: Browser, width: int) -> None:
    stories = [address.removeprefix(served_page) for address in story_addresses(chromium, served_page)[:2]]
    page = open_page(chromium, served_page, viewport={"width": width, "height": 640})
    for path in [*PAGES, *stories]:
        page.goto(served_page + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.context.close()


def test_axe_finds_no_violation_on_any_page(served_page: str, chromium: Browser) -> None:
    from axe_playwright_python.sync_playwright import Axe

    stories = [address.removeprefix(served_page) for address in story_addresses(chromium, served_page)[:2]]
    for scheme in ("light", "dark"):
        page = open_page(chromium, served_page, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
        for path in [*PAGES, *stories]:
            page.goto(served_page + path)
            results = Axe().run(page)
            assert results.violations_count == 0, f"{path} ({scheme}): {results.generate_report()}"
        page.context.close()


def test_no_page_asks_anyone_else(served_page: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" and "404" not in message.text else None)
    for path in PAGES:
        page.goto(served_page + path)
        page.wait_for_load_state("networkidle")
    assert all(url.startswith((served_page, "data:")) for url in asked)
    assert problems == []
    context.close()


def test_the_front_page_is_light(served_page: str, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="ar-MA")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(served_page)
    page.wait_for_load_state("networkidle")
    assert len(asked) < 20, asked
    assert answer is not None
    assert answer.header_value("content-encoding") in ("br", "gzip")
    assert int(answer.header_value("content-length") or 10**9) <= 60_000
    context.close()


def test_the_page_works_in_three_languages(served_page: str, chromium: Browser) -> None:
    page = open_page(chromium, served_page + "/?ui=fr")
    assert page.get_attribute("html", "dir") == "ltr"
    assert page.get_by_role("link", name="Les plus récentes").count() == 1
    page.goto(served_page + "/?ui=en")
    assert page.get_by_role("link", name="Most widely reported").count() == 1
    page.context.close()


@pytest.mark.long
def test_screens_are_written_where_the_readme_looks(served_page: str, chromium: Browser, tmp_path: Path) -> None:
    from scripts.screenshots import SCREENS, take

    written = take(chromium, served_page, tmp_path)
    assert {path.name for path in written} == {f"{screen.name}.png" for screen in SCREENS}
    assert all(path.stat().st_size > 5_000 for path in written)


@pytest.mark.long
def test_a_picture_that_cannot_be_had_leaves_no_hole(served_page: str, chromium: Browser) -> None:
    page = chromium.new_context(locale="ar-MA").new_page()
    page.route("**/picture/**", lambda route: route.fulfill(status=404))
    page.goto(served_page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("[...document.querySelectorAll('.lead .picture, .card .picture')].slice(0, 3).every(e => e.hidden)")
    page.goto(page.eval_on_selector(".lead h3 a", "a => a.href"))
    page.wait_for_load_state("networkidle")
    assert page.locator("figure").is_hidden(), "also one that failed before the script ran"
    page.context.close()


@pytest.mark.long
def test_a_finger_can_hit_what_can_be_hit(served_page: str, chromium: Browser) -> None:
    stories = [address.removeprefix(served_page) for address in story_addresses(chromium, served_page)[:1]]
    page = open_page(chromium, served_page, viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    small = """() => [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden])")]
        .filter(e => !e.closest("p:not(.meta):not(.hint), li[dir], h1, h2, h3, .unseen, .skip, [aria-hidden=true]") && e.offsetWidth > 1)
        .map(e => [e.textContent.trim(), e.getBoundingClientRect()]).filter(([, r]) => Math.min(r.width, r.height) < 24).map(([t]) => t)"""
    for path in [*PAGES, *stories]:
        page.goto(served_page + path)
        assert page.evaluate(small) == [], path
    page.context.close()
