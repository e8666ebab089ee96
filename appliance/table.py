"""Tables of rows, and the one difference between what should be and what is.

A path is a tuple of segments, each ``"<kind> <name>"`` except the first, which is an instance's name (or ``box``).
The parent of a path is the path without its last segment. What the kernel cannot change in place belongs in the path.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

type Path = tuple[str, ...]
type Table = Mapping[Path, Row]
type Verb = Literal["make", "change", "break"]

BOX = "box"
"""First segment of rows that belong to the box and to no instance."""


class Row(BaseModel):
    """What is held at one path; two rows are equal when their values are."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Op:
    """One step: make ``new``, change ``old`` into ``new``, or break ``old``."""

    verb: Verb
    path: Path
    old: Row | None = None
    new: Row | None = None


def show(path: Path) -> str:
    """Return the path as people read it."""
    return " / ".join(path)


def diff(desired: Table, observed: Table) -> list[Op]:
    """Return the steps from observed to desired: parents made first, children broken first, making before breaking.

    Making before breaking keeps a service from being empty while one member replaces another.
    """
    ops: list[Op] = []
    for path in sorted(desired.keys()):
        new, old = desired[path], observed.get(path)
        if old is None:
            ops.append(Op("make", path, None, new))
        elif old != new:
            ops.append(Op("change", path, old, new))
    ops.extend(Op("break", path, observed[path]) for path in sorted(observed.keys() - desired.keys(), reverse=True))
    return ops


def applied(table: Table, ops: Iterable[Op]) -> dict[Path, Row]:
    """Return the table as it stands after the steps."""
    result = dict(table)
    for op in ops:
        if op.verb == "break":
            result.pop(op.path, None)
        elif op.new is not None:
            result[op.path] = op.new
    return result


def orphans(table: Table, depth: int = 1) -> list[Path]:
    """Return the paths longer than ``depth`` whose parent is not in the table, sorted."""
    return sorted(path for path in table if len(path) > depth and path[:-1] not in table)
