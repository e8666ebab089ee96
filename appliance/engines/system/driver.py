"""The box's host name, by the kernel's own calls."""

import socket
from collections.abc import Sequence

from appliance.engines.base import Counters, Driver
from appliance.engines.system.rows import HOSTNAME, Hostname
from appliance.table import Op, Path, Row


class SystemDriver(Driver):
    """The kernel's host name; a box always has one, so it is changed and never broken."""

    def observe(self) -> dict[Path, Row]:
        """Return the host name."""
        return {HOSTNAME: Hostname(name=socket.gethostname())}

    def apply(self, ops: Sequence[Op]) -> list[str | None]:
        """Set the host name."""
        return [self._take(op) for op in ops]

    def count(self) -> Counters:
        """Return no counters."""
        return {}

    def _take(self, op: Op) -> str | None:
        if not isinstance(op.new, Hostname):
            return None
        try:
            socket.sethostname(op.new.name)
        except OSError as error:
            return f"the host name cannot be set: {error.strerror}"
        return None


def open_driver() -> Driver:
    """Return the driver."""
    return SystemDriver()
