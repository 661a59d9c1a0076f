"""The daemon from outside: it fetches, serves, refuses a second one, and goes when it is told to."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.demo.server import Newsroom, Server
from tests.integration.served import Command, command, newsroom, pieces


@pytest.fixture
def room() -> Iterator[Newsroom]:
    room = newsroom(3)
    with Server(room):
        room.publish(pieces(3, 0, 5))
        yield room


def started(mujaz: Command) -> tuple[subprocess.Popen[str], str]:
    """Start the daemon and wait until it has printed its page's address."""
    process = mujaz.start("run", "--port", "0")
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return process, found[0]
    raise AssertionError("the daemon ended without an address")


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


def stored(page: str, items: int) -> bool:
    """Wait up to half a minute until so many items are stored."""
    for _ in range(150):
        if f"mujaz_items {items}.0" in get(page + "/metrics"):
            return True
        time.sleep(0.2)
    return False


def ended(process: subprocess.Popen[str], within: float) -> str:
    start = time.monotonic()
    _, err = process.communicate(timeout=within + 5)
    assert time.monotonic() - start <= within
    assert "Traceback" not in err
    return err


def test_the_daemon_fetches_what_is_due_and_serves_it(
    tmp_path: Path, room: Newsroom, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database_url.startswith("sqlite"):
        monkeypatch.setenv("MUJAZ_DATABASE__URL", database_url)
    process, page = started(command(tmp_path, room))
    try:
        assert stored(page, 15)
        assert "عنوان رقم" in get(page + "/")
        assert get(page + "/readyz") == "ok\n"
    finally:
        process.send_signal(signal.SIGTERM)
    ended(process, 10)
    assert process.returncode == 0


def test_a_second_daemon_is_refused_in_one_sentence(tmp_path: Path, room: Newsroom) -> None:
    mujaz = command(tmp_path, room)
    process, _ = started(mujaz)
    try:
        second = mujaz.run("run", "--port", "0")
        assert second.returncode == 3
        assert "Another mujaz daemon" in second.stderr
        beside = mujaz.run("fetch", "--all", "--force")
        assert beside.returncode == 0, beside.stderr
    finally:
        process.send_signal(signal.SIGTERM)
    ended(process, 10)


@pytest.mark.long
def test_a_dripping_server_does_not_hold_the_daemon_at_its_end(tmp_path: Path, room: Newsroom) -> None:
    import socket
    import threading

    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        while not stop.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(client,), daemon=True).start()

    def one(client: socket.socket) -> None:
        with client:
            try:
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss>")
                while not stop.wait(0.3):
                    client.sendall(b" ")
            except OSError:
                return

    threading.Thread(target=drip, daemon=True).start()
    mujaz = command(tmp_path, room)
    port = listener.getsockname()[1]
    text = f'\n[[outlets]]\nid = "drip"\nname = "d"\nlanguage = "ar"\ntimezone = "UTC"\nfeeds = ["http://127.0.0.1:{port}/feed"]\n'
    with (mujaz.catalogue / "all.toml").open("a", encoding="utf-8") as out:
        out.write(text)
    process, page = started(mujaz)
    try:
        assert stored(page, 15), "the other sources are fetched beside it"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            ended(process, 10)
        finally:
            stop.set()
            listener.close()


def test_a_port_in_use_is_one_sentence(tmp_path: Path, room: Newsroom) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command(tmp_path, room).run("run", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 3
    assert "can't listen" in done.stderr
    assert "Traceback" not in done.stderr
