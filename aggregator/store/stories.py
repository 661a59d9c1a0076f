"""Reads stories and items back, page by page; a page's cursor is the place where it ended."""

from __future__ import annotations

import json
import re
import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, literal, or_, select, true, tuple_

from aggregator.arabic.fold import fold
from aggregator.errors import UsageError
from aggregator.model import Item, Outlet, Page, Related, Revision, Sort, Story, StoryFilter
from aggregator.store import partitions, relevance, search, sources
from aggregator.store import schema as t
from aggregator.store.query import Query, askable
from aggregator.store.schema import from_ms, to_ms

CHUNK = 200
CURSOR = r"[0-9a-f]{16}\.[0-9a-f]{1,15}"
FAR = 1e17
FEW = 2_000  # answers that are listed and sorted; more are looked for in the order of the list


def encode(value: float, identity: int) -> str:
    """Write a cursor: where a page ended, as the bits of what it is ordered by and an id.

    >>> encode(1764072000000.0, 31), decode(encode(1764072000000.0, 31))
    ('4279abae28a00000.1f', (1764072000000.0, 31))
    """
    return f"{struct.pack('>d', value).hex()}.{identity:x}"


def decode(cursor: str) -> tuple[float, int]:
    """Read a cursor (raises `UsageError` for what is none); one that no page gave out leads behind the last page."""
    if not re.fullmatch(CURSOR, cursor):
        raise UsageError(f"{cursor[:40]!r} is no cursor of this listing; start again without it.")
    number: float = struct.unpack(">d", bytes.fromhex(cursor[:16]))[0]
    return number if -FAR < number < FAR else -FAR, int(cursor[17:], 16)


def conditions(c: Connection, wish: StoryFilter, query: Query) -> list[Any]:
    """Give what an item must be to answer a filter (words aside, but for those to leave out where no others are asked for)."""
    i = t.item.c
    found: list[Any] = []
    outlets = _outlets(c, wish, query)
    if outlets is not None:
        found.append(i.outlet.in_(outlets))
    if languages := [*wish.languages, *(each.lower() for each in query.values("lang"))]:
        found.append(i.language.in_(askable(languages)))
    if topics := [*wish.topics, *query.values("topic")]:
        found.append(i.topic.in_(askable(topics)))
    if since := [each for each in (wish.since, *query.times("since")) if each]:
        found.append(i.shown_at >= to_ms(max(since)))
    if until := [each for each in (wish.until, *query.times("until")) if each]:
        found.append(i.shown_at < to_ms(min(until)))
    if query.empty and query.without:
        found.append(i.id.not_in(select(search.any_of(query.without, c.dialect.name).c.item)))
    return found


def _outlets(c: Connection, wish: StoryFilter, query: Query) -> list[str] | None:
    """Give the outlets that the filters on outlet and country leave; None if neither is asked for."""
    names = [*wish.outlets, *query.values("outlet")]
    countries = {"" if each.upper() == "XX" else each.upper() for each in (*wish.countries, *query.values("country"))}
    if not names and not countries:
        return None
    known = sources.all_outlets(c).values()
    ids = {outlet.id for outlet in known if not countries or outlet.country.upper() in countries}
    if names:
        folded = {fold(name) for name in names}
        ids &= {
            outlet.id
            for outlet in known
            if outlet.id in names or folded & set(map(fold, (outlet.name, outlet.name_latin, *outlet.aliases)))
        }
        ids |= set() if countries else set(askable(names))
    return sorted(ids)


def page(c: Connection, wish: StoryFilter, limit: int, cursor: str | None) -> Page[Story]:
    """Give one page of stories."""
    query = Query.of(wish.query)
    if _asks_nothing(wish, query):
        return Page(())
    if wish.sort is Sort.RELEVANCE and not query.empty:
        return _relevant(c, wish, query, limit, cursor)
    order = t.story.c.spread if wish.sort is Sort.SPREAD else t.story.c.shown_at
    rows = c.execute(_keyset(c, wish, query, order, cursor).limit(limit + 1)).all()
    stories = by_ids(c, [row.id for row in rows[:limit]])
    more = encode(rows[limit - 1].value, rows[limit - 1].id) if len(rows) > limit else None
    return Page(tuple(stories), more)


def _asks_nothing(wish: StoryFilter, query: Query) -> bool:
    """Tell whether a query was typed that holds nothing to look for, such as «؟»."""
    return bool(wish.query.strip()) and query.empty and not query.filters and not query.without


