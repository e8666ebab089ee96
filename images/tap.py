"""Tap devices: one end is a port of a network namespace, the other a file that QEMU reads."""

import fcntl
import os
import struct
import threading
from pathlib import Path

_TUNSETIFF = 0x400454CA
_TAP, _NO_PI, _VNET_HDR = 0x0002, 0x1000, 0x4000


def open_tap(netns: Path | None, name: str) -> int:
    """Open the tap device `name` inside a network namespace (None: our own) and return the descriptor.

    It is made unless it exists, left down, and goes with the descriptor unless somebody made it persistent before.
    """
    result: list[int | OSError] = []

    def work() -> None:
        # setns changes this thread alone, and the thread ends here.
        try:
            if netns is not None:
                with open(netns, "rb") as namespace:
                    os.setns(namespace.fileno(), os.CLONE_NEWNET)
            tap = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TAP | _NO_PI | _VNET_HDR))
            result.append(tap)
        except OSError as error:
            result.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(result[0], OSError):
        raise result[0]
    return result[0]
