"""Documents from outside to entries: bytes in, a `aggregator.model.Document` out; no network, clock or database.

The way through is drawn at the head of `aggregator.parse.dispatch`.
"""

from __future__ import annotations

from aggregator.parse.dispatch import document

__all__ = ["document"]
