"""programmer: obeys observe, apply and count. It has the capabilities, no policy, and no way in but its socket."""

import asyncio
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from appliance.daemons._notify import notify
from appliance.engines.base import Driver, Refused
from appliance.engines.registry import ENGINES, load_drivers
from appliance.table import Op
from appliance.wire.messages import AnyMessage, Applied, Apply, Count, Counted, Failed, Observe, Observed, Step
from appliance.wire.server import answering, listen

log = logging.getLogger(__name__)


class Programmer:
    """The drivers behind one thread: netlink sockets stay where they were opened, and steps never interleave."""

    def __init__(self, drivers: Callable[[], dict[str, Driver]]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drivers")
        self._drivers = self._thread.submit(drivers).result()

    async def answer(self, request: AnyMessage) -> AnyMessage:
        """Answer one request."""
        if not isinstance(request, Observe | Apply | Count) or request.engine not in self._drivers:
            return Failed(error=f"the programmer does not understand {request.kind}")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._obey, request)

    def _obey(self, request: Observe | Apply | Count) -> AnyMessage:
        driver = self._drivers[request.engine]
        try:
            if isinstance(request, Observe):
                rows = driver.observe()
                return Observed(rows=tuple((path, row.model_dump()) for path, row in rows.items()))
            if isinstance(request, Count):
                return Counted(counters=tuple(driver.count().items()))
            ops = [_op(step) for step in request.steps]
            results = driver.apply(ops)
            for op, why in zip(ops, results, strict=True):
                log.info("%s %s%s", op.verb, " / ".join(op.path), f" REFUSED: {why}" if why else "")
            return Applied(results=tuple(results))
        except Refused as error:
            return Failed(error=str(error))


def _op(step: Step) -> Op:
    engine = ENGINES[step.engine]
    old = None if step.old is None else engine.row(step.path, step.old)
    new = None if step.new is None else engine.row(step.path, step.new)
    return Op(step.verb, step.path, old, new)


async def serve() -> None:
    """Serve until told to stop."""
    programmer = Programmer(load_drivers)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with await listen("programmer", answering(programmer.answer)):
        notify("READY=1")
        await stop.wait()


def main() -> None:
    """Run the process."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(serve())
