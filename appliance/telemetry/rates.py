"""Counters to rates."""

from collections.abc import Mapping


def rates[K](before: Mapping[K, float], after: Mapping[K, float], seconds: float) -> dict[K, float]:
    """Return increases per second; a counter that is new or has gone back begins anew and has no rate yet."""
    if seconds <= 0:
        return {}
    return {
        key: (value - before[key]) / seconds for key, value in after.items() if key in before and value >= before[key]
    }
