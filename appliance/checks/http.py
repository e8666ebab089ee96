"""http: the member answers a request with an expected status, and optionally with an expected text."""

import asyncio
import socket
from typing import Annotated, Literal, Self

import h11
from pydantic import Field, StringConstraints, model_validator

from appliance.checks._base import Answer, Check, CheckFailed, OpenSocket, Target
from appliance.checks._connect import connect, reason
from appliance.fields import Wrong

LARGEST_BODY = 1 << 20
"""Bytes of an answer that are read when a text is expected; a monitor is no download."""
PIECE = 65536
"""Bytes read at once."""


class HttpCheck(Check):
    """Send one HTTP/1.1 request."""

    kind: Literal["http"]
    method: Literal["GET", "HEAD", "OPTIONS"] = "GET"
    path: Annotated[str, StringConstraints(pattern=r"^/[!-~]*$", max_length=2000)] = "/"
    host: Annotated[
        str,
        StringConstraints(pattern=r"^[!-~]*$", max_length=255),
        Field(description="Host header; empty: the address."),
    ] = ""
    status: Annotated[
        tuple[Annotated[int, Field(ge=200, le=599, strict=True)], ...],
        Field(min_length=1, max_length=50, description="Status codes that are good."),
    ] = (200,)
    contains: Annotated[
        str, StringConstraints(max_length=1000), Field(description="Text that the answer must contain; empty: any.")
    ] = ""

    @model_validator(mode="after")
    def _has_text(self) -> Self:
        if self.contains and self.method == "HEAD":
            raise Wrong("expects a text, but answers to HEAD carry none", "Use GET.")
        return self

    async def probe(self, target: Target, open_socket: OpenSocket) -> Answer:
        """Send the request; good when status and text are as expected."""
        connection = await connect(target, open_socket)
        try:
            return await self._ask(target, connection)
        except OSError as error:
            raise CheckFailed(reason(error)) from error
        except h11.RemoteProtocolError as error:
            raise CheckFailed(f"not an HTTP answer: {error}") from error
        finally:
            connection.close()

    def request(self, target: Target) -> h11.Request:
        """Return the request as it is sent to a target."""
        literal = f"[{target.address}]" if ":" in target.address else target.address
        headers = [
            ("Host", self.host or f"{literal}:{target.port}"),
            ("User-Agent", "jeoul-monitor"),
            ("Accept", "*/*"),
            ("Connection", "close"),
        ]
        return h11.Request(method=self.method, target=self.path, headers=headers)

    async def _ask(self, target: Target, connection: socket.socket) -> Answer:
        loop = asyncio.get_running_loop()
        exchange = h11.Connection(h11.CLIENT)
        head = exchange.send(self.request(target)) or b""
        await loop.sock_sendall(connection, head + (exchange.send(h11.EndOfMessage()) or b""))
        status = 0
        text = _Search(self.contains.encode())
        while True:
            event = exchange.next_event()
            if event is h11.NEED_DATA:
                piece = await loop.sock_recv(connection, PIECE)
                if not piece and not status:
                    raise CheckFailed("the member closed the connection without an HTTP answer")
                exchange.receive_data(piece)
            elif isinstance(event, h11.Response):
                status = event.status_code
                if status not in self.status:
                    raise CheckFailed(f"status {status}, expected {' or '.join(map(str, self.status))}")
                if not self.contains:
                    return Answer(detail=f"status {status}")
            elif isinstance(event, h11.Data):
                if text.found_with(event.data):
                    return Answer(detail=f"status {status}, text found")
                if text.read > LARGEST_BODY:
                    raise CheckFailed(f"the expected text is not in the first {LARGEST_BODY} bytes of the answer")
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                raise CheckFailed("the expected text is not in the answer")


class _Search:
    """Looks for a text in pieces, and remembers only what could be the text's beginning."""

    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._tail = b""
        self.read = 0

    def found_with(self, piece: bytes | bytearray) -> bool:
        self.read += len(piece)
        window = self._tail + bytes(piece)
        self._tail = window[-len(self._wanted) + 1 :] if len(self._wanted) > 1 else b""
        return self._wanted in window
