"""What the templates print: stories, outlets and sources, said in the reader's words and within an outlet's rights."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.arabic.plural import ago, say_date, say_day, say_hijri
from aggregator.dedup.reason import say
from aggregator.export.rights import Shown, shown
from aggregator.model import Claim, Item, Outlet, Story, StoryFilter
from aggregator.web.difference import Change, differences
from aggregator.web.marks import Piece, around, mark
from aggregator.web.places import COUNTRIES, LANGUAGE_NAMES, ZONES, direction
from aggregator.web.request import address_of

if TYPE_CHECKING:
    from aggregator.web.context import Site
    from aggregator.web.texts import Texts

FIRST_LINES = 260
BODY = 8_000  # characters that are searched for words to show, as many as the index holds
OLD = timedelta(days=6)
PAN_ARAB = "XX"


@dataclass(frozen=True, slots=True)
class When:
    """A time in words and for machines."""

    iso: str
    words: str
    full: str


@dataclass(frozen=True, slots=True)
class Version:
    """One outlet's report as a line: its own headline, time and link."""

    id: int
    outlet: Outlet
    title: str
    language: str
    when: When
    url: str
    dir: str
    why: tuple[str, ...] = ()
    score: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A story on a list. ``title`` and ``lines`` are pieces, marked where a search hit."""

    id: int
    title: tuple[Piece, ...]
    lines: tuple[Piece, ...]
    language: str
    outlet: Outlet
    when: When
    image: str
    image_item: int
    url: str
    others: tuple[Version, ...]
    also: str
    dir: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter value; ``on`` where it is chosen."""

    value: str
    label: str
    on: bool


