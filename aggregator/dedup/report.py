"""A report as the judge takes it in: what any outlet says once, without where it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Report:
    """One outlet's report. Only ``title`` is needed; ``published`` is aware, ``body`` plain text."""

    id: str
    title: str
    body: str = ""
    outlet: str = ""
    url: str = ""
    published: datetime | None = None
    language: str = ""
