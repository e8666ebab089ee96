"""Real servers on loopback for probes: good, refusing, hanging, resetting, full, or with any bytes for an answer."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def plain_socket(family: int, kind: int) -> socket.socket:
    """Return a socket in this process's own namespace."""
    return socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)


def plain(instance: str, family: int, kind: int) -> socket.socket:
    """Return the same, whatever the instance."""
    return plain_socket(family, kind)


class Server:
    """A server whose behaviour can be changed while it runs; ``asked`` counts connections."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.asked = 0
        self.together = 0
        self.most_together = 0
        self.port = 0

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        self.together += 1
        self.most_together = max(self.together, self.most_together)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self.serve(reader, writer)
        finally:
            self.together -= 1
            writer.close()


@contextlib.asynccontextmanager
async def serving(serve: Serve, address: str = "127.0.0.1") -> AsyncIterator[Server]:
    """Serve on a free port of loopback."""
    server = Server(serve)
    listener = await asyncio.start_server(server._one, address, 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        listener.close_clients()
        listener.abort_clients()


def answering(answer: bytes) -> Serve:
    """Answer every request with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return serve


GOOD = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read everything, say nothing, until the peer goes."""
    while await reader.read(65536):
        pass


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection once a request has come."""
    await reader.readuntil(b"\r\n\r\n")
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def full() -> Iterator[int]:
    """Yield the port of a server that accepts nothing any more: its queue is full, the kernel drops what comes."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield port
