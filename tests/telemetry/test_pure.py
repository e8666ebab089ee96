"""Rates, chunks, grains, and the readings of what the director tells."""

import math
from array import array
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.telemetry import box
from appliance.telemetry.chunks import WIDTH, empty, mean, of_series, overlay, pack, roll, unpack
from appliance.telemetry.director import of_counted, of_status
from appliance.telemetry.rates import rates
from appliance.telemetry.tiers import DAY, TIERS, Tier, ranges, shard_of, start_of
from appliance.wire.messages import Counted, MemberStatus, Status, Verdict

SECOND, MINUTE, FIVE = TIERS


@pytest.mark.parametrize(
    ("what", "before", "after", "seconds", "expected"),
    [
        ("an increase", {"a": 100.0}, {"a": 130.0}, 2.0, {"a": 15.0}),
        ("nothing passed", {"a": 100.0}, {"a": 100.0}, 1.0, {"a": 0.0}),
        ("a lower value begins anew", {"a": 100.0}, {"a": 99.0}, 1.0, {}),
        ("a new counter has no rate yet", {}, {"a": 5.0}, 1.0, {}),
        ("one that is gone", {"a": 5.0}, {}, 1.0, {}),
        ("no time between", {"a": 5.0}, {"a": 6.0}, 0.0, {}),
    ],
)
def test_rates(
    what: str, before: dict[str, float], after: dict[str, float], seconds: float, expected: dict[str, float]
) -> None:
    assert rates(before, after, seconds) == expected


def chunk_of(values: dict[int, list[float]], ticks: int) -> array[float]:
    chunk = empty(ticks)
    for slot, line in values.items():
        chunk[slot * ticks : (slot + 1) * ticks] = array("f", line)
    return chunk


LINES = st.dictionaries(
    st.integers(0, WIDTH - 1), st.lists(st.floats(width=32, allow_nan=True), min_size=10, max_size=10), max_size=5
)


@given(LINES)
def test_a_chunk_comes_back_as_it_went(lines: dict[int, list[float]]) -> None:
    chunk = chunk_of(lines, 10)
    assert unpack(pack(chunk), 10).tobytes() == chunk.tobytes()


