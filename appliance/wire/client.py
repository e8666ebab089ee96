"""Asking another process."""

import asyncio

from appliance.wire.frames import LARGEST, BadFrame, encode, receive
from appliance.wire.messages import AnyMessage, Failed, Message
from appliance.wire.places import address


class Unreachable(Exception):
    """The other process does not answer; it may be starting again."""


class Refusal(Exception):
    """The other process answered that it cannot."""

    def __init__(self, failed: Failed) -> None:
        self.failed = failed
        super().__init__(failed.error)


class Client:
    """One connection to a process, opened when needed and opened anew when broken; one request at a time."""

    def __init__(self, process: str, timeout: float = 30.0) -> None:
        self.process = process
        self.timeout = timeout
        self._lock = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask[M: Message](self, request: AnyMessage, expected: type[M]) -> M:
        """Return the answer. Raises Unreachable or Refusal. Requests carry whole state, so asking twice is harmless."""
        async with self._lock:
            for attempt in (1, 2):
                reused = self._streams is not None
                try:
                    async with asyncio.timeout(self.timeout):
                        answer = await self._once(request)
                    break
                except (OSError, BadFrame, TimeoutError) as error:
                    self.close()
                    if attempt == 2 or not reused or isinstance(error, TimeoutError):
                        raise Unreachable(f"the process {self.process} does not answer: {_why(error)}") from error
                except BaseException:
                    self.close()  # a late answer must not meet the next question
                    raise
        if isinstance(answer, Failed):
            raise Refusal(answer)
        if not isinstance(answer, expected):
            self.close()
            raise Unreachable(f"the process {self.process} answered {answer.kind} to {request.kind}")
        return answer

    async def _once(self, request: AnyMessage) -> AnyMessage:
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(str(address(self.process)), limit=LARGEST)
        reader, writer = self._streams
        writer.write(encode(request))
        await writer.drain()
        answer = await receive(reader)
        if answer is None:
            raise ConnectionResetError("it closed the connection")
        return answer

    def close(self) -> None:
        """Drop the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _why(error: BaseException) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
