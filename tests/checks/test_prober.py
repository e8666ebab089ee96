"""Schedules and time limits, with real sockets.

Bounds are what is promised, plus only the time in which this machine itself stood still, as measured by ``StoodStill``.
"""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.checks._base import Answer, Check, CheckFailed, OpenSocket, Target
from appliance.checks._prober import Order, Prober, Watched, limit, spacing
from appliance.checks.http import HttpCheck
from appliance.checks.tcp import TcpCheck
from tests.checks.servers import GOOD, Serve, full, hang, plain, reset, serving


def http(**settings: Any) -> HttpCheck:
    return HttpCheck.model_validate({"kind": "http", "interval": 0.3, "timeout": 0.2, "fall": 2, "rise": 2} | settings)


def order(port: int, check: Check | None = None, key: str = "default/web/s1", instance: str = "default") -> Order:
    return Order(key, "health", instance, Target(address="127.0.0.1", port=port), check or http())


class StoodStill:
    """Measures for how long a loop that should tick every 5 ms did not."""

    def __init__(self) -> None:
        self._lost: list[tuple[float, float]] = []
        self._task = asyncio.get_running_loop().create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            now = time.monotonic()
            self._lost.append((now, max(0.0, now - before - 0.007)))

    def since(self, begun: float) -> float:
        return sum(lost for when, lost in self._lost if when >= begun)


class Watching:
    """A prober with a list of the changes that it said: (monotonic time, key, state)."""

    def __init__(self, open_in: Callable[[str, int, int], socket.socket] = plain) -> None:
        self.prober = Prober(open_in, self._note)
        self.said: list[tuple[float, str, str]] = []
        self.stood_still = StoodStill()
        self._known: dict[str, str] = {}

    def _note(self) -> None:
        for watched in self.prober:
            if self._known.get(watched.order.key) != watched.standing.state:
                self._known[watched.order.key] = watched.standing.state
                self.said.append((time.monotonic(), watched.order.key, watched.standing.state))

    def only(self) -> Watched:
        (watched,) = self.prober
        return watched

    async def until(self, true: Callable[[], bool], seconds: float = 5) -> float:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - what is awaited is any condition
                await asyncio.sleep(0.002)
        return time.monotonic()

    async def until_state(self, state: str, seconds: float = 5) -> float:
        return await self.until(lambda: self.only().standing.state == state, seconds)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30))


@given(
    st.floats(0.1, 3600), st.floats(0.05, 300), st.floats(0, 0.5), st.floats(0, 1, exclude_max=True), st.integers(1, 20)
)
def test_the_promise_in_numbers(interval: float, timeout: float, jitter: float, dice: float, fall: int) -> None:
    check = TcpCheck(kind="tcp", interval=interval, timeout=min(timeout, interval), jitter=jitter, fall=fall)
    assert 0.4 * interval <= spacing(check, dice) < interval
    assert 0 < limit(check) <= check.timeout
    # From a good probe's start to the end of the last bad one; a probe that takes long delays the next.
    step = max(spacing(check, dice), limit(check))
    assert step * fall + limit(check) < fall * interval + check.timeout


@pytest.mark.parametrize("jitter", [0.0, 0.5])
@pytest.mark.parametrize("death", ["refuses", "resets", "hangs", "wrong"])
def test_a_member_leaves_in_time_and_returns(death: str, jitter: float) -> None:
    check = http(jitter=jitter)

    async def wrong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 No\r\n\r\n")

    ways: dict[str, Serve] = {"resets": reset, "hangs": hang, "wrong": wrong}

    async def test() -> None:
        watching = Watching()
        died = 0.0

        async def one_then_dead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal died
            await GOOD(reader, writer)
            server.serve = ways.get(death, reset)
            died = time.monotonic()

        async with serving(GOOD) as server:
            port = server.port
            watching.prober.watch([order(port, check)])
            await watching.until(lambda: server.asked >= 3)
            assert watching.only().standing.state == "up"
            server.serve = one_then_dead  # the worst moment: right after a good probe
            if death != "refuses":
                await watching.until(lambda: died > 0)
                said = await watching.until_state("down")
                assert watching.only().standing.bad == 2
                assert said - died < check.fall * check.interval + check.timeout + watching.stood_still.since(died)
                server.serve = GOOD
                before = server.asked
                await watching.until_state("up")
                assert server.asked - before >= check.rise
                return
            await watching.until(lambda: died > 0)
        died = time.monotonic()
        said = await watching.until_state("down")
        assert said - died < check.fall * check.interval + check.timeout + watching.stood_still.since(died)
        assert watching.only().detail == "connection refused: nothing listens on that port"

    run(test)


