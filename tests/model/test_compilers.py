"""Every compiler is pure and takes every right document; signals decide which members get traffic."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.engines.base import kind_of
from appliance.engines.memory import MemoryDriver
from appliance.engines.registry import ENGINES
from appliance.model.config import Config
from appliance.model.document import check, read
from appliance.model.signals import Administrative, Operational, Signals, member_key
from appliance.table import BOX, Op, Path, Row, diff, orphans
from tests.golden.documents import CHAIN, all_up
from tests.model.strategies import Plain, documents, effort, signals

EXAMPLE = CHAIN[0].read_text()


def _all(config: Config, world: Signals) -> dict[Path, Row]:
    """Return the rows of all engines; no two engines have one path."""
    tables = [engine.compile(config, world) for engine in ENGINES.values()]
    rows = {path: row for table in tables for path, row in table.items()}
    assert len(rows) == sum(map(len, tables))
    return rows


def _turned(value: Any) -> Any:
    return {key: _turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


@effort(60)
@given(documents(), st.data())
def test_same_input_same_output(document: Plain, data: st.DataObject) -> None:
    config = check(document)
    world = data.draw(signals(config))
    before = config.canonical(), world.model_dump_json()
    rows = _all(config, world)
    assert rows == _all(config, world)
    assert rows == _all(check(_turned(document)), world), "the order of names does not matter"
    assert (config.canonical(), world.model_dump_json()) == before, "the input is not changed"


@effort(60)
@given(documents(), st.data())
def test_rows_are_whole(document: Plain, data: st.DataObject) -> None:
    config = check(document)
    world = data.draw(signals(config))
    rows = _all(config, world)
    assert [path for path in orphans(rows) if path[0] != BOX] == []
    assert {path[0] for path in rows} <= {BOX, *config.instances}
    for engine in ENGINES.values():
        for path, row in engine.compile(config, world).items():
            assert type(row) is engine.rows[kind_of(path)]
            assert engine.row(path, row.model_dump(mode="json")) == row, "it can travel as JSON"


@effort(60)
@given(documents(), documents())
def test_a_machine_goes_from_any_document_to_any_other(before: Plain, after: Plain) -> None:
    old, new = check(before), check(after)
    driver = MemoryDriver()
    driver.rows = _all(old, all_up(old))
    desired = _all(new, all_up(new))
    ops = diff(desired, driver.observe())
    assert driver.apply(ops) == [None] * len(ops)
    assert diff(desired, driver.observe()) == []


@effort(60)
@given(documents(), st.data())
def test_a_members_weight_is_one_step_for_each_service_that_has_it(document: Plain, data: st.DataObject) -> None:
    members = [
        (instance, pool, member)
        for instance, settings in document["instances"].items()
        for pool, held in settings["pools"].items()
        for member in held["members"]
    ]
    if not members:
        return
    instance, pool, member = data.draw(st.sampled_from(members))
    settings = document["instances"][instance]
    before = check(document)
    changed = settings["pools"][pool]["members"][member]
    changed["weight"] = changed.get("weight", 1) ^ 2
    after = check(document)
    ops = diff(_all(after, all_up(after)), _all(before, all_up(before)))
    users = [s for s in settings["services"].values() if s["pool"] == pool and s.get("enabled", True)]
    assert [op.verb for op in ops] == ["change"] * len(users)


def _steps(change: tuple[str, str]) -> list[Op]:
    assert EXAMPLE.count(change[0]) == 1
    before, after = read(EXAMPLE), read(EXAMPLE.replace(*change))
    return diff(_all(after, all_up(after)), _all(before, all_up(before)))


@pytest.mark.parametrize(
    ("sentence", "change", "verbs"),
    [
        ("nothing", ("version: 1", "version: 1 # one"), []),
        ("a weight", ("weight: 3", "weight: 4"), ["change"]),
        ("a description", ("towards the clients", "to the clients"), []),
        ("a monitor's settings", ("path: /health", "path: /alive"), []),
        ("a service's name", ("shop:", "store:"), []),
        ("a member's name", ("s1:", "s9:"), []),
        ("a scheduler", ("scheduler: wrr", "scheduler: mh"), ["change"]),
        ("a member's address", ("10.77.0.13", "10.77.0.14"), ["make", "break"]),
        ("the host name", ("jeoul-one", "jeoul-two"), ["change"]),
    ],
)
def test_a_small_change_is_few_steps(sentence: str, change: tuple[str, str], verbs: list[str]) -> None:
    assert [op.verb for op in _steps(change)] == verbs


@pytest.mark.parametrize(
    ("administrative", "operational", "weight"),
    [
        ("enabled", None, None),
        ("enabled", "unknown", None),
        ("enabled", "up", 3),
        ("enabled", "degraded", 3),
        ("enabled", "down", None),
        ("draining", "up", 0),
        ("draining", "degraded", 0),
        ("draining", "down", None),
        ("draining", "unknown", None),
        ("disabled", "up", None),
        ("disabled", "degraded", None),
        ("disabled", "down", None),
        (None, "up", 3),
        (None, "down", None),
    ],
)
def test_signals_decide_a_members_weight(
    administrative: Administrative | None, operational: Operational | None, weight: int | None
) -> None:
    key = member_key("default", "web", "s3")
    world = Signals(
        operational={key: operational} if operational else {},
        administrative={key: administrative} if administrative else {},
    )
    assert _weights(read(EXAMPLE), world).get("member 10.77.0.13:80") == weight


@pytest.mark.parametrize(("administrative", "weight"), [(None, 3), ("enabled", 3), ("draining", 0), ("disabled", None)])
def test_without_monitors_a_member_counts_as_up(administrative: Administrative | None, weight: int | None) -> None:
    config = read(EXAMPLE.replace("        monitors: [health]\n", ""))
    key = member_key("default", "web", "s3")
    world = Signals(operational={key: "down"}, administrative={key: administrative} if administrative else {})
    assert _weights(config, world).get("member 10.77.0.13:80") == weight


def _weights(config: Config, world: Signals) -> dict[str, Any]:
    rows = ENGINES["ipvs"].compile(config, world)
    return {path[-1]: row.model_dump()["weight"] for path, row in rows.items() if kind_of(path) == "member"}
