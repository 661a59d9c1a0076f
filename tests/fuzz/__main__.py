"""`python -m tests.fuzz [--seconds 600] [TARGET…]`: hunt with coverage (atheris), each target in a process of its own.

Without names: feed, page, date and sitemap. What is found lies in `tests/fuzz/found/` afterwards, as TARGET-crash-… or TARGET-timeout-…, where
`tests/property/test_fuzz_found.py` reads it from then on. The exit status is the number of targets with findings.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.seeds import of
from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"
USUAL = ("feed", "page", "date", "sitemap")
LONGEST, SLOWEST, MEMORY = 60_000, 10, 2_048  # bytes, seconds, MiB


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET")
    asked.add_argument("--seconds", type=int, default=600)
    asked.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.one:
        one(given.targets[0], given.seconds)
    failed = 0
    for target in given.targets or USUAL:
        print(f"== {target}, {given.seconds} s", flush=True)
        command = [sys.executable, "-m", "tests.fuzz", "--one", "--seconds", str(given.seconds), target]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


def one(target: str, seconds: int) -> None:
    """Hunt in this process, which ends with it."""
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["aggregator", "feedparser", "protego", "bs4"]):
        import aggregator.arabic.dates
        import aggregator.catalogue
        import aggregator.cli.dedup
        import aggregator.extract
        import aggregator.fetch.robots
        import aggregator.parse.discover
        import aggregator.parse.page  # noqa: F401
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(of(target)):
            (Path(folder) / str(number)).write_bytes(seed)
        bounds = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY}"]
        atheris.Setup(
            [sys.argv[0], *bounds, "-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={FOUND / target}-", folder], TARGETS[target]
        )
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
