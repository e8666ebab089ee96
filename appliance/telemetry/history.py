"""The history: samples come in every second, are written every ten, rolled up, and forgotten in time.

Nothing here raises for a sick disk: samples that cannot be written are dropped and counted, and the process lives on.
"""

import logging
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path as File

from appliance.telemetry.box import Series
from appliance.telemetry.chunks import WIDTH, empty, of_series, roll
from appliance.telemetry.file import HistoryFile
from appliance.telemetry.tiers import DAY, HOUR, TIERS, Tier, ranges

log = logging.getLogger(__name__)

CAP = 256 << 20
"""Bytes of the file with its log."""
AT_ONCE = 6
"""Coarser chunks made in one go; more are left to the next time, so that a long absence does not stall the process."""
WELL = 6
"""Writes in a row after which a sick disk counts as well again: one that hovers around full must not fill the log."""
ROTTEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

SECOND = TIERS[0]


class History:
    """What has passed. All calls must come from one thread at a time."""

    def __init__(self, path: File, cap: int = CAP) -> None:
        self.path, self.cap = path, cap
        self.dropped = 0
        """Samples that could not be written since the start."""
        self._file: HistoryFile | None = None
        self._sick = False
        self._written = 0
        self._pending: dict[int, dict[Series, float]] = {}
        self._numbers: dict[Series, int] = {}
        self._last: dict[Series, int] = {}
        self._free: list[int] = []
        self._hour = 0
        self._guarded(lambda file: None)

    # ---- samples in

    def add(self, now: float, samples: Mapping[Series, float]) -> None:
        """Take samples of a moment, and write what is due."""
        self._pending.setdefault(int(now), {}).update(samples)
        for series in samples:
            self._last[series] = int(now)
        if any(SECOND.begin(tick) != SECOND.begin(int(now)) for tick in self._pending):
            self.flush(int(now))

    def flush(self, now: int, everything: bool = False) -> None:
        """Write the whole chunks that wait, or everything; roll up and forget what is due."""
        current = SECOND.begin(now)
        due = {tick: line for tick, line in self._pending.items() if everything or SECOND.begin(tick) != current}
        for tick in due:
            del self._pending[tick]
        if not self._guarded(lambda file: self._write(file, due, now)):
            self.dropped += sum(map(len, due.values()))
            return
        self._written += 1
        if self._sick and self._written >= WELL:
            self._sick = False
            log.warning("history is written again; %d samples were dropped", self.dropped)

    def close(self, now: int) -> None:
        """Write everything that waits, and close the file."""
        self._hour = 0
        self.flush(now, everything=True)
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, file: HistoryFile, lines: Mapping[int, Mapping[Series, float]], now: int) -> None:
        file.begin()
        file.make_room(now)
        chunks: dict[tuple[int, int], array[float]] = defaultdict(lambda: empty(SECOND.ticks))
        for tick, line in lines.items():
            start = SECOND.begin(tick)
            for series, value in line.items():
                shard, slot = divmod(self._number(file, series), WIDTH)
                chunks[start, shard][slot * SECOND.ticks + tick - start] = value
        for (start, shard), chunk in chunks.items():
            file.put(SECOND, start, shard, chunk)
        marks = file.marks()
        if lines:
            self._rewind(file, marks, min(lines))
        for tier in TIERS[1:]:
            self._roll(file, tier, marks, SECOND.begin(now))
        for tier in TIERS:
            file.forget(tier, tier.begin(now - tier.keep))
        self._housekeeping(file, now)
        file.commit()

    def _rewind(self, file: HistoryFile, marks: dict[int, int], when: int) -> None:
        # The clock was set back: what is written again is rolled up again.
        for tier in TIERS[1:]:
            if when < marks.get(tier.number, 0):
                marks[tier.number] = tier.begin(when)
                file.mark(tier, marks[tier.number])

    def _roll(self, file: HistoryFile, tier: Tier, marks: dict[int, int], written: int) -> None:
        fine = TIERS[tier.number - 1]
        end = written if fine is SECOND else marks.get(fine.number, 0)
        for _ in range(AT_ONCE):
            first = file.first(fine, marks.get(tier.number, 0))
            if first is None or tier.begin(first) + tier.span > end:
                return
            start = tier.begin(first)
            starts = range(start, start + tier.span, fine.span)
            for shard in file.shards(fine, start, start + tier.span):
                there = dict(file.chunks(fine, starts, shard))
                file.put(tier, start, shard, roll([there.get(s) for s in starts], fine.ticks, tier.tick // fine.tick))
            marks[tier.number] = start + tier.span
            file.mark(tier, marks[tier.number])

    def _housekeeping(self, file: HistoryFile, now: int) -> None:
        if now // HOUR == self._hour:
            return
        self._hour = now // HOUR
        file.seen((last, self._numbers[series]) for series, last in self._last.items() if series in self._numbers)
        kept = [first for tier in TIERS if (first := file.first(tier)) is not None]
        for series, last in list(self._last.items()):
            # A number is used again only when nothing is left of its former series.
            if last + DAY < min(kept, default=0) and series in self._numbers:
                number = self._numbers.pop(series)
                del self._last[series]
                file.unname(number)
                self._free.append(number)

    def _number(self, file: HistoryFile, series: Series) -> int:
        number = self._numbers.get(series)
        if number is None:
            number = self._free.pop() if self._free else len(self._numbers)
            self._numbers[series] = number
            file.name(number, series, self._last.get(series, 0))
        return number

    # ---- answers

    def series(self, now: float) -> list[Series]:
        """Return the series with samples in the last day, sorted."""
        return sorted(series for series, last in self._last.items() if last > now - DAY)

    def samples(self, series: Series, start: float, step: int, now: float) -> list[tuple[float, float]]:
        """Return (time, mean) of each step with samples, oldest first, as fine as is still kept."""
        sums: dict[int, tuple[float, int]] = {}

        def take(when: int, value: float, weight: int) -> None:
            if value == value:
                total, weights = sums.get(when - when % step, (0.0, 0))
                sums[when - when % step] = total + value * weight, weights + weight

        def stored(file: HistoryFile) -> None:
            number = self._numbers.get(series)
            if number is None:
                return
            shard, slot = divmod(number, WIDTH)
            oldest = {tier.number: first for tier in TIERS if (first := file.first(tier)) is not None}
            for tier, begin, end in ranges(step, max(0, int(start)), int(now) + 1, oldest, file.marks()):
                for at, chunk in file.chunks(tier, range(tier.begin(begin), end, tier.span), shard):
                    for index, value in enumerate(of_series(chunk, slot, tier.ticks)):
                        when = at + index * tier.tick
                        if begin <= when < end:
                            take(when, value, tier.tick)

        self._guarded(stored)
        for tick, line in sorted(self._pending.items()):
            if start <= tick <= now and series in line:
                take(tick, line[series], SECOND.tick)
        return [(float(when), total / weight) for when, (total, weight) in sorted(sums.items())]

    # ---- the file

    def _guarded(self, work: Callable[[HistoryFile], None]) -> bool:
        """Do work on the file and tell whether it was done."""
        try:
            if self._file is None:
                self._open()
            assert self._file is not None
            work(self._file)
        except (sqlite3.DatabaseError, OSError) as error:
            self._fault(error)
            return False
        return True

    def _fault(self, error: Exception) -> None:
        rotten = isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in ROTTEN
        self._written = 0
        if not self._sick or rotten:
            log.error("history cannot be written to %s: %s; samples are dropped", self.path, error)
            self._sick = True
        if self._file is not None:
            try:
                self._file.rollback()
            except sqlite3.DatabaseError:
                rotten = True
            # What was named in the lost transaction is not named in the file: both are read again.
            self._file.close()
            self._file = None
        if rotten:
            self._set_aside()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = HistoryFile(self.path, self.cap)
        try:
            named = file.series()
        except BaseException:
            file.close()
            raise
        self._numbers = {series: number for series, (number, _) in named.items()}
        self._last = {series: last for series, (_, last) in named.items()} | self._last
        taken = set(self._numbers.values())
        self._free = [number for number in range(max(taken, default=-1), -1, -1) if number not in taken]
        self._file = file

    def _set_aside(self) -> None:
        # One is kept for whoever wants to look; a second one would only fill the disk.
        aside = self.path.with_name(self.path.name + ".broken")
        try:
            self.path.replace(aside)
            for ending in ("-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            log.error("the broken history was set aside as %s; a new one is begun", aside)
        except OSError as error:
            log.error("the broken history cannot be set aside: %s", error)