def _keyset(c: Connection, wish: StoryFilter, query: Query, order: Any, cursor: str | None) -> Select[Any]:
    s = t.story.c
    chosen = select(s.id, order.label("value"))
    narrowed = conditions(c, wish, query)
    if narrowed or not query.empty:
        chosen = chosen.where(_holds(c, narrowed, query))
    if cursor:
        value, identity = decode(cursor)
        number = value if order is t.story.c.spread else int(value)
        chosen = chosen.where(tuple_(order, s.id) < tuple_(literal(number), literal(identity)))
    return chosen.order_by(order.desc(), s.id.desc())


def _holds(c: Connection, narrowed: Sequence[Any], query: Query) -> Any:
    """Give the condition that a story holds an item which answers.

    Few answers are listed, and their stories sorted. Where they are many, stories are gone through in their order and each is asked,
    which ends as soon as the page is full: listing the 50,000 hits of a common word took a third of a second.
    """
    i, s, dialect = t.item.c, t.story.c, c.dialect.name
    answers = select(i.story).where(*narrowed)
    if not query.empty:
        found = search.hits(query, dialect)
        answers = answers.join(found, i.id == found.c.item)
    if c.execute(select(func.count()).select_from(answers.limit(FEW).subquery())).scalar_one() < FEW:
        return s.id.in_(answers)
    asked = select(i.id).where(i.story == s.id, *narrowed)
    if not query.empty:
        asked = asked.where(search.among(query, dialect, i.id))
    return asked.correlate(t.story).exists()


def _relevant(c: Connection, wish: StoryFilter, query: Query, limit: int, cursor: str | None) -> Page[Story]:
    place = decode(cursor) if cursor else None
    chosen, after = relevance.page(c, query, conditions(c, wish, query), limit, place and (int(place[0]), place[1]))
    return Page(tuple(by_ids(c, chosen)), encode(*after) if after else None)


def iterate(c: Connection, wish: StoryFilter) -> Iterator[Story]:
    """Give all stories of a filter, a chunk in memory at a time."""
    cursor = None
    while True:
        found = page(c, wish, CHUNK, cursor)
        yield from found.rows
        if found.next is None:
            return
        cursor = found.next


def by_ids(c: Connection, ids: Sequence[int]) -> list[Story]:
    """Give stories with their items, in the order of ``ids``; unknown ones are missing."""
    if not ids:
        return []
    rows = {row.id: row for row in c.execute(select(t.story).where(t.story.c.id.in_(list(ids))))}
    items: dict[int, list[Item]] = defaultdict(list)
    for item in _items(c, t.item.c.story.in_(list(ids))):
        items[item.story_id].append(item)
    links = _links(c, ids)
    found = []
    for each in ids:
        row = rows.get(each)
        if row is None or not items[each]:
            continue
        found.append(
            Story(
                id=each,
                items=tuple(lead_first(items[each])),
                first_at=from_ms(row.first_at) or datetime.min,
                last_at=from_ms(row.last_at) or datetime.min,
                updated_at=from_ms(row.updated_at) or datetime.min,
                independent=row.independent,
                related=tuple(links.get(each, ())),
            )
        )
    return found


def lead_first(items: list[Item]) -> list[Item]:
    """Order a story's items by time; the earliest that has a text leads."""
    ordered = sorted(items, key=lambda each: (each.shown_at, each.id))
    lead = next((each for each in ordered if each.body or each.summary), ordered[0])
    return [lead, *(each for each in ordered if each is not lead)]


def _links(c: Connection, ids: Sequence[int]) -> dict[int, list[Related]]:
    r, found = t.related.c, defaultdict(list)
    rows = c.execute(select(r.story, r.other, r.score, r.why).where(r.story.in_(list(ids))).order_by(r.score.desc(), r.other)).all()
    others = {row.other for row in rows}
    if not others:
        return {}
    first = select(t.item.c.story, func.min(t.item.c.id).label("id")).where(t.item.c.story.in_(others)).group_by(t.item.c.story).subquery()
    titles = dict(tuple(row) for row in c.execute(select(first.c.story, t.item.c.title).join(t.item, t.item.c.id == first.c.id)))
    for row in rows:
        if row.other in titles:
            found[row.story].append(Related(row.other, titles[row.other], row.score, tuple(json.loads(row.why))))
    return found


def _select_items(dialect: str) -> Select[Any]:
    image = case((t.image_state.c.state.in_(["hidden", "blocked"]), ""), else_=t.item.c.image).label("shown_image")
    body = partitions.body_of_item(dialect)
    columns = select(t.item, image, body.c.text.label("body"), body.c.html.label("body_html"))
    joined = t.item.outerjoin(body, t.ITS_BODY if body is t.body else true())
    return columns.select_from(joined.outerjoin(t.image_state, t.image_state.c.image == t.item.c.image))


def _items(c: Connection, *where: Any) -> Iterator[Item]:
    outlets = sources.all_outlets(c)
    for row in c.execute(_select_items(c.dialect.name).where(*where)):
        yield _item(row, outlets)


