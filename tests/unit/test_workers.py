"""Worker processes: one document may hang, die, eat memory or raise what it likes, and only its own task fails."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from aggregator.errors import DocumentError
from aggregator.settings import ParseSettings
from aggregator.workers import Workers

MEGABYTE = 2**20


# -- what the workers are given to do (module-level, so that it can be sent there) --


def double(number: int) -> int:
    return 2 * number


def process() -> int:
    return os.getpid()


def hang_in_python() -> None:
    while True:
        pass


def hang_in_c() -> None:
    # a regular expression never gives the interpreter a chance to run a signal handler
    re.match(r"(a+)+$", "a" * 64 + "b")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    os._exit(3)


def eat(megabytes: int) -> int:
    return len(b"x" * (megabytes * MEGABYTE))


def refuse() -> None:
    raise DocumentError("not_a_feed", "it is a recipe for harira")


def stumble() -> None:
    raise ValueError("line one\nline two")


def descend(depth: int = 0) -> int:
    return descend(depth + 1) + 1


class Unspeakable(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__("can't be sent between processes")


def raise_unspeakable() -> None:
    raise Unspeakable(1, 2)


def shout() -> None:
    os.write(2, b"Traceback (most recent call last): this must not be seen\n")


@asynccontextmanager
async def pool(**settings: object) -> AsyncIterator[Workers]:
    workers = Workers(ParseSettings(**{"workers": 2, "timeout": 10, **settings}))  # type: ignore[arg-type]
    try:
        yield workers
    finally:
        workers.close()


def run(scene: Callable[[Workers], Awaitable[None]], **settings: object) -> None:
    async def play() -> None:
        async with pool(**settings) as workers:
            await scene(workers)

    asyncio.run(play())


async def failure(workers: Workers, function: Callable[..., object], *arguments: object, timeout: float | None = None) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        await workers.run(function, *arguments, timeout=timeout)
    return caught.value


# -- scenes --


def test_no_process_is_started_before_it_is_needed() -> None:
    workers = Workers(ParseSettings())
    assert workers.count >= 1
    workers.close()


def test_everything_that_goes_wrong_in_a_worker_is_a_typed_failure_of_that_task_alone(capfd: pytest.CaptureFixture[str]) -> None:
    async def scene(workers: Workers) -> None:
        assert await workers.run(double, 21) == 42
        for function, kind, words in (
            (die, "internal", "died"),
            (leave, "internal", "exit status 3"),
            (refuse, "not_a_feed", "harira"),
            (stumble, "internal", "ValueError: line one line two"),
            (descend, "too_large", "nested"),
            (raise_unspeakable, "internal", ""),
        ):
            neighbour = asyncio.create_task(workers.run(double, 4))
            error = await failure(workers, function)
            assert (error.kind, words in error.detail) == (kind, True), (function, error.kind, error.detail)
            assert await neighbour == 8
        await workers.run(shout)
        assert await workers.run(double, 1) == 2

    run(scene)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("function", [pytest.param(hang_in_python, marks=pytest.mark.long), hang_in_c])
def test_a_document_that_never_ends_is_killed_in_time_while_others_are_read(function: Callable[[], None]) -> None:
    async def scene(workers: Workers) -> None:
        await asyncio.gather(*(workers.run(double, n) for n in range(4)))
        began = time.monotonic()
        stuck = asyncio.create_task(failure(workers, function, timeout=3))
        assert await asyncio.gather(*(workers.run(double, n) for n in range(20))) == [2 * n for n in range(20)]
        assert not stuck.done(), "the other worker has to go on meanwhile"
        error = await stuck
        assert error.kind == "too_slow"
        assert "3 s (parse.timeout)" in error.detail
        assert time.monotonic() - began < 3 + 2
        assert await workers.run(double, 3) == 6

    run(scene)


def test_memory_is_bounded_and_a_worker_that_hit_the_bound_reads_on() -> None:
    async def scene(workers: Workers) -> None:
        assert await workers.run(eat, 20) == 20 * MEGABYTE
        error = await failure(workers, eat, 400)
        assert error.kind == "too_large"
        assert "parse.memory" in error.detail
        assert await workers.run(double, 5) == 10

    run(scene, memory=100 * MEGABYTE, workers=1)


def test_an_idle_worker_killed_from_outside_costs_nothing() -> None:
    async def scene(workers: Workers) -> None:
        for _ in range(2):
            os.kill(await workers.run(process), signal.SIGKILL)
            await asyncio.sleep(0.5)  # time for the pool to see it, and to break
            assert await asyncio.gather(*(workers.run(double, n) for n in range(6))) == [0, 2, 4, 6, 8, 10]

    run(scene, workers=1)


def test_a_cancelled_task_gives_its_worker_back() -> None:
    async def scene(workers: Workers) -> None:
        await workers.run(double, 1)
        stuck = asyncio.create_task(workers.run(hang_in_c))
        await asyncio.sleep(0.3)
        stuck.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stuck
        began = time.monotonic()
        assert await workers.run(double, 2) == 4
        assert time.monotonic() - began < 2

    run(scene, workers=1)


def test_closing_takes_two_seconds_at_most_whatever_the_workers_do() -> None:
    async def scene() -> None:
        workers = Workers(ParseSettings(workers=2))
        await workers.run(double, 1)
        stuck = [asyncio.create_task(workers.run(hang_in_c)) for _ in range(3)]
        await asyncio.sleep(0.3)
        pids = [worker.pid for worker in workers._pool._pool_manager.worker_manager.workers.values()]  # type: ignore[union-attr]
        began = time.monotonic()
        workers.close()
        assert time.monotonic() - began < 2
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        await asyncio.sleep(0.1)
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    asyncio.run(scene())