class View:
    """Says stories to one reader."""

    def __init__(self, site: Site, texts: Texts) -> None:
        self._site = site
        self._t = texts
        self._now = site.clock()
        self._zone = site.settings.web.timezone

    def when(self, moment: datetime | None, country: str = "") -> When:
        """Say a time: «قبل 12 دقيقة» while it is fresh, the date later."""
        if moment is None:
            return When("", self._t["undated"], self._t["undated"])
        age = self._now - moment
        full = say_date(moment, country=country, language=self._t.language, timezone=self._zone)
        fresh = timedelta(0) <= age < OLD
        return When(moment.isoformat(), ago(age, self._t.language) if fresh else full, full)

    def headline(self, story: Story) -> Card:
        """Give a story for the ticker."""
        return self.card(story, "")

    def card(self, story: Story, query: str) -> Card:
        """Give a story for a list, with the words of ``query`` marked in the original text."""
        lead = story.lead
        part = self._shown(lead)
        others = tuple(self.version(item) for item in story.items[1:])
        pictured = next((item for item in story.items if self._shown(item).image), None)
        title, lines = mark(lead.title, query), mark(first_lines(part), query)
        if query and not any(piece.hit for piece in (*title, *lines)):
            # found further down: show where; found in another outlet's report: its headline is marked
            lines = mark(around(part.body[:BODY], query, FIRST_LINES), query) or lines
        return Card(
            id=story.id,
            title=title,
            lines=lines,
            language=lead.language,
            outlet=lead.outlet,
            when=self.when(lead.said_at, lead.outlet.country),
            image=self.picture(pictured) if pictured else "",
            image_item=pictured.id if pictured else 0,
            url=lead.source_link or lead.url,
            others=others,
            also=self._t.count("also_reported", len(story.outlets) - 1) if len(story.outlets) > 1 else "",
            dir=direction(lead.language),
        )

    def version(self, item: Item) -> Version:
        """Give one outlet's report as a line."""
        return Version(
            id=item.id,
            outlet=item.outlet,
            title=item.title,
            language=item.language,
            when=self.when(item.said_at, item.outlet.country),
            url=item.source_link or item.url,
            dir=direction(item.language),
            why=tuple(say(reason, self._t.language) for reason in item.why),
            score=self._percent(item.score) if item.score is not None else "",
        )

    def today(self) -> When:
        """Give the present day, Gregorian in words and Hijri in full."""
        day = say_day(self._now, ZONES.get(self._zone, ""), self._t.language, self._zone)
        return When(f"{self._now:%Y-%m-%d}", day, say_hijri(self._now, self._t.language, self._zone))

    def _percent(self, share: float) -> str:
        return (
            f"{share * 100:.0f}٪"
            if self._t.language == "ar"
            else f"{share * 100:.0f}\u202f%"
            if self._t.language == "fr"
            else f"{share:.0%}"
        )

    def picture(self, item: Item) -> str:
        """Give the address of an item's picture: through the proxy, or at its outlet where that is off."""
        if not item.image:
            return ""
        return f"/picture/{item.id}" if self._site.pictures is not None else item.image

    def story(self, story: Story) -> dict[str, Any]:
        """Give the names of a story's page."""
        lead = story.lead
        part = self._shown(lead)
        pictured = next((item for item in story.items if self._shown(item).image), None)
        published = lead.said_at
        return {
            "story": story,
            "lead": lead,
            "dir": direction(lead.language),
            "part": part,
            "paragraphs": [line for line in part.body.split("\n\n") if line.strip()],
            "when": self.when(published, lead.outlet.country),
            "hijri": say_hijri(published, language=self._t.language, timezone=self._zone),
            "image": self.picture(pictured) if pictured else "",
            "image_item": pictured,
            "versions": [self.version(item) for item in story.items],
            "changes": [change for item in story.items for change in self._changes(item)],
            "independent": self._t.count("independent", story.independent),
            "reports": self._t.count("reports", len(story.items)),
            "related": story.related,
            "url": lead.source_link or lead.url,
            "data": lambda base: structured(story, part, base),
        }

    def choices(self, wish: StoryFilter) -> dict[str, list[Choice]]:
        """Give the values that the filters offer, from what is stored."""
        outlets = self._site.cache.fact("outlets", self._site.store.outlets)
        countries = sorted({outlet.country or PAN_ARAB for outlet, count in outlets if count})
        languages = sorted({outlet.language for outlet, _ in outlets if outlet.language})
        return {
            "country": [Choice(code, self.country(code), code in wish.countries) for code in countries],
            "outlet": [Choice(o.id, self.name(o), o.id in wish.outlets) for o, _ in sorted(outlets, key=lambda pair: pair[0].name)],
            "topic": [Choice(topic, topic, topic in wish.topics) for topic in self._site.cache.fact("topics", self._site.store.topics)],
            "lang": [Choice(code, LANGUAGE_NAMES.get(code, code), code in wish.languages) for code in languages],
            "sort": self._orders(wish),
        }

    def _orders(self, wish: StoryFilter) -> list[Choice]:
        found = [Choice("time", self._t["latest"], False), Choice("spread", self._t["spread"], False)]
        if wish.query:
            found.insert(0, Choice("relevance", self._t["relevance"], False))
        chosen = str(wish.sort) if str(wish.sort) in {each.value for each in found} else "time"
        return [replace(each, on=each.value == chosen) for each in found]

    def name(self, outlet: Outlet) -> str:
        """Give an outlet's name in the reader's script."""
        return outlet.name if self._t.language == "ar" or not outlet.name_latin else outlet.name_latin

    def country(self, code: str) -> str:
        """Give a country's name in the reader's language; what belongs to none is pan-Arab."""
        if code in ("", PAN_ARAB):
            return self._t["pan_arab"]
        names = COUNTRIES.get(code)
        return names[("ar", "fr", "en").index(self._t.language)] if names else code

    def places(self, countries: list[Choice], wish: StoryFilter, path: str) -> list[Choice]:
        """Give the listing's addresses by country, the whole one first; a choice's value is its address."""
        whole = Choice(address_of(path, replace(wish, countries=())), self._t["all"], not wish.countries)
        return [whole, *(replace(each, value=address_of(path, replace(wish, countries=(each.value,)))) for each in countries)]

    def heading(self, wish: StoryFilter) -> str:
        """Say what a listing is narrowed to; empty for the whole of it."""
        known = self._site.cache.fact("outlets", self._site.store.outlets) if wish.outlets else []
        named = {outlet.id: self.name(outlet) for outlet, _ in known}
        outlets = [named.get(each, each) for each in wish.outlets]
        return " · ".join([*outlets, *map(self.country, wish.countries), *wish.topics, *(LANGUAGE_NAMES.get(x, x) for x in wish.languages)])

    def outlets(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Give the outlets by country, with their counts; the most active first of both."""
        pairs = sorted(self._site.store.outlets(), key=lambda pair: (-pair[1], pair[0].name))
        countries: dict[str, list[dict[str, Any]]] = {}
        for outlet, n in pairs:
            row = {"outlet": outlet, "name": self.name(outlet), "count": self._t.count("reports", n)}
            countries.setdefault(self.country(outlet.country), []).append(row)
        return list(countries.items())

    def health(self) -> dict[str, Any]:
        """Give the sources with their states, the unwell ones first, and how many are in which state."""
        unwell = {claim.source.id for claim in self._site.store.sources(unwell=True, now=self._now)}
        rows = [self._source(claim, unwell=claim.source.id in unwell) for claim in self._site.store.sources()]
        rows.sort(key=lambda row: (row["state"] != "unwell", row["state"] == "new", row["source"].id))
        numbers = Counter(row["state_text"] for row in rows)
        said = [f"{state}: {n}" for state, n in numbers.items()] if len(numbers) > 1 else []
        return {"rows": rows, "summary": [self._t.count("sources_count", len(rows)), *said]}

    def _source(self, claim: Claim, *, unwell: bool) -> dict[str, Any]:
        state = claim.state
        word = str(state.status)
        if word == "active":
            word = "unwell" if unwell else "active" if state.last_success_at or state.failure else "new"
        return {
            "source": claim.source,
            "name": self.name(claim.source.outlet),
            "state": word,
            "state_text": self._t[f"state_{word}"],
            "last": self.when(state.last_success_at) if state.last_success_at else None,
            "next": self.when_ahead(state.next_fetch_at),
            "problem": state.failure.detail if state.failure else state.drifted,
            "items": state.item_count,
        }

    def when_ahead(self, moment: datetime | None) -> When | None:
        """Say a time that is still to come as a date."""
        if moment is None:
            return None
        full = say_date(moment, country=ZONES.get(self._zone, ""), language=self._t.language, timezone=self._zone)
        return When(moment.isoformat(), full, full)

    def _shown(self, item: Item) -> Shown:
        return shown(item, everything=self._site.private)

    def _changes(self, item: Item) -> list[Change]:
        revisions = self._site.store.revisions(item.id)
        if not revisions:
            return []
        now = (item.title, self._shown(item).body)
        return differences(
            item, revisions, now, everything=self._shown(item).whole, when=lambda moment: self.when(moment, item.outlet.country).full
        )


def structured(story: Story, part: Shown, base: str) -> dict[str, Any]:
    """Give schema.org data of a story: the lead as a news article, the other reports as its bases."""
    lead = story.lead
    published = lead.said_at
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": lead.title[:110],
        "description": part.summary[:300],
        "inLanguage": lead.language or "ar",
        "datePublished": published.isoformat(),
        "dateModified": story.updated_at.isoformat(),
        "mainEntityOfPage": f"{base}/story/{story.id}",
        "publisher": {"@type": "Organization", "name": lead.outlet.name, "url": lead.outlet.site},
        "isBasedOn": [item.source_link or item.url for item in story.items],
    }


def first_lines(part: Shown) -> str:
    """Give the first lines of a report for a card, cut at a word."""
    text = " ".join((part.summary or part.body).split())
    if len(text) <= FIRST_LINES:
        return text
    return text[:FIRST_LINES].rsplit(" ", 1)[0].rstrip("،,.؛: ") + "…"
