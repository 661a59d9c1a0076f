"""Reading documents in a worker: what it keeps from one to the next."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from aggregator.dedup.headline import headline
from aggregator.reading import Reading, Task, read_document
from aggregator.settings import ParseSettings
from aggregator.workers import Workers

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def task() -> Task:
    entries = "".join(
        f"<item><title>خبر رقم {n} عن أشغال الطريق</title><link>https://a.example/{n}</link>"
        f"<description>نص قصير عن الأشغال {n}</description></item>"
        for n in range(20)
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>منبر</title>{entries}</channel></rss>'.encode()
    return Task(feed, {"content-type": "application/rss+xml"}, "https://a.example/feed", "a", NOW)


def test_what_a_worker_read_comes_back_as_if_it_had_been_read_here() -> None:
    async def read() -> Reading:
        workers = Workers(ParseSettings(workers=1))
        try:
            return await workers.run(read_document, task())
        finally:
            workers.close()

    assert asyncio.run(read()) == read_document(task())


def test_a_worker_keeps_no_headline_of_the_documents_that_it_read() -> None:
    """A worker reads two thousand documents; with each headline kept it met its bound on memory after nine hundred."""
    reading = read_document(task())
    assert len(reading.items) == 20
    assert all(each.draft.keys for each in reading.items)
    assert headline.cache_info().currsize == 0
