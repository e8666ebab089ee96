"""Reading what the operator hands over."""

import sys
from pathlib import Path

from appliance.cli.client import Failure


def read(name: str) -> bytes:
    """Return a file's content, of ``-`` what comes in. Raises Failure."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Failure(2, f"{name} cannot be read: {error.strerror}.") from error