def test_a_member_that_accepts_nothing_more() -> None:
    async def test() -> None:
        with full() as port:
            watching = Watching()
            begun = time.monotonic()
            watching.prober.watch([order(port, TcpCheck(kind="tcp", interval=0.3, timeout=0.2, fall=2))])
            said = await watching.until_state("down")
            assert 0.4 < said - begun < 2 * 0.3 + 0.2 + watching.stood_still.since(begun)
            assert watching.only().detail == "no connection within 200 ms"
            assert watching.only().latency is None

    run(test)


def test_the_words_for_a_hanging_member() -> None:
    async def test() -> None:
        async with serving(hang) as server:
            watching = Watching()
            watching.prober.watch([order(server.port)])
            await watching.until_state("down")
            assert watching.only().detail == "connected, but no answer within 200 ms"

    run(test)


def test_never_two_probes_of_one_target() -> None:
    async def test() -> None:
        async with serving(hang) as server:
            watching = Watching()
            check = http(interval=0.1, timeout=0.1, jitter=0.5, fall=100)
            watching.prober.watch([order(server.port, check)])
            await asyncio.sleep(1.5)
            assert server.asked > 10
            assert server.most_together == 1

    run(test)


def test_jitter_shortens_and_never_lengthens() -> None:
    starts: list[float] = []
    dice = iter([0.0, 0.5, 0.999] * 10)

    async def test() -> None:
        async with serving(GOOD) as server:
            watching = Watching()
            watching.prober.watch([order(server.port, http(interval=0.2, timeout=0.2, jitter=0.5))])
            for _ in range(10):
                before = watching.only().started
                await watching.until(lambda before=before: watching.only().started > before)  # type: ignore[misc]
                starts.append(watching.only().started)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random, "random", lambda: next(dice))
        run(test)
    gaps = [b - a for a, b in pairwise(starts)]
    for place, expected in enumerate([0.19, 0.14, 0.09]):
        # The quickest of three: the machine may be late, the prober must never be early.
        assert expected - 0.001 <= min(gaps[place::3]) < expected + 0.03


def test_first_probes_are_spread_and_the_first_goes_at_once() -> None:
    async def test() -> None:
        async with serving(GOOD) as server:
            watching = Watching()
            begun = asyncio.get_running_loop().time()
            check = http(interval=5, timeout=1)
            watching.prober.watch([order(server.port, check, f"default/web/s{i}") for i in range(100)])
            await watching.until(lambda: all(watched.started for watched in watching.prober))
            times = sorted(watched.started - begun for watched in watching.prober)
            late = watching.stood_still.since(begun)
            assert times[0] < 0.02 + late
            assert 0.95 < times[-1] < 1.02 + late
            assert all(when >= index * 0.01 for index, when in enumerate(times))

    run(test)


def test_what_stays_keeps_its_verdict_and_what_moves_begins_anew() -> None:
    async def test() -> None:
        async with serving(GOOD) as server, serving(GOOD) as other:
            watching = Watching()
            watching.prober.watch([order(server.port)])
            await watching.until_state("up")
            since = watching.only().since
            watching.prober.watch([order(server.port)])
            assert watching.only().standing.state == "up"
            # New numbers count from now on: the long interval is not waited for.
            watching.prober.watch([order(server.port, http(interval=60, timeout=30))])
            assert watching.only().standing.state == "up"
            before = server.asked
            watching.prober.watch([order(server.port, http(interval=0.1, timeout=0.1))])
            assert (watching.only().standing.state, watching.only().since) == ("up", since)
            await watching.until(lambda: server.asked >= before + 3, 5)
            watching.prober.watch([order(other.port)])
            assert watching.only().standing.state == "unknown"
            await watching.until_state("up")
            watching.prober.watch([order(other.port, instance="blue")])
            assert watching.only().standing.state == "unknown"

    run(test)


