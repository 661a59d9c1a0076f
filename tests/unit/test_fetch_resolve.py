"""Look-ups: shared, in threads that nothing waits for, and given up in time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from aggregator.fetch.resolve import NoAddress, ThreadResolver

HANGING = """
import asyncio, time
from aggregator.fetch.resolve import ThreadResolver, NoAddress
async def main():
    try:
        await ThreadResolver(lambda host, port: time.sleep(60) or [], patience=0.3)("slow.example", 80)
    except NoAddress as error:
        print(error)
asyncio.run(main())
"""


def test_a_hanging_look_up_is_given_up_and_holds_no_exit() -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=30, check=True)
    assert "within 0.3 s" in done.stdout
    assert time.monotonic() - began < 10


def test_askers_of_one_name_share_one_look_up() -> None:
    calls = []

    def lookup(host: str, port: int) -> list[str]:
        calls.append(host)
        time.sleep(0.05)
        return ["8.8.8.8"]

    async def scene() -> None:
        resolve = ThreadResolver(lookup)
        assert await asyncio.gather(*(resolve("a.example", 80) for _ in range(50))) == [["8.8.8.8"]] * 50
        assert calls == ["a.example"]
        await resolve("a.example", 80)
        assert len(calls) == 2, "an answer is not kept: the system has a cache, and names move"

    asyncio.run(scene())


def test_threads_are_few_and_used_again() -> None:
    def lookup(host: str, port: int) -> list[str]:
        time.sleep(0.01)
        return [threading.current_thread().name]

    async def scene() -> None:
        resolve = ThreadResolver(lookup, most_threads=4)
        names = {answer[0] for answer in await asyncio.gather(*(resolve(f"{n}.example", 80) for n in range(40)))}
        assert len(names) <= 4
        for n in range(5):
            names |= {(await resolve(f"again{n}.example", 80))[0]}
        assert len(names) <= 4

    asyncio.run(scene())


@pytest.mark.parametrize("error", [OSError(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_does_not_exist_is_said_in_words(error: Exception) -> None:
    def lookup(host: str, port: int) -> list[str]:
        raise error

    with pytest.raises(NoAddress, match=r"nowhere\.example can't be resolved"):
        asyncio.run(ThreadResolver(lookup)("nowhere.example", 80))


def test_an_asker_that_goes_away_leaves_the_others_their_answer() -> None:
    def lookup(host: str, port: int) -> list[str]:
        time.sleep(0.1)
        return ["8.8.8.8"]

    async def scene() -> None:
        resolve = ThreadResolver(lookup)
        first, second = asyncio.create_task(resolve("a.example", 80)), asyncio.create_task(resolve("a.example", 80))
        await asyncio.sleep(0.02)
        first.cancel()
        assert await second == ["8.8.8.8"]

    asyncio.run(scene())
