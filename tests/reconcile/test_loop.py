"""The loop: it arrives, never gives up, never raises for the machine, and asks the machine no more than needed."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.engines.base import Engine
from appliance.engines.memory import MemoryDriver
from appliance.engines.registry import ENGINES
from appliance.model.document import read
from appliance.model.signals import Signals
from appliance.reconcile.loop import Reconciler, Unobservable
from appliance.table import Op, Path, Row
from tests.engines.tables import BASE, CHANGED, MORE

SIGNALS = Signals(unit="0123456789abcdef")
DEPTH = {"system": 2, "network": 1, "ipvs": 2}


class Machine:
    """Memory drivers behind the loop's verbs, with faults on demand."""

    def __init__(self) -> None:
        self.drivers = {name: MemoryDriver(DEPTH[name]) for name in ENGINES}
        self.observations = 0
        self.away = 0
        self.cut_after: int | None = None

    async def observe(self, engine: Engine) -> dict[Path, Row]:
        self._absent()
        self.observations += 1
        return self.drivers[engine.name].observe()

    async def apply(self, engine: Engine, ops: Sequence[Op]) -> list[str | None]:
        self._absent()
        if self.cut_after is not None:
            some = ops[: self.cut_after]
            self.cut_after = None
            self.drivers[engine.name].apply(some)
            raise Unobservable("killed half-way")
        return self.drivers[engine.name].apply(ops)

    def _absent(self) -> None:
        if self.away:
            self.away -= 1
            raise Unobservable("away")

    def holds(self, text: str) -> bool:
        config = read(text)
        return all(self.drivers[n].rows == e.compile(config, SIGNALS) for n, e in ENGINES.items())


def make() -> tuple[Machine, Reconciler, list[float]]:
    machine, now = Machine(), [1000.0]
    return machine, Reconciler(ENGINES, machine, clock=lambda: now[0]), now


def run(loop: Reconciler, text: str, *, observe: bool = True) -> int:
    """Run one pass; return how many steps it took."""
    return len(asyncio.run(loop.run(read(text), SIGNALS, observe=observe)).taken)


def test_it_arrives_and_then_has_nothing_to_do() -> None:
    machine, loop, _ = make()
    for text in (BASE, CHANGED, MORE, BASE):
        assert run(loop, text) > 0
        assert machine.holds(text)
        assert run(loop, text) == 0


def test_a_remembered_table_serves_the_next_pass() -> None:
    machine, loop, _ = make()
    run(loop, BASE)
    seen = machine.observations
    assert run(loop, CHANGED, observe=False) > 0
    assert machine.observations == seen
    assert machine.holds(CHANGED)


def test_a_refused_step_is_left_and_the_rest_goes_on_and_it_is_tried_again_later() -> None:
    machine, loop, now = make()
    path = ("default", "interface wan on port1")
    machine.drivers["network"].refusals[path] = "there is no such port"
    report = asyncio.run(loop.run(read(BASE), SIGNALS, observe=True))
    assert [(left.path, left.reason) for left in report.left] == [(path, "there is no such port")]
    assert ("default", "ipvs", "service tcp 192.0.2.10:80") in machine.drivers["ipvs"].rows
    machine.drivers["network"].refusals.clear()
    assert run(loop, BASE, observe=False) == 0, "not before its time"
    now[0] += 60
    assert run(loop, BASE, observe=False) > 0
    assert machine.holds(BASE)
    assert loop.leftovers.report() == ()


class OneName(MemoryDriver):
    """A machine where two interfaces cannot have one name, as in a kernel."""

    def apply(self, ops: Sequence[Op]) -> list[str | None]:
        """Refuse to make an interface whose name is taken."""
        results: list[str | None] = []
        for op in ops:
            name = op.path[-1].split(" on ")[0]
            taken = op.verb == "make" and any(
                len(path) == 2 and path[0] == op.path[0] and path[-1].split(" on ")[0] == name for path in self.rows
            )
            results += ["something else already has this name"] if taken else super().apply([op])
        return results


def test_a_step_that_waits_for_another_is_taken_in_the_same_pass() -> None:
    machine, loop, _ = make()
    machine.drivers["network"] = OneName(1)
    run(loop, BASE)
    moved = BASE.replace("wan: {port: port1", "wan: {port: port2").replace("mtu: 1400", "mtu: 1500")
    run(loop, moved)
    assert machine.holds(moved)
    assert loop.leftovers.report() == ()


def test_what_is_wanted_no_more_is_not_left() -> None:
    machine, loop, _ = make()
    machine.drivers["network"].refusals[("box", "port port1")] = "there is no such port"
    run(loop, BASE)
    assert loop.leftovers.report()
    run(loop, "version: 1\ninstances: {}\n")
    assert loop.leftovers.report() == ()


def test_pauses_grow_and_stay_bounded() -> None:
    machine, loop, now = make()
    machine.drivers["network"].refusals[("box", "port port1")] = "no"
    tries = []
    for _ in range(600):
        run(loop, BASE)
        tries.append(loop.leftovers.report()[0].tries)
        now[0] += 1
    assert 600 / 30 - 2 < tries[-1] < 600 / 30 + 10


@pytest.mark.parametrize("away", range(1, 6))
def test_a_machine_that_is_away_is_left_and_then_everything_arrives(away: int) -> None:
    machine, loop, now = make()
    machine.away = away
    for _ in range(4):
        run(loop, BASE)
        now[0] += 60
    assert machine.holds(BASE)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.sampled_from([(BASE, CHANGED), (CHANGED, BASE), (BASE, MORE), (MORE, BASE)]))
def test_a_machine_killed_half_way_heals(cut: int, way: tuple[str, str]) -> None:
    machine, loop, now = make()
    run(loop, way[0])
    machine.cut_after = cut
    run(loop, way[1])
    now[0] += 60
    run(loop, way[1])
    assert machine.holds(way[1])
    assert loop.leftovers.report() == ()
