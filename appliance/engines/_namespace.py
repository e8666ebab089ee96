"""Being in an instance's network namespace for a moment. A socket opened there stays there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.engines.namespaces import FOLDER, PREFIX, file_of


@contextmanager
def inside(instance: str) -> Iterator[None]:
    """Put this thread into an instance's namespace.

    Raises OSError when there is none; ends the process if there is no way back.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(file_of(instance), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(there, os.CLONE_NEWNET)
        finally:
            os.close(there)
        try:
            yield
        finally:
            try:
                os.setns(home, os.CLONE_NEWNET)
            except OSError:
                os._exit(70)  # everything after this would happen in the wrong place
    finally:
        os.close(home)


def instances() -> list[str]:
    """Return the instances that have a namespace, sorted; a name whose making was cut off half-way is none."""
    folder = Path(FOLDER)
    if not folder.is_dir():
        return []
    found = (file.name.removeprefix(PREFIX) for file in folder.iterdir() if file.name.startswith(PREFIX))
    return sorted(name for name in found if identity(name) is not None)


def identity(instance: str) -> tuple[int, int] | None:
    """Return what tells an instance's namespace from a later one of the same name, or None where there is none."""
    try:
        found = os.stat(file_of(instance))
    except FileNotFoundError:
        return None
    namespaces = os.stat("/proc/self/ns/net").st_dev
    return (found.st_dev, found.st_ino) if found.st_dev == namespaces else None
