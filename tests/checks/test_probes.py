"""What each kind of probe says of real servers."""

import asyncio
import socket
from typing import Any

import pytest

from appliance import checks
from appliance.checks._base import Answer, Check, CheckFailed, NotAsked, Target
from appliance.kinds import kinds
from tests.checks.servers import GOOD, Serve, answering, free_port, hang, plain_socket, reset, serving

KINDS = kinds(checks, Check)  # type: ignore[type-abstract]


async def ask(settings: dict[str, Any], port: int, address: str = "127.0.0.1") -> Answer:
    check = KINDS[settings["kind"]].model_validate(settings)
    async with asyncio.timeout(2):
        return await check.probe(Target(address=address, port=port), plain_socket)


def http(serve: Serve, **settings: Any) -> str:
    """Return what an http monitor says: the good answer's detail, or the failure with a minus."""

    async def run() -> str:
        async with serving(serve) as server:
            try:
                return (await ask({"kind": "http"} | settings, server.port)).detail
            except CheckFailed as error:
                return f"- {error}"

    return asyncio.run(run())


def ok(body: bytes, head: bytes = b"") -> Serve:
    return answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), head, body))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
TABLE: list[tuple[str, Serve, dict[str, Any], str]] = [
    ("good", GOOD, {}, "status 200"),
    ("wrong status", answering(b"HTTP/1.1 503 No\r\n\r\n"), {}, "- status 503, expected 200"),
    ("two good statuses", answering(b"HTTP/1.0 404 No\r\n\r\n"), {"status": [200, 404]}, "status 404"),
    ("neither", answering(b"HTTP/1.1 500 No\r\n\r\n"), {"status": [200, 404]}, "- status 500, expected 200 or 404"),
    ("text", ok(b"all is well"), {"contains": "is well"}, "status 200, text found"),
    ("text over two chunks", answering(CHUNKED), {"contains": "cd"}, "status 200, text found"),
    ("one letter", ok(b"x"), {"contains": "x"}, "status 200, text found"),
    ("no text", ok(b"all is lost"), {"contains": "well"}, "- the expected text is not in the answer"),
    ("empty answer", ok(b""), {"contains": "well"}, "- the expected text is not in the answer"),
    (
        "endless answer",
        answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"-" * (3 << 20)),
        {"contains": "well"},
        "- the expected text is not in the first 1048576 bytes of the answer",
    ),
    ("continue first", answering(b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), {}, "status 200"),
    ("HEAD", answering(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"), {"method": "HEAD"}, "status 200"),
    ("reset", reset, {}, "- connection reset by the member"),
    ("closed", answering(b""), {}, "- the member closed the connection without an HTTP answer"),
    ("closed in the head", answering(b"HTTP/1.1 200"), {}, "- the member closed the connection without an HTTP answer"),
    ("not HTTP", answering(b"SSH-2.0-OpenSSH_10\r\n\r\n"), {}, "- not an HTTP answer: illegal status line"),
]


@pytest.mark.parametrize(("what", "serve", "settings", "words"), TABLE, ids=[row[0] for row in TABLE])
def test_http(what: str, serve: Serve, settings: dict[str, Any], words: str) -> None:
    said = http(serve, **settings)
    assert said.startswith(words)
    assert len(said) < 200


@pytest.mark.parametrize(
    ("settings", "line", "host"),
    [
        ({"path": "/health?deep=1"}, b"GET /health?deep=1 HTTP/1.1", b"127.0.0.1:"),
        ({"method": "OPTIONS", "host": "www.example.net"}, b"OPTIONS / HTTP/1.1", b"www.example.net\r\n"),
    ],
)
def test_the_request(settings: dict[str, Any], line: bytes, host: bytes) -> None:
    heads: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    assert http(note, **settings) == "status 200"
    assert heads[0].startswith(line + b"\r\n")
    assert b"\r\nhost: " + host in heads[0].replace(b"Host", b"host")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("kind", ["tcp", "http"])
def test_good_and_refused(kind: str, address: str) -> None:
    async def run() -> None:
        async with serving(GOOD, address) as server:
            assert (await ask({"kind": kind}, server.port, address)).detail in ("connection accepted", "status 200")
        with pytest.raises(CheckFailed, match="connection refused: nothing listens on that port"):
            await ask({"kind": kind}, server.port, address)

    asyncio.run(run())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_cancelled_probe_closes_its_socket(kind: str) -> None:
    opened: list[socket.socket] = []

    def noting(family: int, sort: int) -> socket.socket:
        opened.append(plain_socket(family, sort))
        return opened[-1]

    async def run() -> None:
        async with serving(hang) as server:
            check = KINDS[kind].model_validate({"kind": kind})
            task = asyncio.create_task(check.probe(Target(address="127.0.0.1", port=server.port), noting))
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert [sock.fileno() for sock in opened] == [-1]


def test_what_the_box_lacks_is_no_fault_of_the_member() -> None:
    def broke(family: int, sort: int) -> socket.socket:
        raise OSError(24, "Too many open files")

    check = KINDS["tcp"].model_validate({"kind": "tcp"})
    with pytest.raises(NotAsked, match="the box could not ask: Too many open files"):
        asyncio.run(check.probe(Target(address="127.0.0.1", port=free_port()), broke))
