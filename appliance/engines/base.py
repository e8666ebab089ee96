"""What an engine is, and what a driver does."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.model.config import Config
from appliance.model.signals import Signals
from appliance.table import Op, Path, Row

type Counters = dict[Path, dict[str, int]]
"""path -> counter name -> value; names say their unit (``bytes_in``, ``packets_in``, ``connections_total``)."""


@dataclass(frozen=True)
class Engine:
    """An engine's name, the engines whose rows must stand before its own, its kinds of rows, and its compiler."""

    name: str
    needs: tuple[str, ...]
    rows: Mapping[str, type[Row]]
    """kind of the last path segment (``instance`` for an instance itself) -> row."""
    compile: Callable[[Config, Signals], dict[Path, Row]]

    def row(self, path: Path, value: Mapping[str, Any]) -> Row:
        """Return a row read from JSON. Raises KeyError for a path whose kind is not this engine's."""
        return self.rows[kind_of(path)].model_validate(value)


class Refused(Exception):
    """A step that the machine did not take; its text is for operators: what, why, and what to do."""


class Driver(ABC):
    """The three verbs that touch the machine; calls come one at a time, always from one thread."""

    @abstractmethod
    def observe(self) -> dict[Path, Row]:
        """Return what the machine holds of ours. Raises Refused."""

    @abstractmethod
    def apply(self, ops: Sequence[Op]) -> list[str | None]:
        """Take the steps in order; return for each None, or why it was refused. Never raises for a single step."""

    @abstractmethod
    def count(self) -> Counters:
        """Return counters by path. Raises Refused."""


def kind_of(path: Path) -> str:
    """Return the kind of a path: the first word of its last segment, ``instance`` for an instance itself."""
    return "instance" if len(path) == 1 else path[-1].partition(" ")[0]


def name_of(segment: str) -> str:
    """Return the name in a path segment: what stands behind its kind."""
    return segment.partition(" ")[2]
