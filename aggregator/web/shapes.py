"""The shapes that the API gives: stories, items, outlets, sources, reports and problems; texts within the outlets' rights."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from aggregator.export.rights import shown
from aggregator.model import Item, Outlet, Story
from aggregator.web.context import Site


class Problem(BaseModel):
    """An error as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class OutletOut(BaseModel):
    """A publisher."""

    id: str
    name: str
    name_latin: str
    country: str
    language: str
    site: str
    items: int | None = None


class ItemOut(BaseModel):
    """One report. Texts are within the outlet's rights."""

    id: int
    story: int
    outlet: OutletOut
    title: str
    url: str
    source_link: str
    published: datetime | None
    updated: datetime | None
    seen: datetime
    author: str
    language: str
    topic: str
    agency: str
    image: str
    summary: str
    body: str
    whole: bool
    score: float | None
    why: list[str]


class RelatedOut(BaseModel):
    """A story that is close, but other news."""

    story: int
    title: str
    score: float
    why: list[str]


class StoryOut(BaseModel):
    """Near-identical reports as one entry; the first item leads."""

    id: int
    title: str
    first: datetime
    last: datetime
    updated: datetime
    independent: int
    items: list[ItemOut]
    related: list[RelatedOut]


class StoriesOut(BaseModel):
    """A page of stories; ``next`` is the cursor of the page after it."""

    stories: list[StoryOut]
    next: str | None


class ItemsOut(BaseModel):
    """A page of items; ``next`` is the cursor of the page after it."""

    items: list[ItemOut]
    next: str | None


class SourceOut(BaseModel):
    """A source with its health."""

    id: str
    outlet: str
    kind: str
    addresses: list[str]
    status: str
    unwell: bool
    failures: int
    problem: str
    last_success: datetime | None
    next_fetch: datetime | None
    reason: str
    items: int


def outlet_out(outlet: Outlet, items: int | None = None) -> OutletOut:
    """Give an outlet, with the number of its items where that is asked for."""
    return OutletOut(
        id=outlet.id,
        name=outlet.name,
        name_latin=outlet.name_latin,
        country=outlet.country,
        language=outlet.language,
        site=outlet.site,
        items=items,
    )


def item_out(site: Site, item: Item) -> ItemOut:
    """Give an item within what may be shown."""
    from aggregator.dedup.reason import say

    part = shown(item, everything=site.private)
    return ItemOut(
        id=item.id,
        story=item.story_id,
        outlet=outlet_out(item.outlet),
        title=item.title,
        url=item.url,
        source_link=item.source_link,
        published=item.published,
        updated=item.updated,
        seen=item.seen_at,
        author=item.author,
        language=item.language,
        topic=item.topic,
        agency=item.agency,
        image=part.image,
        summary=part.summary,
        body=part.body,
        whole=part.whole,
        score=item.score,
        why=[say(reason, "en") for reason in item.why],
    )


def story_out(site: Site, story: Story) -> StoryOut:
    """Give a story with its items and related stories."""
    from aggregator.dedup.reason import say

    return StoryOut(
        id=story.id,
        title=story.lead.title,
        first=story.first_at,
        last=story.last_at,
        updated=story.updated_at,
        independent=story.independent,
        items=[item_out(site, item) for item in story.items],
        related=[
            RelatedOut(story=link.story_id, title=link.title, score=link.score, why=[say(reason, "en") for reason in link.why])
            for link in story.related
        ],
    )


class ImageOut(BaseModel):
    """A picture that readers reported or the operator decided on: reported, hidden, blocked or kept."""

    item: int
    image: str
    title: str
    reports: int
    state: str


class MergeReportOut(BaseModel):
    """A story whose reports readers say are not about one piece of news."""

    story: int
    reports: int
    latest: datetime
