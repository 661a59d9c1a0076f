"""The page's own files: texts compressed once for all, and all of them kept by browsers for a while."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from aggregator.web.answer import http_date_of, ready_response
from aggregator.web.cache import Ready

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

TEXTS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
HOUR, MONTH = 3_600, 30 * 86_400  # fonts change their names when they change


class Static(StaticFiles):
    """Serves the folder ``static``."""

    def __init__(self) -> None:
        super().__init__(directory=str(files("aggregator.web") / "static"))
        self._ready: dict[str, tuple[float, Ready]] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with ready bytes for a text, else with the file."""
        try:
            found, stat = self.lookup_path(path)
        except (OSError, ValueError):
            found, stat = "", None  # a name that no file can have: a NUL, a thousand letters
        kind = TEXTS.get(Path(path).suffix)
        if kind and stat is not None and Path(found).is_file():
            kept = self._ready.get(found)
            if kept is None or kept[0] != stat.st_mtime:
                kept = self._ready[found] = (stat.st_mtime, Ready(Path(found).read_bytes(), kind, http_date_of(stat.st_mtime)))
            return ready_response(Request(scope), kept[1], max_age=HOUR)
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = f"public, max-age={MONTH}"
        return answer
