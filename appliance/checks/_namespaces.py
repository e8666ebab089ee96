"""Sockets in another network namespace, opened by a thread that goes there and comes back at once."""

import errno
import os
import socket
import sys
from collections.abc import Callable

from appliance.checks._base import CheckFailed, NotAsked

GONE = (errno.ENOENT, errno.EINVAL, errno.ENOTDIR)
"""What the kernel says when the file is not there, or is the plain file that a namespace is about to be mounted on."""


class Namespaces:
    """Opens sockets in instances' namespaces; needs CAP_SYS_ADMIN and keeps nothing but its own namespace open.

    The instance's file is opened anew for each socket (3 microseconds): a namespace that was made again is met at
    once, and one that was removed is not kept alive, with the ports in it, by an open file here.
    """

    def __init__(self, file_of: Callable[[str], str]) -> None:
        self._file_of = file_of
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def open_socket(self, instance: str, family: int, kind: int) -> socket.socket:
        """Return a non-blocking socket in the instance's namespace; the thread is never left in it.

        Raises CheckFailed where there is no such namespace, NotAsked where the box itself is at fault.
        """
        try:
            place = os.open(self._file_of(instance), os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.setns(place, os.CLONE_NEWNET)
            finally:
                os.close(place)
        except OSError as error:
            if error.errno in GONE:
                raise CheckFailed("the instance's network is not set up on this box") from error
            raise NotAsked(
                f"the checker cannot enter the instance's network: {os.strerror(error.errno or 0)}"
            ) from error
        try:
            return socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        finally:
            self._return()

    def _return(self) -> None:
        try:
            os.setns(self._home, os.CLONE_NEWNET)
        except OSError as error:
            # Anything done from here on would be done in the wrong network: no exception handler may see this.
            print(f"the checker cannot leave an instance's network: {error}; it stops", file=sys.stderr, flush=True)
            os._exit(70)

    def close(self) -> None:
        """Forget the own namespace."""
        os.close(self._home)
