"""CPU-seconds a thousand sources: first fetch, all 304, all 200 unchanged, one new item each; whole process, workers included.

Run: `python -m benchmarks.refresh [--sources 2000] [--items 30] [--bytes 96000]`. The sources are feeds on loopback, 30 items of invented
Arabic prose and 96 kB each; the server is a process of its own, has made its feeds beforehand and is not counted. What is counted is all CPU time of `mujaz fetch` and
of every process that it starts (they are adopted and waited for here), near-duplicates and the search index included. Newsboat runs
over the same feeds where it is installed.
"""

from __future__ import annotations

import argparse
import ctypes
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._feeds import FRESH, IGNORING, Newsroom, newsroom

SUBREAPER = 36  # prctl: orphans of the command come to us, so that their time is counted


# -- the command --


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost: CPU and wall seconds."""

    cpu: float
    wall: float
    last: str


def measured(command: Sequence[str], environment: dict[str, str]) -> Cost:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}\n{done.stdout[-500:]}")
    wall = time.perf_counter() - start
    for _ in range(100):  # helpers that outlive the command for a moment
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            if not others():
                break
            time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, (done.stdout.strip().splitlines() or [""])[-1])


def others() -> list[int]:
    """Give our children besides the server."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    ours = {child.pid for child in multiprocessing.active_children()}
    return [int(pid) for pid in text.split() if int(pid) not in ours and "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()]


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "MUJAZ_FETCH__ALLOW_PRIVATE": "true",
        "MUJAZ_FETCH__MIN_INTERVAL": "0",
        "MUJAZ_FETCH__HOST_SPACING": "0",
        "MUJAZ_FETCH__PER_HOST": "16",
        "MUJAZ_CATALOGUE__FOLDER": str(folder),
        **more,
    }


def runs(folder: Path, room: Newsroom) -> Iterator[tuple[str, Cost]]:
    room.catalogue(folder / "sources")
    mujaz = [sys.executable, "-c", "import sys; from aggregator.cli import main; sys.exit(main())", "--quiet", "--data"]
    given = environment(folder / "sources")

    def fetch(data: str, **more: str) -> Cost:
        return measured([*mujaz, str(folder / data), "fetch", "--all", "--force"], {**given, **more})

    (folder / "none").mkdir()
    yield "empty run (no source)", fetch("empty", MUJAZ_CATALOGUE__FOLDER="")
    yield "first fetch", fetch("data")
    yield "all 304", fetch("data")
    room.mode.value = IGNORING
    yield "all 200 unchanged", fetch("data")
    room.mode.value, room.rounds.value = FRESH, 1
    yield "one new item each", fetch("data")
    yield "first fetch without near-duplicates", fetch("plain", MUJAZ_DEDUP__ENABLED="false")


def newsboat(folder: Path, room: Newsroom) -> Iterator[tuple[str, Cost]]:
    (folder / "boat").mkdir()
    urls, cache = folder / "boat/urls", folder / "boat/cache.db"
    urls.write_text("\n".join(room.address(n) for n in range(room.sources)))
    command = ["newsboat", "-q", "-u", str(urls), "-c", str(cache), "-C", os.devnull, "-x", "reload"]
    for name in ("first fetch", "all 304", "all 200 unchanged", "one new item each"):
        room.mode.value = IGNORING if "unchanged" in name else FRESH
        room.rounds.value += name == "one new item each"
        yield f"newsboat: {name}", measured(command, {**os.environ, "HOME": str(folder / "boat")})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--bytes", type=int, default=96_000)
    parser.add_argument("--only", type=int, default=99, help="stop after so many runs")
    asked = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    print(f"{asked.sources} sources of {asked.items} items and {asked.bytes:,} bytes each; CPU-seconds, a thousand sources (whole process)")
    with tempfile.TemporaryDirectory() as folder, newsroom(asked.sources, asked.items, asked.bytes, beforehand=(0, 1)) as room:
        lines = [runs]
        if shutil.which("newsboat"):
            lines.append(newsboat)
        else:
            print("(newsboat is not installed: no comparison)")
        for line in lines:
            for number, (name, cost) in enumerate(line(Path(folder), room), 1):
                each = cost.cpu if "empty" in name else cost.cpu / asked.sources * 1000
                print(f"{name:<40} {each:8.2f}   ({cost.cpu:.2f} s of CPU, {cost.wall:.1f} s in all)", flush=True)
                if number >= asked.only:
                    break


if __name__ == "__main__":
    main()
