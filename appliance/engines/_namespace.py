"""Being in an instance's network namespace for a moment. A socket opened there stays there."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from appliance.engines.namespaces import FOLDER, PREFIX, file_of


@contextmanager
def coming_home() -> Iterator[None]:
    """Bring this thread back into the namespace that it is in now; end the process if there is no way back."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        try:
            os.setns(home, os.CLONE_NEWNET)
        except OSError:
            os._exit(70)  # everything after this would happen in the wrong place
        os.close(home)


@contextmanager
def inside(instance: str) -> Iterator[None]:
    """Put this thread into an instance's namespace. Raises OSError when there is none."""
    with coming_home():
        there = os.open(file_of(instance), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(there, os.CLONE_NEWNET)
        finally:
            os.close(there)
        yield


class Closable(Protocol):
    """Something that is open until it is closed."""

    def close(self) -> None:
        """Close it."""
        ...


class Kept[S: Closable]:
    """One socket in each instance's namespace: opened when first needed, and anew when the namespace is another one."""

    def __init__(self, open_socket: Callable[[], S]) -> None:
        self._open = open_socket
        self._kept: dict[str, tuple[tuple[int, int], S]] = {}

    def get(self, instance: str) -> S:
        """Return the socket. Raises OSError where there is no such instance."""
        now = identity(instance)
        if now is None:
            self.drop(instance)
            raise FileNotFoundError(errno.ENOENT, "no such instance")
        kept = self._kept.get(instance)
        if kept is not None and kept[0] == now:
            return kept[1]
        self.drop(instance)
        with inside(instance):
            sock = self._open()  # opened here it stays here
        self._kept[instance] = (now, sock)
        return sock

    def drop(self, instance: str) -> None:
        """Close the socket: an open one would keep the namespace alive."""
        kept = self._kept.pop(instance, None)
        if kept is not None:
            kept[1].close()


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
