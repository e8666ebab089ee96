"""The history's file: chunks and the names of series in SQLite, no larger than its cap."""

import json
import sqlite3
from array import array
from collections.abc import Iterable
from pathlib import Path as File

from appliance.telemetry.box import Series
from appliance.telemetry.chunks import overlay, pack, unpack
from appliance.telemetry.tiers import TIERS, Tier, start_of

PAGE = 8192
WAL = 16 << 20
"""Bytes of the cap that are left to the write-ahead log."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS chunks (key INTEGER PRIMARY KEY, samples BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, metric TEXT NOT NULL, last INTEGER NOT NULL, UNIQUE (path, metric));
CREATE TABLE IF NOT EXISTS marks (tier INTEGER PRIMARY KEY, until INTEGER NOT NULL);
"""


class HistoryFile:
    """An open file; every method may raise sqlite3.DatabaseError."""

    def __init__(self, path: File, cap: int) -> None:
        self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            wal = min(WAL, cap // 4)
            self.most = (cap - wal) // PAGE
            self._db.execute(f"PRAGMA page_size={PAGE}")
            self._db.execute("PRAGMA journal_mode=WAL")
            # A power cut may lose the latest commits, never the file: the log is synced before pages are moved from it.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(f"PRAGMA wal_autocheckpoint={wal // 2 // PAGE}")
            self._db.execute(f"PRAGMA journal_size_limit={wal}")
            self._db.executescript(SCHEMA)
            self._db.execute(f"PRAGMA max_page_count={self.most}")
        except sqlite3.DatabaseError:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def begin(self) -> None:
        """Begin a transaction."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """End the transaction; all of it is in the file, or nothing."""
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Forget the transaction, if one is open."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    # ---- chunks

    def chunk(self, tier: Tier, start: int, shard: int) -> array[float] | None:
        """Return a chunk; None where there is none, or none that can be read."""
        row = self._db.execute("SELECT samples FROM chunks WHERE key=?", (tier.key(start, shard),)).fetchone()
        return None if row is None else _readable(row[0], tier)

    def chunks(self, tier: Tier, starts: range, shard: int) -> Iterable[tuple[int, array[float]]]:
        """Yield one shard's chunks that begin at these times."""
        for at in range(0, len(starts), 500):
            keys = [tier.key(start, shard) for start in starts[at : at + 500]]
            holes = ",".join("?" * len(keys))
            for key, blob in self._db.execute(f"SELECT key, samples FROM chunks WHERE key IN ({holes})", keys):
                chunk = _readable(blob, tier)
                if chunk is not None:
                    yield start_of(key), chunk

    def put(self, tier: Tier, start: int, shard: int, chunk: array[float]) -> None:
        """Write a chunk over what is there: a restart or a set clock comes back to a chunk that has been written."""
        below = self.chunk(tier, start, shard)
        whole = chunk if below is None else overlay(below, chunk)
        self._db.execute("INSERT OR REPLACE INTO chunks VALUES (?, ?)", (tier.key(start, shard), pack(whole)))

    def shards(self, tier: Tier, start: int, end: int) -> list[int]:
        """Return the shards with chunks that begin in [start, end)."""
        found = self._db.execute(
            "SELECT DISTINCT key & ? FROM chunks WHERE key >= ? AND key < ?",
            ((1 << 20) - 1, tier.key(start, 0), tier.key(end, 0)),
        )
        return sorted(row[0] for row in found)

    def first(self, tier: Tier, since: int = 0) -> int | None:
        """Return the start of the first chunk at or behind a time."""
        limits = (tier.key(since, 0), (tier.number + 1) << 56)
        row = self._db.execute("SELECT MIN(key) FROM chunks WHERE key >= ? AND key < ?", limits).fetchone()
        return None if row[0] is None else start_of(row[0])

    def forget(self, tier: Tier, until: int) -> None:
        """Drop the chunks that begin before a time."""
        if until > 0:
            self._db.execute("DELETE FROM chunks WHERE key >= ? AND key < ?", (tier.key(0, 0), tier.key(until, 0)))

    # ---- room

    def used(self) -> int:
        """Return the pages in use."""
        pages: int = self._db.execute("PRAGMA page_count").fetchone()[0]
        free: int = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        return pages - free

    def make_room(self, now: int) -> None:
        """Drop the oldest of the finest until a tenth is free: every tier down to its floor first, then anything."""
        enough = self.most * 9 // 10
        if self.used() <= enough:
            return
        aim = self.most * 85 // 100
        steps = [(tier, now - tier.floor) for tier in TIERS] + [(tier, now) for tier in reversed(TIERS)]
        for tier, until in steps:
            while self.used() > aim and (first := self.first(tier)) is not None and first + tier.span <= until:
                self.forget(tier, first + tier.span)

    # ---- series and marks

    def series(self) -> dict[Series, tuple[int, int]]:
        """Return each series' number and the time of its last sample, which may be an hour late."""
        rows = self._db.execute("SELECT id, path, metric, last FROM series")
        return {(tuple(json.loads(path)), metric): (number, last) for number, path, metric, last in rows}

    def name(self, number: int, series: Series, last: int) -> None:
        """Give a series its number."""
        path, metric = series
        self._db.execute("INSERT INTO series VALUES (?, ?, ?, ?)", (number, json.dumps(path), metric, last))

    def seen(self, last: Iterable[tuple[int, int]]) -> None:
        """Write the times of last samples: (time, number)."""
        self._db.executemany("UPDATE series SET last=? WHERE id=?", last)

    def unname(self, number: int) -> None:
        """Take a series' number away."""
        self._db.execute("DELETE FROM series WHERE id=?", (number,))

    def marks(self) -> dict[int, int]:
        """Return until when each coarser tier has been rolled up, by number."""
        return dict(self._db.execute("SELECT tier, until FROM marks"))

    def mark(self, tier: Tier, until: int) -> None:
        """Say until when a tier has been rolled up."""
        self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (tier.number, until))


def _readable(blob: bytes, tier: Tier) -> array[float] | None:
    try:
        return unpack(blob, tier.ticks)
    except ValueError:
        return None  # rotten bytes inside a sound file: a hole in the picture
