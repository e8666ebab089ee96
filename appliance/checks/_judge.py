"""When a monitor believes its probes: streaks of good and bad ones move a member between unknown, up and down."""

from dataclasses import dataclass
from typing import Literal

type State = Literal["unknown", "up", "down"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's state under one monitor, with its good or bad probes in a row; one of the two counts is always 0."""

    state: State = "unknown"
    good: int = 0
    bad: int = 0


def judge(standing: Standing, good: bool, rise: int, fall: int) -> Standing:
    """Return the standing after one more probe.

    A first good probe suffices for an unknown member: it gets no traffic yet, so nothing can be made worse by waiting
    less. A member that fell must show ``rise`` good probes in a row, and none falls before ``fall`` bad ones in a row.
    """
    if good:
        streak = standing.good + 1
        up = standing.state != "down" or streak >= rise
        return Standing("up" if up else "down", streak, 0)
    streak = standing.bad + 1
    return Standing("down" if streak >= fall else standing.state, 0, streak)
