"""What clients do in the lab: ask once or thousands of times and count who answered, hold thousands of connections."""

from __future__ import annotations

import contextlib
import errno
import http.client
import itertools
import json
import os
import re
import select
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.lab.hosts import Host

Address = tuple[str, int]
_ports = itertools.cycle(range(10240, 65536))


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `server` is the name of the real server that gave it."""

    status: int
    server: str
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found


def http_get(host: Host, url: str, timeout: float = 5) -> Answer:
    """Asks once on a new connection; raises OSError where there is no answer."""

    def ask() -> Answer:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
        try:
            connection.request("GET", parts.path or "/", headers={"Connection": "close"})
            got = connection.getresponse()
            return Answer(got.status, got.headers.get("X-Server", ""), got.read())
        finally:
            connection.close()

    return host.call(ask)


def spread(host: Host, url: str, n: int, concurrency: int = 50, timeout: float = 5) -> Counter[str]:
    """Sends n HTTP requests, each on a new connection, and counts the servers' names; failures count as `!reason`."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode()

    def ask(number: int) -> _Exchange:
        return _Exchange(_connecting(address), request, whole=_http_whole)

    return host.call(_exchange_all, ask, n, concurrency, timeout)


def spread_udp(host: Host, address: Address, n: int, concurrency: int = 50, timeout: float = 2) -> Counter[str]:
    """Sends n datagrams, each from its own source port, and counts the servers' names; failures count as `!reason`."""

    def ask(number: int) -> _Exchange:
        return _Exchange(_connecting(address, socket.SOCK_DGRAM), b"%d of this lab" % number, whole=_udp_whole)

    return host.call(_exchange_all, ask, n, concurrency, timeout)


@dataclass
class _Exchange:
    """One question on one socket and what came back so far."""

    sock: socket.socket
    question: bytes
    whole: Callable[[_Exchange], str | None]
    """Gives the result once the answer is complete, else None."""
    answer: bytes = b""
    ended: bool = False
    deadline: float = 0


def _http_whole(exchange: _Exchange) -> str | None:
    head, found, body = exchange.answer.partition(b"\r\n\r\n")
    fields = re.search(rb"HTTP/1.1 (\d+).*X-Server: ([^\r]*)\r\n.*Content-Length: (\d+)", head, re.DOTALL)
    if found and fields and len(body) >= int(fields[3]):
        return fields[2].decode() if fields[1] == b"200" else f"!{fields[1].decode()}"
    return "!closed" if exchange.ended else None


def _udp_whole(exchange: _Exchange) -> str | None:
    if not exchange.answer:
        return None
    name, _, payload = exchange.answer.partition(b" ")
    return name.decode() if payload == exchange.question else "!wrong answer"


def _exchange_all(ask: Callable[[int], _Exchange], n: int, concurrency: int, timeout: float) -> Counter[str]:
    """Runs n exchanges, so many at a time, in one epoll loop: asyncio would take several times as long."""
    results: Counter[str] = Counter()
    active: dict[int, _Exchange] = {}
    started = 0
    with select.epoll() as poll:

        def finish(fd: int, result: str) -> None:
            active.pop(fd).sock.close()
            results[result] += 1

        while started < n or active:
            while started < n and len(active) < concurrency:
                started += 1
                try:
                    exchange = ask(started)
                except OSError as problem:
                    results[_reason(problem)] += 1
                    continue
                exchange.deadline = time.monotonic() + timeout
                active[exchange.sock.fileno()] = exchange
                poll.register(exchange.sock, select.EPOLLOUT)
            for fd, event in poll.poll(0.1):
                exchange = active[fd]
                try:
                    if event & select.EPOLLOUT:
                        exchange.sock.send(exchange.question)
                        poll.modify(fd, select.EPOLLIN)
                        continue
                    got = exchange.sock.recv(65536)
                except OSError as problem:
                    finish(fd, _reason(problem))
                    continue
                exchange.answer += got
                exchange.ended = not got
                result = exchange.whole(exchange)
                if result is not None:
                    finish(fd, result)
            # The oldest come first, so the first that is in time ends the look.
            now = time.monotonic()
            while active and (fd := next(iter(active))) and active[fd].deadline < now:
                finish(fd, "!timeout")
    return results


