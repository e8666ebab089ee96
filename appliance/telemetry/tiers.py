"""The three grains in which samples are kept."""

from dataclasses import dataclass

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True)
class Tier:
    """A grain: seconds of a tick, ticks of a chunk, seconds that it is kept, and kept at least when room is short."""

    number: int
    tick: int
    ticks: int
    keep: int
    floor: int

    @property
    def span(self) -> int:
        """Seconds of a chunk."""
        return self.tick * self.ticks

    def begin(self, when: int) -> int:
        """Return the start of the chunk that holds a time."""
        return when - when % self.span

    def key(self, start: int, shard: int) -> int:
        """Return the row of a chunk: rows of a tier stand in order of time, so writing appends and forgetting cuts."""
        return self.number << 56 | start << 20 | shard


TIERS = (
    Tier(number=0, tick=1, ticks=10, keep=HOUR, floor=15 * 60),
    Tier(number=1, tick=60, ticks=10, keep=7 * DAY, floor=DAY),
    Tier(number=2, tick=300, ticks=24, keep=730 * DAY, floor=0),
)
"""Finest first. A chunk of a coarser tier is made of whole chunks of the finer one, which is kept longer than that."""


def start_of(key: int) -> int:
    """Return the time in a row's key."""
    return key >> 20 & (1 << 36) - 1


def shard_of(key: int) -> int:
    """Return the shard in a row's key."""
    return key & (1 << 20) - 1


def ranges(
    step: int, start: int, end: int, oldest: dict[int, int], marks: dict[int, int]
) -> list[tuple[Tier, int, int]]:
    """Return from which tier to read which part of [start, end) for steps of ``step`` seconds, oldest first.

    The coarsest tier within the step is preferred; a finer one speaks for what is not rolled up yet (behind the mark),
    a coarser one for what the preferred one has forgotten already (before its oldest).
    """
    chosen = max(tier.number for tier in TIERS if tier.tick <= step)
    found = []
    border = start
    for tier in reversed(TIERS):
        until = end
        if tier.number > chosen:
            finer = [oldest[n] for n in range(tier.number) if n in oldest and n >= chosen]
            until = min([end, *finer])
        if tier.number > 0:
            until = min(until, marks.get(tier.number, 0))
        begin = max(border, oldest.get(tier.number, end))
        if begin < until:
            found.append((tier, begin, until))
            border = until
    return found
