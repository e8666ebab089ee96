"""The one difference: it arrives, rests, keeps parents and what stays, and heals from a crash at any step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.engines.memory import MemoryDriver
from appliance.table import BOX, Op, Path, Row, Table, applied, diff, orphans, show
from tests.model.strategies import effort


class Number(Row):
    """A row of a test."""

    value: int


class Word(Row):
    """A row of another type."""

    value: int


SEGMENTS = st.sampled_from(["a", "b", "aa", "a b", "Z", "service tcp 1", "service tcp 10", "-", "ä"])


@st.composite
def trees(draw: st.DrawFn) -> dict[Path, Row]:
    """Return a table in which every row below the first level has its parent."""
    table: dict[Path, Row] = {}
    for path in draw(st.lists(st.lists(SEGMENTS, min_size=1, max_size=4).map(tuple), max_size=12)):
        for depth in range(1, len(path) + 1):
            if path[:depth] not in table:
                table[path[:depth]] = draw(st.builds(Number, value=st.integers(0, 2)) | st.just(Word(value=0)))
    return table


def _machine(table: Table) -> MemoryDriver:
    driver = MemoryDriver()
    driver.rows = dict(table)
    return driver


@effort(150)
@given(trees(), trees())
def test_it_arrives(desired: Table, observed: Table) -> None:
    driver = _machine(observed)
    ops = diff(desired, observed)
    assert driver.apply(ops) == [None] * len(ops)
    assert driver.observe() == desired
    assert applied(observed, ops) == desired


@effort(60)
@given(trees())
def test_there_is_nothing_to_do_when_it_is_there(table: Table) -> None:
    copies = {path: row.model_copy() for path, row in table.items()}
    assert diff(table, copies) == []


@effort(150)
@given(trees(), trees())
def test_at_no_step_is_a_child_without_its_parent(desired: Table, observed: Table) -> None:
    driver = _machine(observed)
    for op in diff(desired, observed):
        assert driver.apply([op]) == [None]
        assert orphans(driver.rows) == []


@effort(150)
@given(trees(), trees())
def test_at_no_step_is_what_stays_gone(desired: Table, observed: Table) -> None:
    driver = _machine(observed)
    for op in diff(desired, observed):
        driver.apply([op])
        assert desired.keys() & observed.keys() <= driver.rows.keys()
    assert not any(op.verb != "change" for op in driver.taken if op.path in desired and op.path in observed)


@effort(150)
@given(trees(), trees(), st.data())
def test_a_crash_half_way_heals(desired: Table, observed: Table, data: st.DataObject) -> None:
    driver = _machine(observed)
    ops = diff(desired, observed)
    driver.apply(ops[: data.draw(st.integers(0, len(ops)))])
    again = diff(desired, driver.observe())
    assert driver.apply(again) == [None] * len(again)
    assert driver.observe() == desired
    assert len(driver.taken) == len(ops), "no step is taken twice"


@effort(150)
@given(trees(), trees(), st.data())
def test_a_refused_step_is_left_and_everything_else_arrives(
    desired: Table, observed: Table, data: st.DataObject
) -> None:
    driver = _machine(observed)
    ops = diff(desired, observed)
    if not ops:
        return
    bad = data.draw(st.sampled_from(ops)).path
    driver.refusals[bad] = "broken"
    driver.apply(ops)
    left = {op.path for op in diff(desired, driver.observe())}
    # What hangs on the refused row waits with it: children that cannot be made, parents that cannot be broken.
    assert bad in left
    assert all(path[: len(bad)] == bad or bad[: len(path)] == path for path in left)
    driver.refusals.clear()
    driver.apply(diff(desired, driver.observe()))
    assert driver.observe() == desired


ROW, OTHER = Number(value=1), Number(value=2)
PARENT, CHILD = ("i", "p"), ("i", "p", "c")


@pytest.mark.parametrize(
    ("sentence", "desired", "observed", "steps"),
    [
        ("nothing", {}, {}, []),
        ("a parent is made first", {CHILD: ROW, PARENT: ROW}, {}, ["make i / p", "make i / p / c"]),
        ("a child is broken first", {}, {PARENT: ROW, CHILD: ROW}, ["break i / p / c", "break i / p"]),
        ("a value is changed in place", {PARENT: OTHER}, {PARENT: ROW}, ["change i / p"]),
        ("another type is another value", {PARENT: Word(value=1)}, {PARENT: ROW}, ["change i / p"]),
        ("making comes before breaking", {("i", "z"): ROW}, {("i", "a"): ROW}, ["make i / z", "break i / a"]),
    ],
)
def test_steps(sentence: str, desired: Table, observed: Table, steps: list[str]) -> None:
    assert [f"{op.verb} {show(op.path)}" for op in diff(desired, observed)] == steps


def test_steps_carry_what_was_and_what_shall_be() -> None:
    assert diff({PARENT: OTHER, CHILD: ROW}, {PARENT: ROW, ("i", "x"): ROW}) == [
        Op("change", PARENT, ROW, OTHER),
        Op("make", CHILD, None, ROW),
        Op("break", ("i", "x"), ROW, None),
    ]


@pytest.mark.parametrize(
    ("sentence", "rows", "op", "said"),
    [
        ("a second making", {PARENT: ROW}, Op("make", PARENT, None, ROW), "it exists already"),
        ("a change of nothing", {}, Op("change", PARENT, ROW, OTHER), "it does not exist"),
        ("a breaking of nothing", {}, Op("break", PARENT, ROW), "it does not exist"),
        ("a child without its parent", {}, Op("make", CHILD, None, ROW), "what it stands on does not exist"),
        ("a parent with a child", {PARENT: ROW, CHILD: ROW}, Op("break", PARENT, ROW), "something still stands on it"),
        ("a row of the box, which has no parent", {}, Op("make", (BOX, "port p"), None, ROW), None),
        ("an instance, which has no parent", {}, Op("make", ("i",), None, ROW), None),
    ],
)
def test_the_machine_in_memory_refuses_what_a_kernel_would(
    sentence: str, rows: Table, op: Op, said: str | None
) -> None:
    driver = _machine(rows)
    assert driver.apply([op]) == [said]
    assert (driver.observe() == rows) == (said is not None)
    assert len(driver.taken) == (said is None)


@pytest.mark.parametrize(
    ("paths", "depth", "expected"),
    [
        ([("i",)], 1, []),
        ([("i", "p")], 1, [("i", "p")]),
        ([("i", "p")], 2, []),
        ([("i",), ("i", "p", "c")], 1, [("i", "p", "c")]),
        ([("i", "p"), ("i", "p", "c")], 2, []),
    ],
)
def test_orphans_are_paths_without_their_parent(paths: list[Path], depth: int, expected: list[Path]) -> None:
    assert orphans(dict.fromkeys(paths, ROW), depth) == expected
