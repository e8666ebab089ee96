"""Listening on a unix socket for the processes that may speak to this one."""

import asyncio
import logging
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.wire.frames import BadFrame, encode, receive
from appliance.wire.messages import AnyMessage, Failed
from appliance.wire.places import CALLERS, USERS, address

log = logging.getLogger(__name__)

type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
type Answer = Callable[[AnyMessage], Awaitable[AnyMessage]]


def allowed(process: str) -> frozenset[int]:
    """Return the user ids that may speak to a process: its callers' and root's, and its own, as in tests."""
    uids = {0, os.getuid()}
    for caller in CALLERS[process]:
        try:
            uids.add(pwd.getpwnam(USERS[caller]).pw_uid)
        except KeyError:
            continue  # a caller that is not installed cannot call
    return frozenset(uids)


async def listen(process: str, talk: Talk) -> asyncio.Server:
    """Serve ``talk`` on the process's socket; strangers are turned away by their user id."""
    path = address(process)
    path.parent.mkdir(parents=True, exist_ok=True)
    uids = allowed(process)

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            uid = peer_uid(writer)
            if uid not in uids:
                log.warning("refused a connection of user %d to %s", uid, path)
                return
            await talk(reader, writer)
        except (BadFrame, ConnectionError) as error:
            log.warning("connection to %s ended: %s", path, error)
        finally:
            writer.close()

    return await asyncio.start_unix_server(guarded, sock=_bind(path))


def _bind(path: Path) -> socket.socket:
    # Bound beside its place and moved there, so that a caller never meets a socket that does not listen yet.
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    sock.bind(str(fresh))
    fresh.chmod(0o666)  # who may speak is decided by the peer's user id, not by the file
    sock.listen(64)
    fresh.rename(path)
    return sock


def peer_uid(writer: asyncio.StreamWriter) -> int:
    """Return the user id of the process at the other end."""
    peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", peer)[1])


def answering(answer: Answer) -> Talk:
    """Return a talk that answers each request; a fault in an answer reaches the caller as Failed, and the log."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await receive(reader)) is not None:
            try:
                reply = await answer(request)
            except Exception as error:
                log.exception("request %s failed", request.kind)
                reply = Failed(error=f"{type(error).__name__}: {error}")
            writer.write(encode(reply))
            await writer.drain()

    return talk
