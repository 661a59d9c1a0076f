"""Article pages to clean text: bytes in, an `Article` out; no network, clock or database.

What happens to a page, in this order: its bytes are decoded and parsed once (`page`), its
head and JSON-LD are read (`metadata`), the link to the source is looked for (`source_link`),
candidates for the body are made and weighed (`candidates`, `density`, `choose`), boiler-plate
is cut (`boilerplate`), and the sanitiser has the last word (`sanitize`).
"""

from __future__ import annotations

from typing import Any

__all__ = ["article", "from_feed"]


def __getattr__(name: str) -> Any:
    """Load the extractor (lxml) only when it is called for."""
    if name in __all__:
        from importlib import import_module

        return getattr(import_module("aggregator.extract.extractor"), name)
    raise AttributeError(name)
