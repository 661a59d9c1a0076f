"""Small news for the store's tests: sources, entries and refreshes with the real signature and judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.dedup import Candidate, Draft, Report, Verdict, draft, judge
from aggregator.model import Article, Outlet, RawItem, Source, SourceState
from aggregator.store import Committed, Judged, Refresh, Store

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def source(
    name: str = "alif", *, outlet: str | None = None, country: str = "MA", language: str = "ar", topic: str = "", host: str | None = None
) -> Source:
    """Give a source of an outlet of the same name."""
    publisher = Outlet(outlet or name, f"جريدة {outlet or name}", country=country, language=language)
    return Source(name, publisher, addresses=(f"https://{host or name + '.example'}/feed",), topic=topic)


def entry(
    title: str, body: str = "", *, guid: str = "", url: str = "", published: datetime | None = NOW, image: str = "", summary: str = ""
) -> tuple[RawItem, Article]:
    """Give a feed's entry with its article."""
    link = url or f"https://alif.example/{abs(hash(title)) % 10**9}"
    raw = RawItem(guid=guid or link, url=link, title=title, summary=summary, published=published, image=image)
    return raw, Article(title=title, body=body, image=image, confidence=0.8)


def judged(raw: RawItem, article: Article, outlet: Outlet) -> Judged:
    """Draft an entry; it is judged in the transaction."""
    report = Report(raw.guid, article.title or raw.title, article.body or raw.summary, outlet.id, raw.url, raw.published, outlet.language)
    return Judged(raw, article, draft(report))


def refresh(
    store: Store,
    feed: Source,
    *entries: tuple[RawItem, Article],
    now: datetime = NOW,
    state: SourceState | None = None,
    seen_up_to: int = 0,
) -> Committed:
    """Store what a feed's refresh brings."""
    return store.commit(made(store, feed, *entries, now=now, state=state, seen_up_to=seen_up_to), decide)


def made(
    store: Store,
    feed: Source,
    *entries: tuple[RawItem, Article],
    now: datetime = NOW,
    state: SourceState | None = None,
    seen_up_to: int = 0,
) -> Refresh:
    """Give a refresh that is not yet judged; its source is followed."""
    store.add_source(feed)
    claim = store.source(feed.id)
    assert claim is not None
    count = claim.state.item_count + len(entries)
    after = state or replace(
        claim.state, etag='"1"', last_fetch_at=now, next_fetch_at=now + timedelta(minutes=15), fetch_count=claim.state.fetch_count + 1
    )
    digests = tuple(raw.guid.encode()[-8:].rjust(8, b"\0") for raw, _ in entries)
    return Refresh(
        feed.id,
        replace(after, item_count=count),
        tuple(judged(raw, article, feed.outlet) for raw, article in entries),
        digests,
        seen_up_to,
        now,
    )


def decide(mine: Draft, candidates: Sequence[Candidate]) -> Verdict:
    """Judge with the thresholds that ship."""
    return judge(mine, candidates)


SPAIN = (
    "تفكيك شبكة للإتجار بالبشر في إسبانيا استغلت أكثر من ألف امرأة",
    "أعلنت الشرطة الإسبانية، اليوم، تفكيك شبكة إجرامية متخصصة في الاتجار بالبشر استغلت أكثر من ألف امرأة في مدن عدة. "
    "وأوضحت الشرطة أن العملية أسفرت عن توقيف ثمانية وأربعين شخصا وتحرير عدد من الضحايا اللواتي استقدمن بوعود عمل كاذبة.",
)
SPAIN_TOO = (
    "إسبانيا.. تفكيك شبكة متخصصة في الاتجار بالبشر استغلت أزيد من ألف امرأة",
    "أعلنت الشرطة الإسبانية تفكيك شبكة إجرامية متخصصة في الاتجار بالبشر استغلت أزيد من ألف امرأة في مدن عدة. "
    "وأوضحت الشرطة أن العملية أسفرت عن توقيف ثمانية وأربعين شخصا وتحرير عدد من الضحايا اللواتي استقدمن بوعود عمل كاذبة.",
)
RAIN = (
    "أمطار رعدية قوية مرتقبة في عدد من أقاليم المملكة",
    "أفادت المديرية العامة للأرصاد الجوية بأنه من المرتقب تسجيل أمطار رعدية قوية ورياح في عدد من أقاليم المملكة يوم الجمعة.",
)
FOOTBALL = (
    "المنتخب الوطني يفوز على نظيره السنغالي بهدفين دون رد",
    "فاز المنتخب الوطني لكرة القدم على نظيره السنغالي بهدفين دون رد في مباراة ودية أقيمت بملعب الرباط أمام جمهور غفير.",
)
