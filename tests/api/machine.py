"""The real director over machines in memory, in one process: ``python -m tests.api.machine``."""

import asyncio
from contextlib import suppress

from appliance.daemons import director
from appliance.daemons.programmer import Programmer
from appliance.engines.base import Driver
from appliance.engines.memory import MemoryDriver
from appliance.engines.registry import ENGINES
from appliance.engines.system.rows import HOSTNAME, Hostname
from appliance.wire.server import answering, listen


class Counting(MemoryDriver):
    """A machine in memory through which something passes."""

    def count(self) -> dict[tuple[str, ...], dict[str, int]]:
        """Return counters of every service and member."""
        return {path: {"connections_total": 7, "bytes_in": 99, "active": 2} for path in self.rows if len(path) > 2}


def drivers() -> dict[str, Driver]:
    """Return a machine for each engine."""
    found: dict[str, Driver] = {name: MemoryDriver() for name in ENGINES}
    ipvs = found["ipvs"] = Counting()
    ipvs.depth = 2
    system = found["system"]
    assert isinstance(system, MemoryDriver)
    system.depth = 2
    system.rows[HOSTNAME] = Hostname(name="somewhere")
    network = found["network"]
    assert isinstance(network, MemoryDriver)
    network.depth = 2
    return found


async def serve() -> None:
    """Serve programmer and director."""
    async with await listen("programmer", answering(Programmer(drivers).answer)):
        await director.serve()


if __name__ == "__main__":
    director.unit_id = lambda: "0123456789abcdef"
    with suppress(KeyboardInterrupt):
        asyncio.run(serve())