@pytest.mark.parametrize(
    "blob", [b"", b"rubbish", pack(empty(24)), pack(empty(10))[:-1], b"\x00" + pack(empty(10))[1:]]
)
def test_rotten_bytes_are_no_chunk(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(blob, 10)


def test_overlay() -> None:
    nan = math.nan
    both = overlay(array("f", [1, 2, nan, nan]), array("f", [5, nan, 7, nan]))
    assert list(both[:3]) == [5, 2, 7]
    assert math.isnan(both[3])


def test_roll_is_the_mean_of_what_there_is() -> None:
    nan = math.nan
    full = chunk_of({0: [float(i) for i in range(10)], 1: [nan] * 10, 2: [nan] * 9 + [6.0]}, 10)
    coarse = roll([full, None, full, None, None, None, *[None] * 54], 10, 60)
    assert len(coarse) == WIDTH * 10
    assert of_series(coarse, 0, 10)[0] == 4.5
    assert of_series(coarse, 2, 10)[0] == 6.0
    assert all(math.isnan(value) for value in of_series(coarse, 1, 10))
    assert all(math.isnan(value) for value in of_series(coarse, 0, 10)[1:])
    assert math.isnan(mean([]))


def test_grains_fit_into_one_another() -> None:
    for fine, coarse in pairwise(TIERS):
        assert coarse.tick % fine.tick == 0
        assert coarse.span % fine.span == 0
        # The finer grain must still be there when the coarser one is made of it, even when room is short.
        assert fine.floor > coarse.span
        assert fine.keep > coarse.span


@given(st.sampled_from(TIERS), st.integers(0, 1 << 33), st.integers(0, (1 << 20) - 1))
def test_keys(tier: Tier, start: int, shard: int) -> None:
    key = tier.key(start, shard)
    assert key < 1 << 63
    assert (start_of(key), shard_of(key), key >> 56) == (start, shard, tier.number)
    assert key < tier.key(start + 1, 0) <= tier.key(start + 1, shard)


NOW = 10_000_200
OLDEST = {0: NOW - 3600, 1: NOW - 7 * DAY, 2: NOW - 100 * DAY}
MARKS = {1: NOW - 200, 2: NOW - 5000}


@pytest.mark.parametrize(
    ("what", "step", "start", "expected"),
    [
        ("the last minute, fine", 1, NOW - 60, [(SECOND, NOW - 60, NOW)]),
        (
            "two hours, fine as far as there is",
            1,
            NOW - 7200,
            [(MINUTE, NOW - 7200, NOW - 3600), (SECOND, NOW - 3600, NOW)],
        ),
        ("two hours by minutes", 60, NOW - 7200, [(MINUTE, NOW - 7200, NOW - 200), (SECOND, NOW - 200, NOW)]),
        (
            "a month by minutes",
            60,
            NOW - 30 * DAY,
            [(FIVE, NOW - 30 * DAY, NOW - 7 * DAY), (MINUTE, NOW - 7 * DAY, NOW - 200), (SECOND, NOW - 200, NOW)],
        ),
        (
            "ever, by hours",
            3600,
            0,
            [(FIVE, NOW - 100 * DAY, NOW - 5000), (MINUTE, NOW - 5000, NOW - 200), (SECOND, NOW - 200, NOW)],
        ),
    ],
)
def test_ranges(what: str, step: int, start: int, expected: list[tuple[Tier, int, int]]) -> None:
    assert ranges(step, start, NOW, OLDEST, MARKS) == expected


@given(
    st.integers(1, 1000),
    st.integers(0, NOW),
    st.dictionaries(st.integers(0, 2), st.integers(0, NOW)),
    st.dictionaries(st.integers(1, 2), st.integers(0, NOW)),
)
def test_ranges_never_overlap(step: int, start: int, oldest: dict[int, int], marks: dict[int, int]) -> None:
    border = start
    for _, begin, end in ranges(step, start, NOW, oldest, marks):
        assert border <= begin < end <= NOW
        border = end


def test_the_box_is_read() -> None:
    reading = box.read(Path("/"))
    gauges = {metric for path, metric in reading.gauges if path == ("box",)}
    assert gauges == {
        "cpu_percent", "memory_bytes", "memory_percent", "load_1", "load_5", "load_15", "disk_bytes", "disk_percent",
    }  # fmt: skip
    assert (("box", "core 0"), "cpu_percent") in reading.gauges
    assert (("box", "nic lo"), "bytes_in") in reading.counters
    assert reading.gauges[("box",), "memory_bytes"] > 1e6


def test_counted() -> None:
    path = ("default", "ipvs", "service tcp 192.0.2.10:80")
    reading = of_counted(Counted(counters=((path, {"connections_total": 5, "connections_active": 2}),)))
    assert reading.counters == {(path, "connections_total"): 5.0}
    assert reading.gauges == {(path, "connections_active"): 2.0}


def status(members: dict[str, MemberStatus]) -> Status:
    return Status(
        revision=1, digest="", committed_at=0, source="running", settled=True, last_pass=0, passes=1, steps_taken=7,
        left=(), drift_total=3, drift=(), programmer=True, checker=True, members=members,
    )  # fmt: skip


def verdict(latency: float | None) -> Verdict:
    return Verdict(
        key="default/web/s1", monitor="m", state="up", since=0, detail="", probed=0, latency=latency, good=1, bad=0
    )


def test_status() -> None:
    members = {
        "default/web/s1": MemberStatus(
            operational="up", administrative="enabled", verdicts=(verdict(0.25), verdict(0.5), verdict(None))
        ),
        "default/web/s2": MemberStatus(operational="down", administrative="enabled", verdicts=(verdict(None),)),
    }
    reading = of_status(status(members))
    one, two = (("default", "pool web", f"member {name}") for name in ("s1", "s2"))
    assert reading.gauges == {
        (one, "up"): 1.0, (one, "latency_seconds"): 0.5, (two, "up"): 0.0,
        (("box",), "steps_left"): 0.0, (("box",), "members_up"): 1.0, (("box",), "members_down"): 1.0,
    }  # fmt: skip
    assert reading.counters == {(("box",), "steps_taken"): 7.0, (("box",), "drift_total"): 3.0}
