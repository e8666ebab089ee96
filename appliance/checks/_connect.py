"""A TCP connection to a member from inside the instance's namespace, with errors in the operator's words."""

import asyncio
import errno
import os
import socket

from appliance.checks._base import CheckFailed, OpenSocket, Target

REASONS = {
    errno.ECONNREFUSED: "connection refused: nothing listens on that port",
    errno.EHOSTUNREACH: "no route to the member, or it does not answer on its network",
    errno.ENETUNREACH: "no route to the member's network",
    errno.ECONNRESET: "connection reset by the member",
    errno.ETIMEDOUT: "the member does not answer",
    errno.EACCES: "a rule on the way forbids it",
    errno.EPERM: "a rule on the way forbids it",
    errno.EPIPE: "connection closed by the member",
}


def reason(error: OSError) -> str:
    """Return an OS error in the operator's words."""
    return REASONS.get(error.errno or 0, os.strerror(error.errno) if error.errno else str(error))


async def connect(target: Target, open_socket: OpenSocket) -> socket.socket:
    """Return a connected non-blocking socket. Raises CheckFailed; closes the socket on every other way out."""
    family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
    try:
        connection = open_socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CheckFailed(f"cannot open a socket in the instance: {reason(error)}") from error
    try:
        # A reset instead of FIN and TIME_WAIT: thousands of probes a second must not use up ports here or there.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        await asyncio.get_running_loop().sock_connect(connection, (target.address, target.port))
    except OSError as error:
        connection.close()
        raise CheckFailed(reason(error)) from error
    except BaseException:
        connection.close()
        raise
    return connection
