"""Where each process listens, and which users may speak to it."""

import os
from pathlib import Path

RUN = Path(os.environ.get("JEOUL_RUN", "/run"))
"""Folder of the processes' own runtime folders; tests set another."""

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
    """Return a process's runtime folder: it survives restarts of the process and not of the box."""
    return RUN / f"jeoul-{process}"


def address(process: str) -> Path:
    """Return the socket of a process."""
    return runtime(process) / "socket"