class Held:
    """Open TCP connections to an echo service; `verify` finds those that are broken."""

    def __init__(self, sockets: list[socket.socket], failed: int) -> None:
        self._sockets = sockets
        self.failed = failed
        """Connections that could not be opened."""

    def __len__(self) -> int:
        return len(self._sockets)

    def verify(self, timeout: float = 20) -> int:
        """Sends a payload of its own through each connection and returns how many did not give it back byte-exactly."""
        waiting: dict[int, tuple[socket.socket, bytes, bytes]] = {}
        broken = 0
        end = time.monotonic() + timeout
        with select.epoll() as poll:
            for sock in self._sockets:
                payload = os.urandom(16)
                try:
                    sock.send(payload)
                except OSError:
                    broken += 1
                    continue
                waiting[sock.fileno()] = (sock, payload, b"")
                poll.register(sock, select.EPOLLIN)
            while waiting and time.monotonic() < end:
                for fd, _ in poll.poll(0.2):
                    sock, payload, so_far = waiting.pop(fd)
                    try:
                        got = sock.recv(4096)
                    except OSError:
                        got = b""
                    so_far += got
                    if got and len(so_far) < len(payload):
                        waiting[fd] = (sock, payload, so_far)
                        continue
                    broken += so_far != payload
                    poll.unregister(fd)
        return broken + len(waiting)

    def close(self) -> None:
        """Closes them all."""
        for sock in self._sockets:
            sock.close()
        self._sockets = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def hold(host: Host, address: Address, n: int, concurrency: int = 500, timeout: float = 10) -> Held:
    """Opens n TCP connections to an echo service and keeps them; use it with `with`."""
    return host.call(_open_all, address, n, concurrency, timeout)


def _open_all(address: Address, n: int, concurrency: int, timeout: float) -> Held:
    opened: list[socket.socket] = []
    opening: dict[int, tuple[socket.socket, float]] = {}
    started = failed = 0
    with select.epoll() as poll:
        while started < n or opening:
            while started < n and len(opening) < concurrency:
                started += 1
                try:
                    sock = _connecting(address)
                except OSError:
                    failed += 1
                    continue
                opening[sock.fileno()] = (sock, time.monotonic() + timeout)
                poll.register(sock, select.EPOLLOUT)
            for fd, _ in poll.poll(0.1):
                sock, _ = opening.pop(fd)
                poll.unregister(fd)
                if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    failed += 1
                    sock.close()
                else:
                    opened.append(sock)
            while opening and (fd := next(iter(opening))) and opening[fd][1] < time.monotonic():
                opening.pop(fd)[0].close()
                failed += 1
    return Held(opened, failed)


@dataclass
class Capture:
    """Packets that tcpdump saw, one line each; complete when the capture's `with` has ended."""

    lines: list[str] = field(default_factory=list)


@contextmanager
def capture(host: Host, interface: str, expression: str) -> Iterator[Capture]:
    """Captures what the expression matches (of pcap-filter) on an interface while the block runs."""
    command = ["tcpdump", "-nn", "-l", "-e", "-q", "--immediate-mode", "-i", interface, *expression.split()]
    process = host.popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    said = b""
    while b"listening on" not in said:
        line = process.stderr.readline()
        if not line:
            raise RuntimeError(f"{host.name}: tcpdump on {interface} did not start: {said.decode()}")
        said += line
    seen = Capture()
    try:
        yield seen
    finally:
        time.sleep(0.1)  # packets on their way into the pipe
        process.terminate()
        out, _ = process.communicate(timeout=5)
        seen.lines.extend(line for line in out.decode().splitlines() if line)


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def _connecting(address: Address, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    sock = socket.socket(_family(address), kind)
    sock.setblocking(False)
    _bind_new_port(sock)
    error = sock.connect_ex(address)
    if error not in (0, errno.EINPROGRESS):
        sock.close()
        raise OSError(error, os.strerror(error))
    return sock


def _bind_new_port(sock: socket.socket) -> None:
    """Takes the source port that was not used for longest: the kernel may give one that a balancer still remembers."""
    while True:
        with contextlib.suppress(OSError):  # taken, by a server or in TIME_WAIT
            return sock.bind(("", next(_ports)))


def _reason(problem: OSError) -> str:
    known = {errno.ECONNREFUSED: "refused", errno.ECONNRESET: "reset", errno.EPIPE: "reset"}
    return "!" + known.get(problem.errno or 0, str(problem.strerror))
