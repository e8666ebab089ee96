"""Guessing passwords gets slower with every try, without locking the right person out from elsewhere."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE_PER_USER, FREE_PER_ADDRESS = 3, 20
"""Tries without a delay: of one user from one address, and of any users from one address."""
LONGEST = 60.0
"""Seconds of the longest delay."""
FORGET = 3600.0
"""Seconds without a try after which nothing is remembered."""
MOST = 20_000
"""Pairs that are remembered; the one that was quiet longest goes."""


@dataclass
class _Tries:
    count: int = 0
    until: float = 0.0
    last: float = 0.0


class Throttle:
    """Tries by user and address; each counts as failed until it is cleared, so many at once gain nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()

    def claim(self, user: str, address: str) -> float:
        """Count a try and return 0.0, or return the seconds until the next is allowed and count nothing."""
        now, place = self.clock(), network(address)
        entries = [(self._entry(user, place, now), FREE_PER_USER), (self._entry("", place, now), FREE_PER_ADDRESS)]
        wait = max(entry.until - now for entry, _ in entries)
        if wait > 0:
            return wait
        for entry, free in entries:
            entry.count += 1
            entry.last = now
            entry.until = now + min(LONGEST, 2.0 ** min(entry.count - free, 10)) if entry.count >= free else now
        return 0.0

    def failures(self, user: str, address: str) -> int:
        """Return how many tries of a user from an address have failed."""
        return self._entry(user, network(address), self.clock()).count

    def clear(self, user: str, address: str) -> None:
        """Take a try back: it was the right password."""
        place = network(address)
        self._tries.pop((user, place), None)
        entry = self._entry("", place, self.clock())
        entry.count = max(0, entry.count - 1)
        entry.until = 0.0 if entry.count < FREE_PER_ADDRESS else entry.until

    def _entry(self, user: str, place: str, now: float) -> _Tries:
        entry = self._tries.pop((user, place), None)
        if entry is None or now - entry.last > FORGET:
            entry = _Tries(last=now)
        self._tries[user, place] = entry
        while len(self._tries) > MOST:
            self._tries.popitem(last=False)
        return entry


def network(address: str) -> str:
    """Return whom an address stands for: itself, and for IPv6 its /64, since a person has all of that."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
