"""A process that has read the whole program and waits: a command is a fork of it, and begins at once instead of after 0.6 s of imports.

What the tests start runs from `aggregator.cli.main` on as it does for a user, in a process of its own with its own environment, folder and
streams; only the reading of modules is shared. That each command starts by itself as well is tested in `tests/unit/test_cli.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
# what commands import when they need it
LATER = ("aggregator.daemon", "aggregator.engine.embedded", "aggregator.web.serve", "aggregator.reading", "alembic.command", "sqlalchemy.dialects.sqlite", "feedparser", "multiprocessing.popen_forkserver", "uvicorn.lifespan.on", "uvicorn.protocols.http.h11_impl")  # fmt: skip
STREAMS = 3


class Forked:
    """A command that was begun so; what tests use of `subprocess.Popen`."""

    def __init__(self, pid: int, watch: socket.socket, stdout: IO[str] | None, stderr: IO[str] | None) -> None:
        self.pid, self.stdout, self.stderr = pid, stdout, stderr
        self.returncode: int | None = None
        self._watch = watch
        self._heard: dict[IO[str], list[str]] = {}
        self._readers: list[threading.Thread] = []

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._watch], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            told = self._watch.recv(100)
            self._watch.close()
            self.returncode = os.waitstatus_to_exitcode(int(told)) if told else -signal.SIGKILL
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str | None, str | None]:
        until = None if timeout is None else time.monotonic() + timeout
        if not self._readers:
            for stream in filter(None, (self.stdout, self.stderr)):
                self._heard[stream] = []
                self._readers.append(threading.Thread(target=self._listen, args=(stream,), daemon=True))
                self._readers[-1].start()
        for reader in self._readers:
            reader.join(None if until is None else max(0, until - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        self.wait(None if until is None else max(0, until - time.monotonic()))
        out, err = ("".join(self._heard[stream]) if stream else None for stream in (self.stdout, self.stderr))
        return out, err

    def _listen(self, stream: IO[str]) -> None:
        with stream:
            self._heard[stream].append(stream.read())

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Ready:
    """Starts commands; its process is begun when first needed and goes with the one that asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: socket.socket | None = None

    def start(
        self, program: str, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdout: IO[Any] | None, stderr: IO[Any] | None
    ) -> Forked:
        """Begin ``main`` of a module; a stream that is None is a pipe."""
        pipes = [os.pipe() if stream is None else None for stream in (stdout, stderr)]
        ends = [pipe[1] if pipe else stream.fileno() for pipe, stream in zip(pipes, (stdout, stderr), strict=True)]  # type: ignore[union-attr]
        wanted = json.dumps({"program": program, "arguments": list(arguments), "env": dict(env), "cwd": str(cwd)}).encode()
        mine, theirs = socket.socketpair()
        with open(os.devnull) as nothing, theirs, self._lock:
            if self._asked is None:
                self._asked = self._begin()
            socket.send_fds(self._asked, [b"x"], [theirs.fileno()])
            socket.send_fds(mine, [len(wanted).to_bytes(4, "big")], [nothing.fileno(), *ends])
        mine.sendall(wanted)
        pid = int(received(mine, 20))
        for pipe in filter(None, pipes):
            os.close(pipe[1])
        out, err = (os.fdopen(pipe[0], encoding="utf-8") if pipe else None for pipe in pipes)
        return Forked(pid, mine, out, err)

    def _begin(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        code = "import sys; from tests.integration.ready import serve; sys.exit(serve(int(sys.argv[1])))"
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", code, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        atexit.register(self._end, ours, process)
        return ours

    def _end(self, asked: socket.socket, process: subprocess.Popen[bytes]) -> None:
        asked.close()
        process.wait(10)


READY = Ready()


# -- in the process that waits --------------------------------------------------------------


def serve(number: int) -> int:
    """Fork for each request; in the fork, give the status of the command that was asked for."""
    import aggregator.cli

    for name in (*(f"aggregator.cli.{found.name}" for found in pkgutil.iter_modules(aggregator.cli.__path__)), *LATER):
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    with socket.socket(fileno=number) as asked:
        while True:
            _, given, _, _ = socket.recv_fds(asked, 1, 1)
            if not given:
                return 0
            if os.fork() == 0:
                break
            os.close(given[0])
    with socket.socket(fileno=given[0]) as teller:
        size, streams, _, _ = socket.recv_fds(teller, 4, STREAMS)
        wanted = json.loads(received(teller, int.from_bytes(size, "big")))
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if (pid := os.fork()) != 0:
            teller.sendall(f"{pid:>20}".encode())
            teller.sendall(str(os.waitpid(pid, 0)[1]).encode())
            os._exit(0)
    return command(wanted, streams)


def received(teller: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += teller.recv(size - len(found))
    return found


def command(wanted: dict[str, Any], streams: Sequence[int]) -> int:
    """Become the command."""
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["env"])
    time.tzset()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = ["mujaz", *wanted["arguments"]]
    return int(importlib.import_module(wanted["program"]).main() or 0)
