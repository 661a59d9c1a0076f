"""Readers' reports: a picture that should not be shown, a merge that is wrong."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from aggregator.web.pages import Id, local, look, site_of
from aggregator.web.request import secure

router = APIRouter(include_in_schema=False)
REMEMBERED = 90 * 86_400


def reporter(salt: bytes, address: str, cookie: str) -> str:
    """Give the salted hash by which reports of one person count once; neither address nor cookie can be read from it."""
    return hashlib.blake2b(f"{address}\0{cookie}".encode(), key=salt[:64], digest_size=16).hexdigest()


def _person(request: Request) -> tuple[str, str]:
    site, who = site_of(request), look(request)
    if not site.limits.allow(who.address, "report"):
        raise HTTPException(429)
    cookie = who.cookie or secrets.token_urlsafe(18)
    return reporter(site.store.salt(), who.address, cookie), cookie


def _thanks(request: Request, back: str, word: str, cookie: str) -> Response:
    """Say thanks in place for htmx, else by going back to the page; the cookie is set only now."""
    texts = look(request).texts
    answer: Response
    if request.headers.get("hx-request") == "true":
        answer = HTMLResponse(f'<p class="thanks" role="status">{texts[word]}</p>')
    else:
        address = local(back)
        answer = RedirectResponse(f"{address}{'&' if '?' in address else '?'}thanks={word}", 303)
    answer.set_cookie("reader", cookie, max_age=REMEMBERED, samesite="lax", httponly=True, secure=secure(request))
    return answer


@router.post("/report/image/{item_id}")
def report_image(request: Request, item_id: Id, back: Annotated[str, Form()] = "/") -> Response:
    """Count a report against an item's picture; at the threshold it is hidden for all."""
    site = site_of(request)
    item = site.store.item(item_id)
    if item is None or not item.image:
        raise HTTPException(404)
    person, cookie = _person(request)
    hidden = site.store.report_image(item_id, person, site.clock(), site.settings.web.image_reports)
    if hidden:
        site.cache.forget()
    return _thanks(request, back, "report_hidden" if hidden else "report_thanks", cookie)


@router.post("/report/merge/{story_id}")
def report_merge(request: Request, story_id: Id, back: Annotated[str, Form()] = "/") -> Response:
    """Put a story on the operator's list of merges to look at."""
    site = site_of(request)
    if site.store.story(story_id) is None:
        raise HTTPException(404)
    person, cookie = _person(request)
    site.store.report_merge(story_id, person, site.clock())
    return _thanks(request, back, "report_merge_thanks", cookie)