def test_what_is_no_longer_watched_is_not_asked() -> None:
    async def test() -> None:
        async with serving(hang) as server:
            watching = Watching()
            watching.prober.watch([order(server.port)])
            await watching.until(lambda: server.asked == 1)
            watching.prober.stop()
            await asyncio.sleep(0.5)
            assert server.asked == 1
            assert server.together == 0
            assert watching.said == []

    run(test)


def test_the_same_orders_again_do_not_disturb_the_schedule() -> None:
    async def test() -> None:
        async with serving(GOOD) as server:
            watching = Watching()
            for _ in range(20):
                watching.prober.watch([order(server.port)])
                await asyncio.sleep(0.05)
            assert 2 <= server.asked <= 6

    run(test)


def test_a_standstill_of_the_box_is_not_the_members_fault() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        await GOOD(reader, writer)

    async def test() -> None:
        async with serving(slow) as server:
            watching = Watching()
            watching.prober.watch([order(server.port, http(fall=1))])
            await watching.until_state("up")
            for _ in range(3):
                before = server.asked
                await watching.until(lambda before=before: server.asked > before)  # type: ignore[misc]
                time.sleep(0.7)  # noqa: ASYNC251 - the standstill
                await asyncio.sleep(0.1)
            assert [state for _, _, state in watching.said] == ["up"]

    run(test)


def test_work_missed_in_a_standstill_is_not_made_up_for() -> None:
    async def test() -> None:
        async with serving(GOOD) as server:
            watching = Watching()
            watching.prober.watch([order(server.port)])
            await watching.until_state("up")
            time.sleep(1.5)  # noqa: ASYNC251 - the standstill
            before = server.asked
            await asyncio.sleep(0.2)
            assert server.asked - before <= 2

    run(test)


def test_what_the_box_could_not_ask_changes_nothing_and_is_said() -> None:
    broke = False

    def sometimes(instance: str, family: int, kind: int) -> socket.socket:
        if broke:
            raise OSError(24, "Too many open files")
        return plain(instance, family, kind)

    async def test() -> None:
        nonlocal broke
        async with serving(GOOD) as server:
            watching = Watching(sometimes)
            watching.prober.watch([order(server.port, http(fall=1, interval=0.1, timeout=0.1))])
            await watching.until_state("up")
            broke = True
            await asyncio.sleep(0.4)
            assert watching.only().standing.state == "up"
            assert watching.only().detail == "the box could not ask: Too many open files"

    run(test)


class Faulty(Check):
    """A monitor with a fault of its own."""

    async def probe(self, target: Target, open_socket: OpenSocket) -> Answer:
        raise ZeroDivisionError("division by zero")


def test_a_fault_in_a_monitor_says_nothing_of_the_member(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        watching = Watching()
        watching.prober.watch([order(1, Faulty(interval=0.1, timeout=0.1, fall=1))])
        await watching.until(lambda: "fault" in watching.only().detail)
        assert watching.only().standing.state == "unknown"
        first = watching.only().started
        await watching.until(lambda: watching.only().started > first)
        await asyncio.sleep(0.2)
        assert len(caplog.records) == 1

    run(test)


def test_an_instance_that_is_not_there() -> None:
    def missing(instance: str, family: int, kind: int) -> socket.socket:
        raise CheckFailed("the instance's network is not set up on this box")

    async def test() -> None:
        watching = Watching(missing)
        watching.prober.watch([order(1, http(interval=0.1, timeout=0.1))])
        await watching.until_state("down")
        assert watching.only().detail == "the instance's network is not set up on this box"

    run(test)