def _without(html: str, picture: str) -> str:
    """Take a hidden picture out of a text too.

    >>> _without('<p>نص</p><img src="https://a.example/p.jpg?w=1&amp;h=2" alt="">', "https://a.example/p.jpg?w=1&h=2")
    '<p>نص</p>'
    """
    return re.sub(rf'<img\b[^>]*\bsrc="{re.escape(escape(picture))}"[^>]*>', "", html)


def _item(row: Any, outlets: dict[str, Outlet]) -> Item:
    html = row.body_html or ""
    return Item(
        id=row.id,
        story_id=row.story,
        source_id=row.source,
        outlet=outlets.get(row.outlet) or Outlet(row.outlet, row.outlet, country=row.country),
        guid=row.guid_text,
        url=row.url,
        title=row.title,
        summary=row.summary,
        body=row.body or "",
        body_html=html if row.shown_image == row.image else _without(html, row.image),
        author=row.author,
        published=from_ms(row.published),
        updated=from_ms(row.updated),
        seen_at=from_ms(row.seen_at) or datetime.min,
        shown_at=from_ms(row.shown_at) or datetime.min,
        image=row.shown_image,
        image_credit=row.image_credit,
        source_link=row.source_link,
        language=row.language,
        topic=row.topic,
        agency=row.agency,
        confidence=row.confidence,
        categories=tuple(json.loads(row.categories)),
        flags=tuple(json.loads(row.flags)),
        score=row.score,
        why=tuple(json.loads(row.why)),
        matched=row.matched,
        verbatim=row.verbatim,
        restricted=row.restricted,
    )


def one(c: Connection, story_id: int) -> Story | None:
    """Give a story by its id."""
    found = by_ids(c, [story_id])
    return found[0] if found else None


def item(c: Connection, item_id: int) -> Item | None:
    """Give an item by its id."""
    return next(_items(c, t.item.c.id == item_id), None)


def items(c: Connection, wish: StoryFilter, limit: int, cursor: str | None) -> Page[Item]:
    """Give one page of items, newest first."""
    query = Query.of(wish.query)
    if _asks_nothing(wish, query):
        return Page(())
    i = t.item.c
    ids = select(i.id, i.shown_at).where(*conditions(c, wish, query))
    if not query.empty:
        hits = search.hits(query, c.dialect.name)
        few = c.execute(select(func.count()).select_from(select(hits.c.item).limit(FEW).subquery())).scalar_one() < FEW
        ids = ids.join(hits, i.id == hits.c.item) if few else ids.where(search.among(query, c.dialect.name, i.id))
    if cursor:
        value, identity = decode(cursor)
        ids = ids.where(or_(i.shown_at < int(value), and_(i.shown_at == int(value), i.id < identity)))
    rows = c.execute(ids.order_by(i.shown_at.desc(), i.id.desc()).limit(limit + 1)).all()
    chosen = [row.id for row in rows[:limit]]
    found = {each.id: each for each in _items(c, i.id.in_(chosen))} if chosen else {}
    more = encode(rows[limit - 1].shown_at, rows[limit - 1].id) if len(rows) > limit else None
    return Page(tuple(found[each] for each in chosen if each in found), more)


def iterate_items(c: Connection, wish: StoryFilter) -> Iterator[Item]:
    """Give all items of a filter, a chunk in memory at a time."""
    cursor = None
    while True:
        found = items(c, wish, CHUNK, cursor)
        yield from found.rows
        if found.next is None:
            return
        cursor = found.next


def revisions(c: Connection, item_id: int) -> list[Revision]:
    """Give an item's former headlines and bodies, oldest first."""
    rows = c.execute(select(t.revision).where(t.revision.c.item == item_id).order_by(t.revision.c.at))
    return [Revision(row.item, from_ms(row.at) or datetime.min, row.title, row.body) for row in rows]


def outlets(c: Connection) -> list[tuple[Outlet, int]]:
    """Give the outlets that have items, with how many."""
    known = sources.all_outlets(c)
    rows = c.execute(select(t.item.c.outlet, func.count().label("n")).group_by(t.item.c.outlet))
    return [(known.get(row.outlet, Outlet(row.outlet, row.outlet)), row.n) for row in rows]


def confidence(c: Connection, since: datetime) -> float | None:
    """Give the mean confidence of the extraction of items since a time; None if there are none."""
    found = c.execute(select(func.avg(t.item.c.confidence)).where(t.item.c.shown_at >= to_ms(since))).scalar()
    return None if found is None else float(found)


def topics(c: Connection) -> list[str]:
    """Give the topics that sources have."""
    return sorted(row[0] for row in c.execute(select(t.source.c.topic).distinct()) if row[0])
