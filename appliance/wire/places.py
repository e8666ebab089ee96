"""Where each process listens, and which users may speak to it."""

import os
from pathlib import Path

USERS = {name: f"jeoul-{name}" for name in ("api", "director", "programmer", "checker", "monitor")}
"""process -> the user that it runs as."""

CALLERS = {
    "programmer": ("director",),
    "checker": ("director",),
    "director": ("api", "monitor"),
    "monitor": ("api",),
}
"""process -> processes that may connect to it. Root may always: it is the support engineer's shell."""


def runtime(process: str) -> Path:
    """Return a process's runtime folder, below $JEOUL_RUN: it survives restarts of the process and not of the box."""
    return Path(os.environ.get("JEOUL_RUN", "/run")) / f"jeoul-{process}"


def address(process: str) -> Path:
    """Return the socket of a process."""
    return runtime(process) / "socket"
