"""Pages that stand where an article should: walls against robots, and errors sent with status 200."""

from __future__ import annotations

import re

from aggregator.errors import DocumentError
from aggregator.extract.page import Page, text_of

_SHORT = 2_500  # characters of text: a wall says little, an article about walls says more
_WALL = re.compile(
    r"just a moment|attention required|checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|verify you are not a (?:ro)?bot|enable javascript and cookies|ddos[- ]?(?:guard|protection)"
    r"|access (?:to this page has been )?denied|you have been blocked|request unsuccessful\. incapsula|incapsula incident|are you a robot|robot check|security check|captcha|pardon our interruption"
    r"|unusual traffic|cf-browser-verification|ray id|please wait while we (?:check|verify)|bot verification|human verification|access blocked|403 forbidden|sucuri website firewall|one more step"
    r"|تحقق من أنك إنسان|التحقق من أنك لست روبوت|أنا لست برنامج روبوت|جار التحقق من المتصفح|تم حظر وصولك|vérification de sécurité|vérifiez que vous êtes humain|accès refusé",
    re.I,
)  # fmt: skip
_MISSING = re.compile(
    r"^\W*(?:(?:خطأ )?404|الصفحة غير موجودة|الصفحة المطلوبة غير موجودة|صفحة غير موجودة|لم يتم العثور على الصفحة|عذرا.{0,30}(?:غير موجود|لم يتم العثور)|(?:error )?404|page (?:introuvable|not found)|not found|nothing found|erreur 404|500 internal|503 service|502 bad gateway|service unavailable|database error|index of /)",
    re.I,
)  # fmt: skip


def refuse(page: Page) -> None:
    """Raise `DocumentError` for a wall (``blocked``) or an error page (``not_an_article``); do nothing for any other."""
    title = page.title
    wall = _WALL.search(title)
    text = ""
    if not wall and len(page.text) < 400_000:
        text = " ".join(text_of(page.body)[:20_000].split())
        if len(text) < _SHORT:
            wall = _WALL.search(text)
    if wall and (len(text) or len(" ".join(text_of(page.body)[:20_000].split()))) < _SHORT and page.tree.find(".//article") is None:
        raise DocumentError("blocked", f"The site keeps robots out: the page says {wall[0]!r}.")
    if _MISSING.search(title):
        raise DocumentError("not_an_article", f"The page is an error message: {title[:80]!r}.")
