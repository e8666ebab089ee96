"""Probing many targets on one event loop, each on its own schedule, never two probes of one at a time.

A target costs one timer and, while it is asked, one task. Schedules follow the monotonic clock from the start of the
last probe, so neither late timers nor a suspended machine pile up work.
"""

import asyncio
import logging
import random
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from appliance.checks._base import Answer, Check, CheckFailed, NotAsked, Target
from appliance.checks._judge import Standing, judge

log = logging.getLogger(__name__)

type OpenIn = Callable[[str, int, int], socket.socket]
"""(instance, address family, socket type) -> a non-blocking socket in that instance's namespace."""

FIRST = 1.0
"""Seconds over which the first probes of new targets are spread, unless their interval is shorter."""
LATE = 0.05
"""Seconds of lateness of our own clockwork from which on a member is not blamed for a missed time limit."""


@dataclass(frozen=True, slots=True)
class Order:
    """One member under one monitor: what to ask, where from, how."""

    key: str
    monitor: str
    instance: str
    target: Target
    check: Check

    def same_place(self, other: "Order") -> bool:
        """Tell whether both speak of the same member at the same place, so that what was found stays true."""
        return self.instance == other.instance and self.target == other.target


def lead(interval: float) -> float:
    """Return the seconds by which probes come early, so that a fall is said, not only seen, within its time."""
    return min(0.025, interval * 0.05)


def spacing(check: Check, dice: float) -> float:
    """Return the seconds from the start of one probe to the next; ``dice`` is in [0, 1).

    Jitter only shortens: ``fall * interval + timeout`` is a promise.
    """
    return check.interval * (1 - check.jitter * dice) - lead(check.interval)


def limit(check: Check) -> float:
    """Return the seconds that a probe may take: the timeout, and never into the next interval."""
    return min(check.timeout, check.interval - lead(check.interval))


class Watched:
    """A target, what is known of it, and its next probe."""

    __slots__ = (
        "detail",
        "extended",
        "latency",
        "order",
        "probed",
        "prober",
        "since",
        "standing",
        "started",
        "task",
        "timer",
        "used",
    )

    def __init__(self, prober: "Prober", order: Order) -> None:
        self.prober = prober
        self.order = order
        self.standing = Standing()
        self.since = time.time()
        self.detail = "not probed yet"
        self.probed = 0.0
        self.latency: float | None = None
        self.started = 0.0
        self.extended = False
        self.timer: asyncio.TimerHandle | None = None
        self.task: asyncio.Task[Answer] | None = None
        self.used: socket.socket | None = None

    def schedule(self, when: float) -> None:
        """Probe at a time of the loop's clock, or now if it has passed."""
        self._drop_timer()
        self.timer = self.prober.loop.call_at(when, self._start)

    def due(self) -> float | None:
        """Return when the next probe starts; None while one runs."""
        return self.timer.when() if self.timer is not None and self.task is None else None

    def stop(self) -> None:
        """Give up the running probe and plan none."""
        self._drop_timer()
        task, self.task = self.task, None
        if task is not None:
            task.cancel()

    def _drop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def open_socket(self, family: int, kind: int) -> socket.socket:
        """Return a socket in the target's instance; it is remembered, to tell how far a probe came."""
        self.used = self.prober.open_in(self.order.instance, family, kind)
        return self.used

    def _start(self) -> None:
        loop, check = self.prober.loop, self.order.check
        self.started = loop.time()
        self.probed = time.time()
        self.extended = False
        self.used = None
        self.timer = loop.call_at(self.started + limit(check), self._out_of_time)
        # Eager: a probe runs up to its first wait without a turn of the loop.
        self.task = asyncio.Task(check.probe(self.order.target, self.open_socket), loop=loop, eager_start=True)
        self.task.add_done_callback(self._finished)

    def _out_of_time(self) -> None:
        if self.task is None or self.task.done():
            return
        late = self.prober.loop.time() - self.started - limit(self.order.check)
        if late > LATE and not self.extended:
            # We stood still ourselves (a busy or paused box) and the answer may be waiting: give that time back, once.
            self.extended = True
            self.timer = self.prober.loop.call_later(min(late, limit(self.order.check)), self._out_of_time)
            return
        task, self.task = self.task, None
        spent = f"within {_seconds(self.order.check.timeout)}"
        self._take(
            False, f"connected, but no answer {spent}" if _connected(self.used) else f"no connection {spent}", None
        )
        task.cancel()

    def _finished(self, task: asyncio.Task[Answer]) -> None:
        if task is not self.task:
            if not task.cancelled():
                task.exception()  # looked at, so that asyncio does not complain of a probe that nobody waits for
            return
        self.task = None
        self._drop_timer()
        if task.cancelled():
            self._take(None, "the probe was interrupted", None)
            return
        error = task.exception()
        if error is None:
            self._take(True, task.result().detail, self.prober.loop.time() - self.started)
        elif isinstance(error, CheckFailed):
            self._take(False, str(error), None)
        elif isinstance(error, NotAsked):
            self._take(None, str(error), None)
        else:
            detail = f"the monitor itself has a fault: {type(error).__name__}: {error}"
            if detail != self.detail:
                log.error("monitor %s of %s has a fault", self.order.monitor, self.order.key, exc_info=error)
            self._take(None, detail, None)

    def _take(self, good: bool | None, detail: str, latency: float | None) -> None:
        check, before = self.order.check, self.standing.state
        self.detail, self.latency = detail, latency
        self.used = None
        if good is not None:
            self.standing = judge(self.standing, good, check.rise, check.fall)
        self.schedule(self.started + spacing(check, random.random()))
        if self.standing.state != before:
            self.since = time.time()
            self.prober.changed()


class Prober:
    """Watches what it was last told to watch; must be made inside a running event loop."""

    def __init__(self, open_in: OpenIn, changed: Callable[[], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.open_in = open_in
        self.changed = changed
        self._watched: dict[tuple[str, str], Watched] = {}

    def __iter__(self) -> Iterator[Watched]:
        return iter(self._watched.values())

    def watch(self, orders: Iterable[Order]) -> None:
        """Watch these and nothing else; what was found of a member that stays in its place stays true."""
        before, self._watched = self._watched, {}
        soon: dict[tuple[str, str], Watched] = {}
        for order in orders:
            name = (order.key, order.monitor)
            old = before.get(name)
            if old is None or not old.order.same_place(order):
                self._watched[name] = soon[name] = Watched(self, order)
                continue
            if old.order.check != order.check:
                soon[name] = old
            old.order = order
            self._watched[name] = old
        for name, old in before.items():
            if self._watched.get(name) is not old:
                old.stop()
        self._begin(list(soon.values()))

    def _begin(self, begun: list[Watched]) -> None:
        now = self.loop.time()
        for index, watched in enumerate(begun):
            start = now + min(watched.order.check.interval, FIRST) * index / len(begun)
            due = watched.due()
            watched.stop()
            watched.schedule(start if due is None else min(start, due))

    def stop(self) -> None:
        """Stop watching."""
        self.watch(())


def _connected(used: socket.socket | None) -> bool:
    try:
        return used is not None and bool(used.getpeername())
    except OSError:
        return False


def _seconds(span: float) -> str:
    return f"{span * 1000:.0f} ms" if span < 1 else f"{span:g} s"
