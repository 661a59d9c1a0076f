"""Log lines: text for people, JSON for programs; always one line, with control characters escaped and passwords cut out."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_SECRET = re.compile(r"([?&](?:\w*(?:token|secret|passw\w*|api_?key|signature)|key|auth|sig|pwd)=)[^&\s#\"']+", re.IGNORECASE)
_TOKEN = re.compile(r"\bmujaz_[\w-]{20,}|(?<=Bearer )\S+|(?<=Basic )\S+")
QUIET = (
    "httpx2",
    "httpcore2",
    "apscheduler",
    "asyncio",
    "alembic",
    "trafilatura",
    "htmldate",
    "charset_normalizer",
    "procrastinate",
    "psycopg",
    "uvicorn.error",
    "uvicorn",
)


def clean(text: str) -> str:
    """Give a text on one line, without passwords, tokens and control characters."""
    text = _TOKEN.sub("…", _SECRET.sub(r"\1…", _USERINFO.sub("", text)))
    return "".join(ch if ch.isprintable() else f"\\x{ord(ch):02x}" if ord(ch) < 256 else f"\\u{ord(ch):04x}" for ch in text)


def _cleaned(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
    cleaned = {key: clean(value) if isinstance(value, str) and key != "exception" else value for key, value in event.items()}
    if isinstance(trace := event.get("exception"), str):  # a traceback keeps its lines on a terminal; JSON escapes them
        cleaned["exception"] = "\n".join(clean(line) for line in trace.splitlines())
    return cleaned


def set_up(level: str, form: str, *, debug: bool = False, quiet: bool = False) -> None:
    """Send all logging to standard error in the wanted form (``auto``: text on a terminal)."""
    import structlog

    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _cleaned,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if text else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if debug else logging.ERROR if quiet else level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.INFO if debug else logging.WARNING)
