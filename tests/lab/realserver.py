"""A real server for the lab: HTTP, TCP echo and UDP on many ports in one process; nothing but the standard library.

Started by serving.py with its settings as a JSON argument. Orders come as JSON lines on stdin, each answered by one
line on stdout; the end of stdin is the end of the server, so it cannot outlive the test.
"""

import asyncio
import json
import os
import socket
import struct
import sys
from typing import Any, Protocol

IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO = 8, 49, 50
BACKLOG = 4096
CHUNK = b"0123456789abcdef" * 4096


class Closable(Protocol):
    """A listener of any kind."""

    def close(self) -> None: ...


class Server:
    """What one server is: its name, how its health looks, what it has counted."""

    def __init__(self, name: str, ports: dict[str, list[int]], log: bool) -> None:
        self.name = name
        self.ports = ports
        self.log = log
        self.health = {"status": 200, "delay": 0.0, "hang": False}
        self.counts = {"http": 0, "health": 0, "tcp": 0, "udp": 0, "connections": 0}
        self.open: set[asyncio.Transport] = set()
        self.listeners: list[Closable] = []
        self.cutting = False

    async def listen(self) -> None:
        """Opens every port, on IPv4 and IPv6."""
        loop = asyncio.get_running_loop()
        for family, anywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for kind, port in [(kind, port) for kind, ports in self.ports.items() for port in ports]:
                sock = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                if kind != "udp":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind((anywhere, port))
                if kind == "udp":
                    self.listeners.append(Udp(self, sock))
                else:
                    session = Http if kind == "http" else Echo
                    self.listeners.append(
                        await loop.create_server(lambda s=session: s(self), sock=sock, backlog=BACKLOG)  # type: ignore[misc]
                    )

    def refuse(self, cut: bool) -> None:
        """Closes every port: new connections are refused; with `cut` the open ones are reset too."""
        for listener in self.listeners:
            listener.close()
        self.listeners = []
        # The kernel had some connections ready that become sessions only after this.
        self.cutting = cut
        if cut:
            for transport in list(self.open):
                transport.abort()

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carries out one order and returns the answer."""
        match order.pop("do"):
            case "health":
                self.health = order
            case "refuse":
                self.refuse(order["cut"])
            case "accept":
                self.cutting = False
                if not self.listeners:
                    await self.listen()
        return self.counts | {"open": len(self.open)}


class Session(asyncio.Protocol):
    """One TCP connection, counted while it is open."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self.server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.open.add(transport)
        self.server.counts["connections"] += 1
        if self.server.cutting:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.open.discard(self.transport)


class Echo(Session):
    """Sends back what it gets, and keeps the connection."""

    def data_received(self, data: bytes) -> None:
        self.server.counts["tcp"] += 1
        self.transport.write(data)

    def pause_writing(self) -> None:
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.transport.resume_reading()


class Http(Session):
    """HTTP/1.1 with keep-alive: / says who answers whom, /health is set by orders, /bytes/N sends N bytes."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while b"\r\n\r\n" in self.waiting:
            head, self.waiting = self.waiting.split(b"\r\n\r\n", 1)
            self.answer(head.decode("latin-1"))

    def answer(self, head: str) -> None:
        line, _, fields = head.partition("\r\n")
        method, path, version = [*line.split(), "", "", ""][:3]
        close = version == "HTTP/1.0" or "connection: close" in fields.lower()
        if self.server.log:
            print(self.transport.get_extra_info("peername"), line, file=sys.stderr, flush=True)
        self.server.counts["health" if path == "/health" else "http"] += 1
        if method not in ("GET", "HEAD"):
            self.send(405, b"", "GET", True)
        elif path == "/health":
            health = self.server.health
            if not health["hang"]:
                asyncio.get_running_loop().call_later(
                    health["delay"], self.send, int(health["status"]), b"health\n", method, close
                )
        elif path.startswith("/bytes/") and path[7:].isdigit():
            size = int(path[7:])
            self.send(200, (CHUNK * (size // len(CHUNK) + 1))[:size], method, close)
        elif path.partition("?")[0] == "/":
            client, local = self.transport.get_extra_info("peername"), self.transport.get_extra_info("sockname")
            who = {"server": self.server.name, "client": client[0], "port": client[1], "address": local[0]}
            self.send(200, json.dumps(who).encode() + b"\n", method, close)
        else:
            self.send(404, b"no such page\n", method, close)

    def send(self, status: int, body: bytes, method: str, close: bool) -> None:
        if self.transport.is_closing():
            return
        end = "Connection: close\r\n" if close else ""
        head = f"HTTP/1.1 {status} Lab\r\nX-Server: {self.server.name}\r\nContent-Length: {len(body)}\r\n{end}\r\n"
        self.transport.write(head.encode() + (body if method == "GET" else b""))
        if close:
            self.transport.close()


class Udp:
    """Answers each datagram with the server's name, a space and the payload, from the address that was asked."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.six = sock.family == socket.AF_INET6
        # An answer must leave from the VIP, which a socket bound to any address does not do by itself.
        if self.six:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        asyncio.get_running_loop().add_reader(sock, self.ready)

    def ready(self) -> None:
        for _ in range(100):
            try:
                data, extra, _, client = self.sock.recvmsg(65535, 256)
            except BlockingIOError:
                return
            self.server.counts["udp"] += 1
            level, kind, asked = extra[0]
            source = struct.pack("16sI", asked[:16], 0) if self.six else struct.pack("I4s4x", 0, asked[8:12])
            try:
                self.sock.sendmsg([self.server.name.encode() + b" " + data], [(level, kind, source)], 0, client)
            except OSError as problem:
                # A full queue or a vanished client loses the answer, as on a real server.
                if self.server.log:
                    print(client, problem, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Stops answering."""
        asyncio.get_running_loop().remove_reader(self.sock)
        self.sock.close()


async def main(settings: dict[str, Any]) -> None:
    """Listens, says so, and obeys until stdin ends."""
    server = Server(settings["name"], settings["ports"], settings["log"])
    await server.listen()
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print("{}", flush=True)
    while line := await orders.readline():
        print(json.dumps(await server.obey(json.loads(line))), flush=True)
    os._exit(0)  # open connections are not waited for


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
