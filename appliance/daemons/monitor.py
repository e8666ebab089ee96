"""monitor: keeps what has passed, and answers for it."""

import asyncio
import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from appliance.daemons._notify import notify
from appliance.table import BOX
from appliance.telemetry import box
from appliance.telemetry.box import Reading, Series
from appliance.telemetry.director import of_counted, of_status
from appliance.telemetry.history import History
from appliance.telemetry.rates import rates
from appliance.wire.client import Client, Refusal, Unreachable
from appliance.wire.messages import (
    AnyMessage,
    AskHistory,
    AskSeries,
    AskStatus,
    Count,
    Counted,
    Failed,
    Status,
)
from appliance.wire.messages import History as HistoryAnswer
from appliance.wire.messages import Series as SeriesAnswer
from appliance.wire.server import answering, listen

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that the director may take for an answer; the box's own samples do not wait for it."""


class Meter:
    """Readings of one source, made into samples."""

    def __init__(self) -> None:
        self._before: dict[Series, float] = {}
        self._at = 0.0

    def samples(self, reading: Reading, at: float) -> dict[Series, float]:
        """Return rates since the last reading, and the gauges; ``at`` is monotonic."""
        found = reading.gauges | rates(self._before, reading.counters, at - self._at)
        self._before, self._at = reading.counters, at
        return found


class Monitor:
    """Asks every second, in two loops, and keeps the answers; the history lives in one thread of its own."""

    def __init__(self, file: Path, director: Client) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")
        self._history = self._thread.submit(History, file).result()
        self._director = director
        self._box, self._counted, self._status = Meter(), Meter(), Meter()

    async def answer(self, request: AnyMessage) -> AnyMessage:
        """Answer one request."""
        loop, now = asyncio.get_running_loop(), time.time()
        if isinstance(request, AskSeries):
            return SeriesAnswer(series=tuple(await loop.run_in_executor(self._thread, self._history.series, now)))
        if isinstance(request, AskHistory):
            series = (request.path or (BOX,), request.metric)
            found = await loop.run_in_executor(
                self._thread, self._history.samples, series, request.start, request.step, now
            )
            return HistoryAnswer(samples=tuple(found))
        return Failed(error=f"the monitor does not understand {request.kind}")

    async def watch_box(self) -> None:
        """Read the box every second until cancelled."""
        while True:
            await _next_second()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._read_box)
            notify("WATCHDOG=1")

    def _read_box(self) -> None:
        reading = box.read(self._file.parent if self._file.parent.exists() else Path("/"))
        reading.gauges[(BOX,), "history_samples_dropped"] = float(self._history.dropped)
        self._history.add(time.time(), self._box.samples(reading, time.monotonic()))

    async def watch_director(self) -> None:
        """Ask the director every second until cancelled; while it is away there are no samples of it."""
        away = False
        while True:
            await _next_second()
            try:
                status = await self._director.ask(AskStatus(), Status)
                samples = self._status.samples(of_status(status), time.monotonic())
                counted = await self._director.ask(Count(), Counted)
                samples |= self._counted.samples(of_counted(counted), time.monotonic())
            except (Unreachable, Refusal) as error:
                if not away:
                    log.warning("no samples of the services: %s", error)
                away = True
                continue
            if away:
                log.info("the director answers again")
            away = False
            await asyncio.get_running_loop().run_in_executor(self._thread, self._history.add, time.time(), samples)

    def close(self) -> None:
        """Write what waits."""
        self._thread.submit(self._history.close, int(time.time())).result()
        self._thread.shutdown()


async def _next_second() -> None:
    # The middle of the second: timers that come a little early or late still meet each second once.
    await asyncio.sleep(1 - (time.time() - 0.5) % 1)


async def serve(file: Path) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    monitor = Monitor(file, Client("director", timeout=PATIENCE))
    try:
        async with await listen("monitor", answering(monitor.answer)) as server:
            work = [asyncio.create_task(monitor.watch_box()), asyncio.create_task(monitor.watch_director())]
            stopping = asyncio.create_task(stop.wait())
            notify("READY=1")
            await asyncio.wait((stopping, *work), return_when=asyncio.FIRST_COMPLETED)
            notify("STOPPING=1")
            for task in (stopping, *work):
                task.cancel()
            server.close_clients()
            for result in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result  # a fault of ours ends the process loudly, and systemd starts it anew
    finally:
        monitor.close()


def main() -> None:
    """Run the process."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    state = Path(os.environ.get("JEOUL_STATE", "/var/lib/jeoul"))
    asyncio.run(serve(state / "monitor" / "history.db"))
