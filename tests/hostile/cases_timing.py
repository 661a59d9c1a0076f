"""Timing: servers that are slow, silent, endless, or gone."""

from __future__ import annotations

import asyncio

from tests.hostile.case import Case, Group, Seen, brings, either, fails
from tests.hostile.say import answer, bare, chunked, feed, redirect
from tests.hostile.server import Script, Talk

LATE = 2.5


def slowly(data: bytes, every: float) -> Script:
    async def script(talk: Talk) -> None:
        await talk.drip(data, every)

    return script


async def silent(talk: Talk) -> None:
    await talk.wait()


async def stalls_half_way(talk: Talk) -> None:
    whole = answer(feed("half"))
    await talk.say(whole[: len(whole) // 2])
    await talk.wait()


async def endless_headers(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        await talk.say(b"X-%d: again\r\n" % number)
        await asyncio.sleep(0.05)


async def endless_hints(talk: Talk) -> None:
    while True:
        await talk.say(b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\n")
        await asyncio.sleep(0.1)


async def flood_of_hints(talk: Talk) -> None:
    while True:
        await talk.say(b"HTTP/1.1 100 Continue\r\n\r\n" * 500)


async def endless_chunks(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await talk.say(chunked(b"<item/>", end=b""))
        await asyncio.sleep(0.2)


async def never_ends(talk: Talk) -> None:
    await talk.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n" + feed("open").encode())
    await talk.wait()


async def slow_but_in_time(talk: Talk) -> None:
    whole = answer(feed("slow-but-in-time"))
    await asyncio.sleep(0.5)
    await talk.say(whole[:200])
    await asyncio.sleep(0.5)
    await talk.say(whole[200:])


async def slow_hops(talk: Talk) -> None:
    await asyncio.sleep(0.9)
    number = int(talk.path.rpartition("/")[2] or 0) if talk.path != "/feed" else 0
    await talk.say(redirect(f"/hop/{number + 1}"))


async def kept_open(talk: Talk) -> None:
    await talk.say(answer(feed("kept-open"), "Connection: keep-alive"))
    await talk.wait()


def dripping_error(status: str) -> Script:
    async def script(talk: Talk) -> None:
        await talk.say(bare(f"HTTP/1.1 {status}", "Content-Type: text/html"))
        await talk.drip(b"<html>sorry " * 1000, 0.1)

    return script


async def redirect_with_endless_body(talk: Talk) -> None:
    if talk.path == "/feed":
        await talk.say(bare("HTTP/1.1 302 Found", "Location: /real", "Content-Type: text/html"))
        await talk.drip(b"moved " * 1000, 0.1)
    else:
        await talk.say(answer(feed("endless-redirect")))


async def answers_before_it_hears(talk: Talk) -> None:
    await talk.say(answer(feed("early")))


async def resets(talk: Talk) -> None:
    talk.reset()


async def resets_half_way(talk: Talk) -> None:
    await talk.say(answer(feed("reset", 30))[:3000])
    await asyncio.sleep(0.1)
    talk.reset()


async def leaves(talk: Talk) -> None:
    talk.writer.close()


async def byte_by_byte(talk: Talk) -> None:
    for byte in answer(feed("byte-by-byte")):
        await talk.say(bytes((byte,)))


def soon(seen: Seen) -> None:
    assert max(visit.held or 0 for visit in seen.stall.visits) < LATE + 2


CASES: tuple[Case, ...] = (
    fails("silent", silent, "timeout", check=soon),
    fails("head-drips", slowly(answer(feed("x")), 0.2), "timeout", check=soon),
    fails("body-stalls", stalls_half_way, "timeout", check=soon),
    fails("head-never-ends", endless_headers, "timeout", "protocol", check=soon),
    fails("hints-never-end", endless_hints, "timeout", "protocol", check=soon),
    fails("hints-flood", flood_of_hints, "protocol", check=soon),
    fails("chunks-never-end", endless_chunks, "timeout", check=soon),
    fails("body-without-end", never_ends, "timeout", check=soon),
    fails("hops-are-slow", slow_hops, "timeout", check=soon),
    brings("slow-but-in-time", slow_but_in_time),
    brings("kept-open", kept_open, check=soon),
    brings("byte-by-byte", byte_by_byte),
    brings("early", answers_before_it_hears),
    brings("redirect-body-never-ends", redirect_with_endless_body, check=soon),
    fails("not-found-drips", dripping_error("404 Not Found"), "not_found", check=soon),
    fails("gone-drips", dripping_error("410 Gone"), "gone", check=soon),
    fails("unavailable-drips", dripping_error("503 Service Unavailable"), "http_5xx", "timeout", check=soon),
    fails("resets", resets, "connect", "protocol"),
    fails("resets-half-way", resets_half_way, "connect", "protocol"),
    fails("leaves", leaves, "connect", "protocol"),
    either("one-space", b" ", 0, "protocol", "connect"),
    fails("closed-port", b"", "connect", address="http://127.0.0.1:1/feed"),
)
GROUP = Group("timing", CASES, settings={"MUJAZ_FETCH__TIMEOUT": str(LATE)}, seconds=LATE)
