"""One refresh, with a pretended network and a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from aggregator.model import Failed, FailureKind, FetchOutcome, Kind, Recipe, Source, SourceState, Status, StoryFilter
from aggregator.pipeline import Refreshed, addresses, ports_of, refresh
from aggregator.store import Store
from tests.integration.fakes import Asked, NoRobots, Parts, feed, fetched, in_loop, not_modified, parts, source

HTML = b"<html><head><title>x</title></head><body><p>not a feed</p></body></html>"
URL = "https://s.example/feed"


async def refreshed(p: Parts, each: Source, *outcomes: FetchOutcome, address: str = URL) -> Refreshed:
    """Refresh a source once for each of these answers."""
    p.store.sync_catalogue([each])
    result: Refreshed | None = None
    for outcome in outcomes:
        p.network.answers[address] = outcome
        claim = p.store.source(each.id)
        assert claim is not None
        result = await refresh(replace(claim, source=each), p.ports)
        p.clock.pass_(timedelta(hours=1))
    assert result is not None
    return result


def stored(store: Store) -> list[str]:
    return sorted(item.guid for item in store.iter_items(StoryFilter()))


@in_loop
async def test_a_first_refresh_stores_items_and_validators_together(store: Store) -> None:
    async with parts(store) as p:
        result = await refreshed(p, source("s"), fetched(feed(1, 2, 3), URL, etag='"a"', last_modified="Mon"))
        claim = store.source("s")
        assert claim is not None
        assert (result.outcome, len(result.committed.new)) == ("fetched", 3)
        assert (claim.state.etag, claim.state.last_modified, claim.state.address) == ('"a"', "Mon", URL)
        assert stored(store) == ["1", "2", "3"]
        assert (p.network.asked[0].etag, p.network.asked[0].last_modified) == (None, None)


@in_loop
async def test_a_304_and_an_equal_body_reach_no_worker(store: Store) -> None:
    async with parts(store) as p:
        first = fetched(feed(1), URL, etag='"a"')
        same = fetched(feed(1), URL, etag='"b"')
        result = await refreshed(p, source("s"), first, not_modified(URL), same)
        assert result.outcome == "unchanged"
        assert p.workers.calls == ["read_document"]
        assert [asked.etag for asked in p.network.asked] == [None, '"a"', '"a"']
        claim = store.source("s")
        assert claim is not None
        assert claim.state.etag == '"b"', "validators are kept from every 200, whether the body changed or not"


@in_loop
async def test_a_304_keeps_or_renews_the_validators(store: Store) -> None:
    async with parts(store) as p:
        first = fetched(feed(1), URL, etag='"a"', last_modified="Mon")
        result = await refreshed(p, source("s"), first, not_modified(URL), not_modified(URL, etag='"c"'))
        assert (result.state.etag, result.state.last_modified) == ('"c"', "Mon")


@in_loop
async def test_a_200_without_validators_forgets_the_old_ones(store: Store) -> None:
    async with parts(store) as p:
        result = await refreshed(p, source("s"), fetched(feed(1), URL, etag='"a"'), fetched(feed(1, 2), URL))
        assert (result.state.etag, result.state.last_modified) == (None, None)


@in_loop
async def test_only_new_entries_are_stored_again(store: Store) -> None:
    async with parts(store) as p:
        result = await refreshed(p, source("s"), fetched(feed(1, 2), URL), fetched(feed(3, 1, 2), URL))
        assert len(result.committed.new) == 1
        assert stored(store) == ["1", "2", "3"]


@in_loop
async def test_one_probe_a_day_even_if_it_fails(store: Store) -> None:
    async with parts(store) as p:
        await refreshed(p, source("s"), fetched(feed(1), URL, etag='"a"'))
        p.clock.pass_(timedelta(hours=24))
        down = Failed(FailureKind.HTTP_5XX, "HTTP 500", 500)
        await refreshed(p, source("s"), down, down, not_modified(URL))
        assert [asked.etag for asked in p.network.asked] == [None, None, '"a"', '"a"']


@in_loop
async def test_a_server_that_lies_is_caught_by_the_probe(store: Store) -> None:
    def liar(asked: Asked) -> FetchOutcome:
        return not_modified(URL) if asked.etag else fetched(feed(1, 2), URL, etag='"a"')

    async with parts(store) as p:
        await refreshed(p, source("s"), fetched(feed(1), URL, etag='"a"'))
        for _ in range(30):
            await refreshed(p, source("s"), liar)  # type: ignore[arg-type]
        assert stored(store) == ["1", "2"]
        assert [asked.etag for asked in p.network.asked].count(None) == 2


@in_loop
async def test_candidates_are_tried_in_order_and_the_one_that_worked_is_kept(store: Store) -> None:
    each = source("s", "https://a.example/", "https://b.example/", "https://c.example/")
    async with parts(store) as p:
        p.network.answers["https://b.example/"] = fetched(HTML, "https://b.example/")
        result = await refreshed(p, each, fetched(feed(1), "https://c.example/"), address="https://c.example/")
        assert result.state.address == "https://c.example/"
        assert [asked.address for asked in p.network.asked] == ["https://a.example/", "https://b.example/", "https://c.example/"]
        await refreshed(p, each, fetched(feed(1, 2), "https://c.example/"), address="https://c.example/")
        assert len(p.network.asked) == 4


@in_loop
async def test_without_a_working_candidate_the_sites_own_feed_is_found(store: Store) -> None:
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/new/rss"></head><body></body></html>'
    each = source("s", "https://s.example/old", site="https://s.example/")
    async with parts(store) as p:
        p.network.answers["https://s.example/"] = fetched(page, "https://s.example/", headers={"content-type": "text/html"})
        result = await refreshed(p, each, fetched(feed(1), "https://s.example/new/rss"), address="https://s.example/new/rss")
        assert result.state.address == "https://s.example/new/rss"
        assert stored(store) == ["1"]


@in_loop
async def test_a_site_that_refuses_robots_is_not_searched(store: Store) -> None:
    each = source("s", "https://s.example/old", site="https://s.example/")
    async with parts(store, robots=NoRobots(frozenset({"https://s.example/"}))) as p:
        result = await refreshed(p, each, Failed(FailureKind.NOT_FOUND, "404", 404), address="https://s.example/old")
        assert result.outcome == "failed"
        assert [asked.address for asked in p.network.asked] == ["https://s.example/old"]


@in_loop
async def test_a_permanent_move_is_adopted_after_three_equal_answers(store: Store) -> None:
    new = "https://new.example/feed"
    async with parts(store) as p:
        answers = [fetched(feed(1, n), URL, final=new, moved_to=new) for n in (2, 3, 4)]
        first = await refreshed(p, source("s"), *answers[:2])
        assert (first.state.address, first.state.moved_count) == (URL, 2)
        result = await refreshed(p, source("s"), answers[2])
        assert result.state.address == new


@in_loop
async def test_a_move_to_what_is_no_feed_is_never_adopted(store: Store) -> None:
    async with parts(store) as p:
        bad = fetched(HTML, URL, final="https://parked.example/", moved_to="https://parked.example/")
        result = await refreshed(p, source("s"), fetched(feed(1), URL), *[replace(bad, body=HTML + b"%d" % n) for n in range(5)])
        assert result.state.address == URL
        assert result.failure is not None


@in_loop
async def test_a_move_that_answers_304_counts_as_well(store: Store) -> None:
    new = "https://new.example/feed"
    async with parts(store) as p:
        result = await refreshed(p, source("s"), fetched(feed(1), URL), *[not_modified(URL, moved_to=new)] * 3)
        assert result.state.address == new


@in_loop
async def test_410_stops_the_source(store: Store) -> None:
    async with parts(store) as p:
        await refreshed(p, source("s"), fetched(feed(1), URL), Failed(FailureKind.GONE, "HTTP 410", 410))
        claim = store.source("s")
        assert claim is not None
        assert claim.state.status is Status.GONE
        assert store.claim_due(p.clock() + timedelta(days=400), 10) == []
        assert stored(store) == ["1"], "what was stored stays"


@in_loop
async def test_a_failing_page_leaves_the_item_with_what_its_feed_says(store: Store) -> None:
    each = source("s", full_page=True)
    body = b"<html><body><article><h1>%s</h1>%s</article></body></html>" % (
        "خبر رقم 1 عن حدث 7919 في المدينة".encode(),
        "".join(f"<p>فقرة طويلة رقم {n} من نص المقال الكامل الذي نشره المنبر على موقعه هذا الصباح.</p>" for n in range(8)).encode(),
    )
    async with parts(store) as p:
        p.network.answers["https://x.example/1"] = fetched(
            body, "https://x.example/1", headers={"content-type": "text/html; charset=utf-8"}
        )
        result = await refreshed(p, each, fetched(feed(1, 2), URL))
        assert len(result.committed.new) == 2
        items = {item.guid: item for item in store.iter_items(StoryFilter())}
        assert "فقرة طويلة رقم 7" in items["1"].body
        assert "نص الخبر 2" in items["2"].body + items["2"].summary
        await refreshed(p, each, fetched(feed(3, 1, 2), URL))
        pages = [asked.address for asked in p.network.asked if asked.accept == "page"]
        assert pages == ["https://x.example/1", "https://x.example/2", "https://x.example/3"], "each page is fetched once"


@in_loop
async def test_a_page_source_honours_robots(store: Store) -> None:
    each = source("s", kind=Kind.PAGE, recipe=Recipe(item="li"))
    async with parts(store, robots=NoRobots(frozenset({URL}))) as p:
        result = await refreshed(p, each, fetched(HTML, URL))
        assert result.failure is not None
        assert result.failure.kind is FailureKind.ROBOTS
        assert p.network.asked == []


@in_loop
async def test_an_empty_document_is_a_failure_that_keeps_the_validators_of_before(store: Store) -> None:
    async with parts(store) as p:
        result = await refreshed(p, source("s"), fetched(feed(1), URL, etag='"a"'), fetched(b"", URL, etag='"b"'))
        assert result.failure is not None
        assert result.state.etag == '"a"'


def test_all_candidates_are_tried_again_when_the_proven_one_keeps_failing() -> None:
    each = source("s", "https://a.example/", "https://b.example/")
    state = SourceState(address="https://b.example/")
    assert addresses(each, state) == ["https://b.example/"]
    assert addresses(each, replace(state, failures=3)) == ["https://b.example/", "https://a.example/"]


def test_ports_are_those_that_the_sources_own_addresses_name() -> None:
    assert ports_of(source("s", "https://a.example:8443/f", "http://[bad", site="http://a.example:81/")) == {8443, 81}
