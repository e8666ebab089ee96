"""A machine in memory: it obeys and refuses as the real drivers do, for tests and for trying a document."""

from collections.abc import Sequence

from appliance.engines.base import Counters, Driver
from appliance.table import BOX, Op, Path, Row


class MemoryDriver(Driver):
    """Rows in a dict; a child without its parent, a second making, and a change of nothing are refused."""

    def __init__(self, depth: int = 1) -> None:
        self.depth = depth
        """Paths up to this length need no parent here: it belongs to another engine."""
        self.rows: dict[Path, Row] = {}
        self.taken: list[Op] = []
        self.refusals: dict[Path, str] = {}
        """path -> why steps on it are refused, set by whoever wants a failing machine."""

    def observe(self) -> dict[Path, Row]:
        """Return a copy of the rows."""
        return dict(self.rows)

    def apply(self, ops: Sequence[Op]) -> list[str | None]:
        """Take the steps in order."""
        return [self._take(op) for op in ops]

    def count(self) -> Counters:
        """Return no counters: nothing passes here."""
        return {}

    def _take(self, op: Op) -> str | None:
        why = self.refusals.get(op.path) or self._refusal(op)
        if why is None:
            self.taken.append(op)
            if op.verb == "break":
                del self.rows[op.path]
            elif op.new is not None:
                self.rows[op.path] = op.new
        return why

    def _refusal(self, op: Op) -> str | None:
        there = op.path in self.rows
        if op.verb == "make" and there:
            return "it exists already"
        if op.verb != "make" and not there:
            return "it does not exist"
        rooted = len(op.path) <= self.depth or op.path[:-1] == (BOX,)
        if op.verb == "make" and not rooted and op.path[:-1] not in self.rows:
            return "what it stands on does not exist"
        if op.verb == "break" and any(len(p) > len(op.path) and p[: len(op.path)] == op.path for p in self.rows):
            return "something still stands on it"
        return None
