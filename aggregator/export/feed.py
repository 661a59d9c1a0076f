"""What stands at the head of a feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Head:
    """Title, own address, home page, language and time of a feed; ``now`` is aware and in UTC."""

    title: str
    now: datetime
    address: str = ""
    home: str = ""
    language: str = "ar"

    @property
    def id(self) -> str:
        """Give the feed's stable id: its address, else one by its title."""
        return self.address or f"tag:mujaz,2026:feed/{self.title}"
