"""What the units count on: a process says that it is ready, that it lives, and that it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Listener:
    """Hears what a process tells systemd, in its order."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(40)

    def next(self) -> str:
        return self._socket.recv(4096).decode()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    one = Listener(tmp_path / "notify")
    yield one
    one.close()


@contextmanager
def started(listener: Listener, folder: Path, *words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    program = str(Path(sys.executable).with_name("mujaz"))
    given = (
        os.environ | {"NOTIFY_SOCKET": listener.address, "MUJAZ_CATALOGUE__FOLDER": "", "MUJAZ_DATA": str(folder / "data")} | environment
    )
    process = subprocess.Popen([program, *words], env=given, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def ends_well(listener: Listener, process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and check that it says so and is gone before systemd loses patience."""
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    while (said := listener.next()) != "STOPPING=1":
        assert said == "WATCHDOG=1"
    assert process.wait(15) == 0
    assert time.monotonic() - begun < 12


@pytest.mark.long
def test_a_daemon_says_that_it_is_ready_that_it_lives_and_that_it_ends(listener: Listener, tmp_path: Path) -> None:
    with started(listener, tmp_path, "run", "--no-web") as process:
        assert listener.next() == "READY=1"
        assert listener.next() == "WATCHDOG=1"
        ends_well(listener, process)


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_does_so_too(listener: Listener, tmp_path: Path, database_url: str) -> None:
    with started(listener, tmp_path, "worker", MUJAZ_DATABASE__URL=database_url) as process:
        assert listener.next() == "READY=1"
        ends_well(listener, process)


def test_a_wrong_configuration_ends_with_the_status_that_is_not_tried_again(listener: Listener, tmp_path: Path) -> None:
    unit = Path(__file__).parent.parent.parent / "deploy" / "systemd" / "mujaz.service"
    with started(listener, tmp_path, "run", "--no-web", MUJAZ_FETCH__PER_HOST="many") as process:
        status = process.wait(30)
    line = next(line for line in unit.read_text(encoding="utf-8").splitlines() if line.startswith("RestartPreventExitStatus="))
    assert str(status) in line.partition("=")[2].split()
