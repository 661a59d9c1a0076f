"""The gate, on a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest

from aggregator.fetch import gate as gates
from aggregator.fetch.gate import Gate


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds
        await asyncio.sleep(0)


def test_starts_at_one_host_are_spaced_and_those_at_another_are_not() -> None:
    clock = Clock()
    starts: dict[str, list[float]] = {"a": [], "b": []}

    async def visit(gate: Gate, host: str) -> None:
        async with gate.enter(host):
            starts[host].append(clock.now)

    async def scene() -> None:
        gate = Gate(2, 5.0, monotonic=clock, sleep=clock.sleep)
        await asyncio.gather(*(visit(gate, "a") for _ in range(4)))
        await visit(gate, "b")

    asyncio.run(scene())
    assert starts["a"] == [100, 105, 110, 115]
    assert starts["b"] == [115]


def test_a_hosts_own_wish_for_more_space_is_granted_and_for_less_is_not() -> None:
    clock = Clock()

    async def scene() -> None:
        gate = Gate(1, 5.0, monotonic=clock, sleep=clock.sleep)
        for wish in (20.0, 1.0, None):
            async with gate.enter("a", wish):
                pass

    asyncio.run(scene())
    assert clock.slept == [20, 5]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_no_more_than_so_many_are_inside_at_once(limit: int) -> None:
    inside, most = 0, 0

    async def visit(gate: Gate) -> None:
        nonlocal inside, most
        async with gate.enter("a"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def scene() -> None:
        gate = Gate(limit, 0)
        await asyncio.gather(*(visit(gate) for _ in range(20)))

    asyncio.run(scene())
    assert most == limit


def test_a_place_is_given_back_by_who_fails_and_by_who_is_cancelled() -> None:
    async def scene() -> None:
        gate = Gate(1, 0)
        with pytest.raises(ValueError, match="inside"):
            async with gate.enter("a"):
                raise ValueError("inside")

        async def stay() -> None:
            async with gate.enter("a"):
                await asyncio.sleep(60)

        first, waiting = asyncio.create_task(stay()), asyncio.create_task(stay())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        first.cancel()
        async with asyncio.timeout(1):
            async with gate.enter("a"):
                pass

    asyncio.run(scene())


def test_hosts_that_nobody_visits_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MOST_HOSTS", 10)

    async def scene() -> None:
        gate = Gate(1, 0)
        async with gate.enter("held"):
            for n in range(100):
                async with gate.enter(f"h{n}"):
                    pass
            assert len(gate._hosts) <= 11
            assert "held" in gate._hosts

    asyncio.run(scene())
