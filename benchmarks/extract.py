"""Article extraction beside trafilatura, readability-lxml and newspaper4k: quality and CPU on the same pages in one run.

Run: ``python -m benchmarks.extract``. Pages: the project's golden set and, where present, the real pages of the shared data.
Quality is the token F1 of the body (bags of words); time is CPU of this process, median and mean of the best of three reads.
"""

from __future__ import annotations

import contextlib
import io
import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.golden.pages import NOW, Golden, f1, golden, real

Extractor = Callable[[Golden, bytes], str]


def ours(page: Golden, html: bytes) -> str:
    from aggregator.extract import article

    return article(
        html, url=page.expected["url"], timezone=page.expected.get("timezone", "UTC"), country=page.expected.get("country", ""), now=NOW
    ).body


def by_trafilatura(page: Golden, html: bytes) -> str:
    import trafilatura

    return trafilatura.extract(html, url=page.expected["url"], include_comments=False) or ""


def by_readability(page: Golden, html: bytes) -> str:
    import lxml.html
    from readability import Document

    summary = Document(html.decode("utf-8", "replace")).summary(html_partial=True)
    return "\n".join(text for text in lxml.html.fromstring(summary).itertext() if text.strip())


def by_newspaper(page: Golden, html: bytes) -> str:
    import newspaper

    article = newspaper.Article(page.expected["url"], language="ar", fetch_images=False)
    article.download(input_html=html.decode("utf-8", "replace"))
    article.parse()
    return article.text


EXTRACTORS: dict[str, Extractor] = {
    "mujaz": ours,
    "trafilatura": by_trafilatura,
    "readability-lxml": by_readability,
    "newspaper4k": by_newspaper,
}


def measure(extractor: Extractor, pages: list[Golden]) -> tuple[list[float], list[float]]:
    scores, times = [], []
    for page in pages:
        html = page.path.read_bytes()
        text, best = "", float("inf")
        for _ in range(3):
            start = time.process_time()
            with contextlib.suppress(Exception), contextlib.redirect_stderr(io.StringIO()):
                text = extractor(page, html)
            best = min(best, time.process_time() - start)
        scores.append(f1(text, page.expected["body"]))
        times.append(best * 1000)
    return scores, times


def main() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sets = {"golden": golden(), "real": [page for page in real() if "body" in page.expected]}
    for name, pages in sets.items():
        if not pages:
            print(f"{name}: no shared data")
            continue
        print(f"\n{name}: {len(pages)} pages\n{'':18}{'mean F1':>9}{'lowest':>9}{'median ms':>11}{'mean ms':>9}")
        for label, extractor in EXTRACTORS.items():
            try:
                extractor(pages[0], pages[0].path.read_bytes())  # imports are not measured
            except ImportError as missing:
                print(f"{label:18}not measured: {str(missing).splitlines()[0]}")
                continue
            scores, times = measure(extractor, pages)
            print(
                f"{label:18}{statistics.mean(scores):9.3f}{min(scores):9.3f}{statistics.median(times):11.1f}{statistics.mean(times):9.1f}"
            )


if __name__ == "__main__":
    main()
