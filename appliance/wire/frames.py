"""Frames: four bytes of length, big-endian, then JSON."""

import asyncio
import struct

from pydantic import ValidationError

from appliance.wire.messages import MESSAGES, AnyMessage

LARGEST = 256 << 20
"""Bytes of a frame: 100,000 rows fit."""


class BadFrame(Exception):
    """The peer sent what is no message; the connection is of no use any more."""


def encode(message: AnyMessage) -> bytes:
    """Return a message as a frame."""
    body = MESSAGES.dump_json(message)
    return struct.pack(">I", len(body)) + body


async def receive(reader: asyncio.StreamReader) -> AnyMessage | None:
    """Return the next message, or None at the end. Raises BadFrame."""
    try:
        (length,) = struct.unpack(">I", await reader.readexactly(4))
        if length > LARGEST:
            raise BadFrame(f"a frame of {length} bytes")
        return MESSAGES.validate_json(await reader.readexactly(length))
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise BadFrame("the peer went away in the middle of a frame") from None
        return None
    except ConnectionError:
        return None
    except ValidationError as error:
        raise BadFrame(str(error)) from None
