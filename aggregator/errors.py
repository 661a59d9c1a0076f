"""Every error that Mujaz raises on purpose, each with the exit status it ends a command with.

A message is one plain sentence that says what is wrong and what to do; no traceback is
shown for these unless ``--debug`` is given.
"""

from __future__ import annotations


class MujazError(Exception):
    """An error with a sentence for a person and an exit status for a program."""

    exit_status = 1


class UsageError(MujazError):
    """The command was called with something it can't use (exit status 2)."""

    exit_status = 2


class ConfigurationError(MujazError):
    """The configuration or the catalogue can't be used (exit status 3).

    The message names file, line and key where they are known, and what is allowed there.
    """

    exit_status = 3


class DatabaseError(MujazError):
    """The database can't be used: locked, full, foreign, corrupted or too new (exit status 3).

    ``passing`` tells whether the same may succeed a little later: a full disk or a lock, and not a refused row. ``general`` tells that it
    has nothing to do with what was to be written: what passes, and a right or a table that is missing.
    """

    exit_status = 3

    def __init__(self, message: str, *, passing: bool = False, general: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
        self.general = general or passing


class DocumentError(MujazError):
    """A document from outside can't be read; ``kind`` is a `aggregator.model.FailureKind` value."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail

    def __reduce__(self) -> tuple[type[DocumentError], tuple[str, str]]:
        """Survive the way back from a worker process."""
        return (DocumentError, (self.kind, self.detail))
