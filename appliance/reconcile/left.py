"""What is left: steps that were refused, why, since when, and when they are tried again."""

from dataclasses import dataclass, field
from typing import Literal

from appliance.table import Path, Verb
from appliance.wire.messages import Left

SHORTEST, LONGEST = 0.5, 30.0
"""Seconds until the second try, and at most between two tries."""

type Key = tuple[str, Verb | Literal["observe"], Path]
"""(engine, verb, path)"""


@dataclass
class _Entry:
    reason: str
    since: float
    tries: int
    due: float


@dataclass
class Leftovers:
    """Refused steps by engine, verb and path; nothing is ever given up."""

    entries: dict[Key, _Entry] = field(default_factory=dict)

    def refused(self, key: Key, reason: str, now: float) -> None:
        """Note a refusal; the pause until the next try doubles."""
        entry = self.entries.get(key)
        tries = 1 if entry is None else entry.tries + 1
        pause = min(LONGEST, SHORTEST * 2 ** min(tries - 1, 10))
        self.entries[key] = _Entry(reason, now if entry is None else entry.since, tries, now + pause)

    def done(self, key: Key) -> None:
        """Forget a step that was taken."""
        self.entries.pop(key, None)

    def keep(self, wanted: set[Key]) -> None:
        """Forget every step that is wanted no more."""
        for key in self.entries.keys() - wanted:
            del self.entries[key]

    def waits(self, key: Key, now: float) -> bool:
        """Tell whether a step is to be left alone for now."""
        entry = self.entries.get(key)
        return entry is not None and entry.due > now

    def hurry(self, since: float = 0.0) -> None:
        """Let every step that was first refused since then be tried at once: something has changed."""
        for entry in self.entries.values():
            if entry.since >= since:
                entry.due = 0.0

    def next_due(self) -> float | None:
        """Return when the next step may be tried, or None."""
        return min((entry.due for entry in self.entries.values()), default=None)

    def report(self) -> tuple[Left, ...]:
        """Return what is left, in order of engine and path."""
        rows = sorted(self.entries.items(), key=lambda item: (item[0][0], item[0][2], item[0][1]))
        return tuple(
            Left(engine=engine, verb=verb, path=path, reason=e.reason, since=e.since, tries=e.tries)
            for (engine, verb, path), e in rows
        )
