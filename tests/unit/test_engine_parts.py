"""The engine of a cluster: whose time it goes by, what it takes for its own fault, what it tells whoever watches it."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.engine.distributed import DatabaseClock
from aggregator.engine.health import answering
from aggregator.engine.patient import PatientWriter
from aggregator.engine.pulse import Pulse
from aggregator.model import Failed, FailureKind, Outlet, Source, SourceState

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


class Steady:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


class Server:
    """A database whose clock takes its time to answer."""

    def __init__(self, steady: Steady, trip: float) -> None:
        self.steady, self.trip = steady, trip

    def clock(self) -> datetime:
        self.steady.at += self.trip / 2
        answer = NOW + timedelta(seconds=self.steady.at - 100)
        self.steady.at += self.trip / 2
        return answer


def test_all_machines_go_by_the_server_s_clock_whatever_theirs_says() -> None:
    steady = Steady()
    clock = DatabaseClock(steady)
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=5), "its own before the first answer"
    clock.measure(Server(steady, trip=0.4))  # type: ignore[arg-type]
    assert clock() == NOW + timedelta(seconds=0.4)
    steady.at += 3600
    assert clock() == NOW + timedelta(seconds=3600.4)
    assert clock().tzinfo is UTC


def test_a_standstill_is_noticed_also_when_nobody_beat_since() -> None:
    steady = Steady()
    pulse = Pulse(steady)
    for _ in range(10):
        steady.at += 1
        pulse.beat()
    before = steady.at
    assert not pulse.stood_since(before - 5)
    steady.at += 30  # stopped and continued; the first to ask is a request that has just timed out
    assert pulse.stood_since(before)
    steady.at += 1
    pulse.beat()
    assert pulse.stood_since(before)
    assert not pulse.stood_since(steady.at), "what began after it is judged as ever"


@pytest.mark.parametrize(
    ("kind", "stood", "written"),
    [
        (FailureKind.TIMEOUT, True, False),
        (FailureKind.DNS, True, False),
        (FailureKind.TIMEOUT, False, True),
        (FailureKind.GONE, True, True),
        (None, True, True),
    ],
)
def test_what_timed_out_while_this_machine_stood_still_counts_against_nobody(kind: FailureKind | None, stood: bool, written: bool) -> None:
    rows: list[str] = []

    class Writer:
        async def record(self, source: Source, state: SourceState) -> None:
            rows.append(source.id)

    each = Source("a", Outlet("a", "منبر"), addresses=("https://a.example/feed",))
    state = SourceState(failure=Failed(kind, "…") if kind else None)
    nothing: Any = Writer()
    asyncio.run(PatientWriter(nothing, lambda _: stood).record(each, state))
    assert bool(rows) == written


def test_a_worker_tells_whether_it_takes_work() -> None:
    taking = True

    async def asked(port: int, text: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(text)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    async def main() -> list[bytes]:
        nonlocal taking
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        async with answering(listener, lambda: taking):
            answers = [await asked(port, b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % path) for path in (b"healthz", b"readyz", b"other")]
            taking = False
            answers.append(await asked(port, b"GET /readyz HTTP/1.1\r\n\r\n"))
            answers.append(await asked(port, b"\r\n\r\n"))
            answers.append(await asked(port, b"GET /" + b"x" * 100_000 + b"\r\n\r\n"))
            return answers

    healthy, ready, other, away, empty, long = asyncio.run(main())
    assert healthy.startswith(b"HTTP/1.1 200 OK\r\n")
    assert healthy.endswith(b"\r\n\r\nok\n")
    assert ready.startswith(b"HTTP/1.1 200 OK\r\n")
    assert other.startswith(b"HTTP/1.1 404 ")
    assert away.startswith(b"HTTP/1.1 503 ")
    assert empty.startswith(b"HTTP/1.1 404 ")
    assert long == b"", "what is no question is not answered"
