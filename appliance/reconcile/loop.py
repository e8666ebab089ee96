"""One pass of the loop: compile, compare with the machine, take the steps, note what is left."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from appliance.engines.base import Engine
from appliance.model.config import Config
from appliance.model.signals import Signals
from appliance.reconcile.left import Key, Leftovers
from appliance.table import Op, Path, Row, applied, diff
from appliance.wire.messages import Left

BATCH = 1000
"""Steps in one call of the machine: enough to be fast, few enough to be answered soon."""
ROUNDS = 3
"""A step may wait for another engine's or for a row that is broken last; more rounds than this are a later pass's."""


class Unobservable(Exception):
    """The machine cannot say now what it holds; its text says why."""


class Machine(Protocol):
    """The verbs, as the loop calls them."""

    async def observe(self, engine: Engine) -> dict[Path, Row]:
        """Return what the machine holds. Raises Unobservable."""
        ...

    async def apply(self, engine: Engine, ops: Sequence[Op]) -> list[str | None]:
        """Take the steps in order; return for each None or why it was refused. Raises Unobservable."""
        ...


@dataclass(frozen=True)
class Report:
    """What a pass did: steps taken with their engine, what is left, and whether the machine was asked anew."""

    taken: tuple[tuple[str, Op], ...]
    left: tuple[Left, ...]
    observed: bool


@dataclass
class Reconciler:
    """The loop's memory between passes: tables as the machine last held them, and what is left.

    A remembered table serves passes between two observations, so that one changed weight needs no dump of ten thousand
    rows. It holds only what the machine said or confirmed; any refusal throws it away.
    """

    engines: Mapping[str, Engine]
    machine: Machine
    clock: Callable[[], float] = time.time
    remembered: dict[str, dict[Path, Row]] = field(default_factory=dict)
    leftovers: Leftovers = field(default_factory=Leftovers)

    async def plan(self, config: Config, signals: Signals) -> list[tuple[str, Op]]:
        """Return the steps that the document would take now. Raises Unobservable."""
        steps: list[tuple[str, Op]] = []
        for engine in self.engines.values():
            held = await self.machine.observe(engine)
            steps.extend((engine.name, op) for op in diff(engine.compile(config, signals), held))
        return steps

    async def run(self, config: Config, signals: Signals, *, observe: bool) -> Report:
        """Bring the machine towards the document; where ``observe`` is set, ask it anew first.

        Never raises for the machine: what it refuses is left, with the reason.
        """
        if observe:
            self.remembered.clear()
        desired = {name: engine.compile(config, signals) for name, engine in self.engines.items()}
        taken: list[tuple[str, Op]] = []
        began = self.clock()
        for _ in range(ROUNDS):
            before = len(taken)
            wanted = await self._round(desired, taken)
            self.leftovers.keep(wanted)
            if len(taken) == before or not self.leftovers.entries:
                break
            # What was refused just now may have waited for what was taken just now: a name that has become free.
            self.leftovers.hurry(since=began)
        return Report(tuple(taken), self.leftovers.report(), observe)

    async def _round(self, desired: Mapping[str, dict[Path, Row]], taken: list[tuple[str, Op]]) -> set[Key]:
        plans: dict[str, list[Op]] = {}
        wanted: set[Key] = set()
        for name, engine in self.engines.items():
            key: Key = (name, "observe", ())
            try:
                if name not in self.remembered:
                    self.remembered[name] = dict(await self.machine.observe(engine))
            except Unobservable as error:
                wanted.add(key)
                self.leftovers.refused(key, str(error), self.clock())
                continue
            self.leftovers.done(key)
            plans[name] = diff(desired[name], self.remembered[name])
            wanted.update((name, op.verb, op.path) for op in plans[name])
        refused: set[Path] = set()
        for name in plans:
            await self._take(name, [op for op in plans[name] if op.verb != "break"], refused, taken)
        for name in reversed(plans):
            await self._take(name, [op for op in plans[name] if op.verb == "break"], refused, taken)
        return wanted

    async def _take(self, name: str, ops: list[Op], refused: set[Path], taken: list[tuple[str, Op]]) -> None:
        now = self.clock()
        due = [op for op in ops if not self.leftovers.waits((name, op.verb, op.path), now)]
        refused.update(
            op.path for op in ops if op.verb == "make" and self.leftovers.waits((name, "make", op.path), now)
        )
        for start in range(0, len(due), BATCH):
            batch = [op for op in due[start : start + BATCH] if not _stands_on(op, refused)]
            if not batch:
                continue
            try:
                results = await self.machine.apply(self.engines[name], batch)
            except Unobservable as error:
                # Nobody knows how far it came: what it holds must be asked.
                self.remembered.pop(name, None)
                for op in batch:
                    self.leftovers.refused((name, op.verb, op.path), str(error), self.clock())
                return
            done = [op for op, why in zip(batch, results, strict=True) if why is None]
            taken.extend((name, op) for op in done)
            if name in self.remembered:
                self.remembered[name] = applied(self.remembered[name], done)
            for op, why in zip(batch, results, strict=True):
                if why is None:
                    self.leftovers.done((name, op.verb, op.path))
                    continue
                self.remembered.pop(name, None)
                # What stands on a refused row could not but fail: the one at its root is what is left to mend.
                if not _stands_on(op, refused):
                    self.leftovers.refused((name, op.verb, op.path), why, self.clock())
                refused.add(op.path)


def _stands_on(op: Op, refused: set[Path]) -> bool:
    return op.verb == "make" and any(op.path[:end] in refused for end in range(1, len(op.path)))
