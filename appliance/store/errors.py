"""SQLite's errors in the operator's words, by one table; a test says that each is told apart."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path


class StoreError(Exception):
    """The database did not take or give something; nothing was half stored."""


class StoreFull(StoreError):
    """There is no room left for the database."""


class StoreCorrupt(StoreError):
    """The database holds what nobody wrote; it is set aside at the next start."""


TABLE: Mapping[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFull, "There is no room left on the disk of {path}. Free some, then try again."),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "The database {path} is damaged."),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "The file {path} is no database."),
    sqlite3.SQLITE_IOERR: (StoreError, "The disk under {path} fails to read or write. Look at the disk's own report."),
    sqlite3.SQLITE_READONLY: (StoreError, "The database {path} cannot be written. Is its file system read-only?"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "The database {path} cannot be opened. Look at its folder and its rights."),
    sqlite3.SQLITE_PERM: (StoreError, "The database {path} may not be opened. Look at its owner and its rights."),
    sqlite3.SQLITE_BUSY: (StoreError, "The database {path} is held by another process. Try again in a moment."),
    sqlite3.SQLITE_LOCKED: (StoreError, "The database {path} is held by another process. Try again in a moment."),
    sqlite3.SQLITE_NOMEM: (StoreError, "There is not enough memory for the database {path}."),
    sqlite3.SQLITE_TOOBIG: (StoreError, "This is too large for the database {path}."),
}
"""SQLite's primary result code -> our error and its sentence."""


def translate(error: BaseException | None, path: Path) -> StoreError:
    """Return SQLite's error as ours."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in TABLE:
        kind, sentence = TABLE[code & 0xFF]
        return kind(sentence.format(path=path))
    return StoreError(f"The database {path} says: {error}")
