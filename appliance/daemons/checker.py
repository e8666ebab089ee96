"""checker: asks the members how they are, from inside their instances, and tells the director."""

import asyncio
import contextlib
import ipaddress
import json
import logging
import resource
import signal
import time
from collections.abc import Iterable

from pydantic import ValidationError

from appliance import checks
from appliance.checks._base import Check, Target
from appliance.checks._namespaces import Namespaces
from appliance.checks._prober import OpenIn, Order, Prober, Watched
from appliance.daemons._notify import notify
from appliance.engines.namespaces import file_of
from appliance.kinds import kinds
from appliance.wire.frames import encode, receive
from appliance.wire.messages import Failed, Verdict, Verdicts, Watch, WatchTarget
from appliance.wire.server import listen

log = logging.getLogger(__name__)

KINDS = kinds(checks, Check)  # type: ignore[type-abstract]

TOGETHER = 0.02
"""Seconds during which changes are gathered into one message; the first change after a quiet time goes at once."""
EVERY = 1.0
"""Seconds between two messages when nothing changes."""
SHARE = 0.1
"""Part of the time that may go into saying things: with thousands of members flapping, messages come less often."""


class Checker:
    """The prober, and everyone who listens to it."""

    def __init__(self, open_in: OpenIn) -> None:
        self._prober = Prober(open_in, self._changed)
        self._unreadable: tuple[Verdict, ...] = ()
        self._order = 0
        self._listeners: set[asyncio.Event] = set()
        self._news = asyncio.Event()
        self._frame = encode(Verdicts(verdicts=()))

    def _changed(self) -> None:
        self._news.set()

    def watch(self, order: Watch) -> None:
        """Watch what an order says from now on, whoever gave it."""
        orders, unreadable = read(order.targets)
        if unreadable:
            log.error("%d targets cannot be watched; the first: %s", len(unreadable), unreadable[0].detail)
        self._prober.watch(orders)
        self._unreadable = tuple(unreadable)
        self._order = order.order
        self._news.set()

    def verdicts(self) -> Verdicts:
        """Return everything that is known now."""
        found = tuple(verdict(watched) for watched in self._prober)
        return Verdicts(verdicts=found + self._unreadable, order=self._order)

    async def run(self) -> None:
        """Say what is known on each change and every second, until cancelled."""
        try:
            while True:
                begun = time.monotonic()
                self._news.clear()
                self._frame = encode(self.verdicts())
                for listener in self._listeners:
                    listener.set()
                notify("WATCHDOG=1")
                await asyncio.sleep(max(TOGETHER, (time.monotonic() - begun) / SHARE))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(begun + EVERY):
                        await self._news.wait()
        finally:
            self._prober.stop()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take orders from one connection and tell it the verdicts."""
        # Every message is the whole state: one that reads slowly gets the newest when it comes back, and no queue.
        writer.transport.set_write_buffer_limits(high=0)
        fresh = asyncio.Event()
        fresh.set()
        self._listeners.add(fresh)
        teller = asyncio.create_task(self._tell(fresh, writer))
        try:
            while (message := await receive(reader)) is not None:
                if isinstance(message, Watch):
                    self.watch(message)
                else:
                    writer.write(encode(Failed(error=f"the checker does not understand {message.kind}")))
        finally:
            self._listeners.discard(fresh)
            teller.cancel()

    async def _tell(self, fresh: asyncio.Event, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await fresh.wait()
                fresh.clear()
                writer.write(self._frame)
                await writer.drain()


def read(targets: Iterable[WatchTarget]) -> tuple[list[Order], list[Verdict]]:
    """Return the orders in a message, and verdicts on those that this software cannot read (an update half way)."""
    orders: list[Order] = []
    unreadable: list[Verdict] = []
    known: dict[str, Check] = {}
    for target in targets:
        try:
            text = json.dumps(target.settings, sort_keys=True)
            if text not in known:
                known[text] = KINDS[target.settings.get("kind", "")].model_validate(target.settings)
            address = str(ipaddress.ip_address(target.address))  # never a name: looking one up would stop the loop
        except (KeyError, TypeError, ValueError) as error:
            why = "its settings" if isinstance(error, ValidationError) else str(error)
            unreadable.append(_nothing(target, f"the checker does not understand this monitor: {why}"))
            continue
        place = Target(address=address, port=target.port)
        orders.append(Order(target.key, target.monitor, target.instance, place, known[text]))
    return orders, unreadable


def verdict(watched: Watched) -> Verdict:
    """Return what is known of a target as the director hears it."""
    standing = watched.standing
    # Built from values of our own, thousands of times a second: nothing to validate.
    return Verdict.model_construct(
        key=watched.order.key,
        monitor=watched.order.monitor,
        state=standing.state,
        since=watched.since,
        detail=watched.detail,
        probed=watched.probed,
        latency=watched.latency,
        good=standing.good,
        bad=standing.bad,
    )


def _nothing(target: WatchTarget, detail: str) -> Verdict:
    now = time.time()
    return Verdict(
        key=target.key, monitor=target.monitor, state="unknown", since=now, detail=detail, probed=0.0, latency=None,
        good=0, bad=0,
    )  # fmt: skip


async def serve(open_in: OpenIn) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    checker = Checker(open_in)
    async with await listen("checker", checker.talk) as server:
        running = asyncio.create_task(checker.run())
        notify("READY=1")
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, running), return_when=asyncio.FIRST_COMPLETED)
        notify("STOPPING=1")
        running.cancel()
        stopping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running  # a fault of ours ends the process loudly, and systemd starts it anew
        server.close_clients()


def main() -> None:
    """Run the process."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(Namespaces(file_of).open_socket))
