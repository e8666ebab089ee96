"""http: the member answers a request with an expected status, and optionally with an expected text."""

import asyncio
import socket
from typing import Annotated, Literal

import h11
from pydantic import Field, StringConstraints

from appliance.checks._base import Answer, Check, CheckFailed, OpenSocket, Target
from appliance.checks._connect import connect, reason

LARGEST_BODY = 1 << 20
"""Bytes of an answer that are read when a text is expected; a monitor is no download."""


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
        tuple[Annotated[int, Field(ge=100, le=599, strict=True)], ...],
        Field(min_length=1, max_length=50, description="Status codes that are good."),
    ] = (200,)
    contains: Annotated[
        str, StringConstraints(max_length=1000), Field(description="Text that the answer must contain; empty: any.")
    ] = ""

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

    async def _ask(self, target: Target, connection: socket.socket) -> Answer:
        loop = asyncio.get_running_loop()
        literal = f"[{target.address}]" if ":" in target.address else target.address
        headers = [
            ("Host", self.host or f"{literal}:{target.port}"),
            ("User-Agent", "jeoul-monitor"),
            ("Connection", "close"),
        ]
        exchange = h11.Connection(h11.CLIENT)
        request = exchange.send(h11.Request(method=self.method, target=self.path, headers=headers)) or b""
        await loop.sock_sendall(connection, request + (exchange.send(h11.EndOfMessage()) or b""))
        body = bytearray()
        while True:
            event = exchange.next_event()
            if event is h11.NEED_DATA:
                exchange.receive_data(await loop.sock_recv(connection, 65536))
            elif isinstance(event, h11.Response):
                if event.status_code not in self.status:
                    raise CheckFailed(f"status {event.status_code}, expected {', '.join(map(str, self.status))}")
                status = event.status_code
                if not self.contains:
                    return Answer(detail=f"status {status}")
            elif isinstance(event, h11.Data):
                body += event.data
                if self.contains.encode() in body:
                    return Answer(detail=f"status {status}, text found")
                if len(body) > LARGEST_BODY:
                    raise CheckFailed(f"the expected text is not in the first {LARGEST_BODY} bytes of the answer")
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                raise CheckFailed("the expected text is not in the answer")
