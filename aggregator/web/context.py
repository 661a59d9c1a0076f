"""What every route shares: the store, the settings, the clock, and what this page may show to whom."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.settings import Settings

if TYPE_CHECKING:
    from aggregator.store import Store
    from aggregator.web.cache import Cache
    from aggregator.web.limits import Limits
    from aggregator.web.pictures import Pictures


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address to listen on."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Site:
    """One running page."""

    store: Store
    settings: Settings
    clock: Callable[[], datetime]
    cache: Cache
    limits: Limits
    pictures: Pictures | None = None
    ready: Callable[[], bool] = field(default=lambda: True)

    @property
    def private(self) -> bool:
        """Tell whether the page is the reader's own: bound to loopback and not published by a proxy (DESIGN 9)."""
        web = self.settings.web
        return is_loopback(web.host) and not web.base_url and not web.trusted_proxies
