"""A TCP connection to a member from inside the instance's namespace, with errors in the operator's words."""

import asyncio
import errno
import os
import socket
import struct

from appliance.checks._base import CheckFailed, NotAsked, OpenSocket, Target

REASONS = {
    errno.ECONNREFUSED: "connection refused: nothing listens on that port",
    errno.EHOSTUNREACH: "no route to the member, or it does not answer on its network",
    errno.ENETUNREACH: "no route to the member's network",
    errno.EADDRNOTAVAIL: "the instance has no own address to reach the member from",
    errno.ECONNRESET: "connection reset by the member",
    errno.ETIMEDOUT: "the member does not answer",
    errno.EACCES: "a rule on the way forbids it",
    errno.EPERM: "a rule on the way forbids it",
    errno.EPIPE: "connection closed by the member",
}
OURS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Errors for want of something on the box itself."""
RESET = struct.pack("ii", 1, 0)
"""Linger for zero seconds: a close is a reset, without FIN and TIME_WAIT."""


def reason(error: OSError) -> str:
    """Return an OS error in the operator's words."""
    return REASONS.get(error.errno or 0, os.strerror(error.errno) if error.errno else str(error))


async def connect(target: Target, open_socket: OpenSocket) -> socket.socket:
    """Return a connected non-blocking socket; it is closed on every other way out. Raises CheckFailed or NotAsked."""
    try:
        connection = open_socket(socket.AF_INET6 if ":" in target.address else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno in OURS:
            raise NotAsked(f"the box could not ask: {reason(error)}") from error
        raise CheckFailed(f"cannot open a socket in the instance: {reason(error)}") from error
    try:
        # A reset instead of FIN and TIME_WAIT: thousands of probes a second must not use up ports here or there.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        await asyncio.get_running_loop().sock_connect(connection, (target.address, target.port))
    except OSError as error:
        connection.close()
        if error.errno in OURS:
            raise NotAsked(f"the box could not ask: {reason(error)}") from error
        raise CheckFailed(reason(error)) from error
    except BaseException:
        connection.close()
        raise
    return connection
