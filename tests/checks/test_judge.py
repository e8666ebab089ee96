"""When a monitor believes its probes."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.checks._judge import Standing, State, judge

# (what, probes: + good, - bad, state after each: u unknown, ^ up, v down) with rise 2 and fall 3
TABLE = [
    ("the first good probe is enough for a member without traffic", "+", "^"),
    ("bad probes of an unknown member: down after fall", "---", "uuv"),
    ("an unknown member comes up at a good probe between bad ones", "--+", "uu^"),
    ("one that is up stays up for fewer than fall bad ones", "+--+--+", "^^^^^^^"),
    ("it falls at the third bad one in a row", "+---", "^^^v"),
    ("a good one in between begins the count anew", "+--+---", "^^^^^^v"),
    ("one that is down returns after rise good ones in a row", "---++", "uuvv^"),
    ("a bad one in between begins the count anew", "---+-++", "uuvvvv^"),
    ("it stays down while bad ones come", "------", "uuvvvv"),
]
SIGN: dict[State, str] = {"unknown": "u", "up": "^", "down": "v"}


@pytest.mark.parametrize(("what", "probes", "states"), TABLE, ids=[row[0] for row in TABLE])
def test_table(what: str, probes: str, states: str) -> None:
    standing, seen = Standing(), ""
    for probe in probes:
        standing = judge(standing, probe == "+", rise=2, fall=3)
        seen += SIGN[standing.state]
    assert seen == states


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 8), st.integers(1, 8))
def test_never_flips_without_its_streak(probes: list[bool], rise: int, fall: int) -> None:
    standing = Standing()
    for index, good in enumerate(probes):
        before, standing = standing, judge(standing, good, rise, fall)
        runs = [(value, len(list(run))) for value, run in groupby(probes[: index + 1])]
        assert (standing.good, standing.bad) == ((runs[-1][1], 0) if good else (0, runs[-1][1]))
        match before.state, standing.state:
            case "up", "down":
                assert runs[-1] == (False, fall)
            case "down", "up":
                assert runs[-1] == (True, rise)
            case "unknown", "up":
                assert not any(probes[:index])
                assert good
            case "unknown", "down":
                assert not any(probes[: index + 1])
                assert runs[-1] == (False, fall)
            case _, "unknown":
                assert before.state == "unknown"
                assert not good


@given(st.lists(st.booleans(), max_size=40), st.lists(st.booleans(), max_size=40), st.integers(1, 6), st.integers(1, 6))
def test_enough_equal_probes_decide_whatever_was_before(
    one: list[bool], other: list[bool], rise: int, fall: int
) -> None:
    for good, streak, state in ((True, rise, "up"), (False, fall, "down")):
        for past in (one, other):
            standing = Standing()
            for probe in [*past, *[good] * streak]:
                standing = judge(standing, probe, rise, fall)
            assert standing.state == state


@given(st.lists(st.booleans(), min_size=30, max_size=60), st.integers(1, 5), st.integers(1, 5))
def test_same_end_same_state(probes: list[bool], rise: int, fall: int) -> None:
    # The state follows from the last decisive streak on: what was before it does not matter.
    standing = Standing()
    for probe in probes:
        standing = judge(standing, probe, rise, fall)
    for begin in range(len(probes)):
        tail = probes[begin:]
        run = next(len(list(run)) for _, run in groupby(tail))
        if run >= (rise if tail[0] else fall):
            again = Standing("down" if tail[0] else "up")
            for probe in tail:
                again = judge(again, probe, rise, fall)
            assert again.state == standing.state
