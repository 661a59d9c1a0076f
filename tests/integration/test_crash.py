"""Killed at any moment, Mujaz loses nothing and stores nothing twice."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path

import pytest

from aggregator.demo.server import Server
from tests.integration.served import Command, command, growing, newsroom, pieces, waited

OUTLETS, ITEMS = 12, 25


def stored(mujaz: Command) -> list[str]:
    done = mujaz.run("export", "-f", "ndjson", "--items")
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["url"] for line in done.stdout.splitlines()]


def killed_fetches(tmp_path: Path, kills: int, seed: int) -> None:
    """Kill fetches at random moments while new articles keep coming; then fetch in peace and count."""
    rng = random.Random(seed)
    with growing(tmp_path, OUTLETS, ITEMS) as news:
        mujaz, killed = news.mujaz, 0
        # how long a fetch of a few new articles takes here decides where the kills fall
        news.more(2)
        start = time.monotonic()
        assert mujaz.run("fetch", "--all", "--force").returncode == 0
        whole = time.monotonic() - start
        for round_ in range(1, kills + 1):
            news.more(2)
            process = mujaz.start("fetch", "--all", "--force")
            time.sleep(rng.uniform(0.1, 1.0) * whole)
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            process.communicate()
            if round_ % 10 == 0:
                # what fell out of a feed's 30 entries while every fetch was killed was never seen: let it catch up
                assert mujaz.run("fetch", "--all", "--force").returncode == 0
        assert killed >= kills // 3, "most fetches ended before they could be killed"
        done = mujaz.run("fetch", "--all", "--force")
        assert done.returncode == 0, done.stderr
        checked = mujaz.run("db", "check")
        assert checked.returncode == 0, checked.stdout
        urls = stored(mujaz)
        assert len(urls) == len(set(urls)), "an item is stored twice"
        assert set(urls) == news.urls


@pytest.mark.timeout(300)
def test_killed_at_thirty_random_moments_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    killed_fetches(tmp_path, 30, seed=1)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_killed_at_a_hundred_random_moments_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    killed_fetches(tmp_path, 100, seed=2)


def test_an_interrupted_fetch_keeps_what_it_had_and_says_so(tmp_path: Path) -> None:
    room = newsroom(OUTLETS)
    with Server(room):
        mujaz = command(tmp_path, room)
        room.publish(pieces(OUTLETS, 0, 10))
        slow = room.answer

        def answer(path: str) -> tuple[int, bytes, str]:
            time.sleep(0.25)
            return slow(path)

        room.answer = answer  # type: ignore[method-assign]
        process = mujaz.start("fetch", "--all", MUJAZ_FETCH__PER_HOST="1")
        assert waited(lambda: len(room.log) >= 3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert "Traceback" not in err
        room.answer = slow  # type: ignore[method-assign]
        assert mujaz.run("fetch", "--all", "--force").returncode == 0
        urls = stored(mujaz)
        assert len(urls) == len(set(urls)) == OUTLETS * 10
