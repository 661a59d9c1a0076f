"""The same news from several processes at the same moment makes one story, on both databases."""

from __future__ import annotations

import multiprocessing
import random
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from aggregator.engine.writer import ThreadWriter
from aggregator.model import StoryFilter
from aggregator.settings import DedupSettings, StorageSettings
from aggregator.store import Store
from tests.integration import news

PROCESSES, STORIES, COPIES, AT_A_TIME = 4, 200, 3, 10
LETTERS = "ابتجحخدرزسشصضطعغفقكلمنهوي"


def words(chance: random.Random, count: int) -> list[str]:
    return ["".join(chance.choices(LETTERS, k=chance.randint(4, 7))) for _ in range(count)]


def copy(story: int, number: int) -> tuple[str, str]:
    """Give one of a story's near-identical copies: another beginning, a word less, another end."""
    chance = random.Random(story)
    title, body = words(chance, 9), words(chance, 80)
    head = [" ".join(title), f"عاجل.. {' '.join(title)}", " ".join(title[:-1])][number]
    return head, " ".join([*body[number:], *words(random.Random(f"{story}/{number}"), 4)])


def bring(url: str, folder: Path, process: int, together: Barrier) -> None:
    """Store this process's copies, a few at a time, each time at the same moment as the others."""
    name = f"p{process}"
    mine = [(story, number) for story in range(STORIES) for number in range(COPIES) if (story + number) % PROCESSES == process]
    with Store.open(url, folder=folder, settings=StorageSettings(busy_timeout=60)) as store:
        writer = ThreadWriter(store, DedupSettings())
        for start in range(0, STORIES, AT_A_TIME):
            entries = [
                news.entry(*copy(story, number), url=f"https://{name}.example/{story}")
                for story, number in mine
                if start <= story < start + AT_A_TIME
            ]
            made = news.made(store, news.source(name), *entries)
            together.wait(60)
            writer._judged([made])  # without the lock first, then again within it, as the engines do


@pytest.mark.timeout(240)
def test_two_hundred_stories_from_four_processes_at_once_are_not_split(database_url: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(PROCESSES)
    processes = [context.Process(target=bring, args=(database_url, tmp_path, number, together)) for number in range(PROCESSES)]
    for each in processes:
        each.start()
    for each in processes:
        each.join(200)
    assert [each.exitcode for each in processes] == [0] * PROCESSES
    with Store.open(database_url, folder=tmp_path, settings=StorageSettings()) as store:
        stories = list(store.iter_stories(StoryFilter()))
        assert store.check() == []
    assert sorted(len(story.items) for story in stories) == [COPIES] * STORIES
    for story in stories:
        assert len({item.url.rpartition("/")[2] for item in story.items}) == 1, [item.title for item in story.items]
        assert len({item.outlet.id for item in story.items}) == COPIES
