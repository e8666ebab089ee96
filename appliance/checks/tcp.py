"""tcp: the member accepts a connection."""

from typing import Literal

from appliance.checks._base import Answer, Check, OpenSocket, Target
from appliance.checks._connect import connect

ACCEPTED = Answer(detail="connection accepted")


class TcpCheck(Check):
    """Open a TCP connection and close it at once."""

    kind: Literal["tcp"]

    async def probe(self, target: Target, open_socket: OpenSocket) -> Answer:
        """Connect; good when the handshake is complete."""
        connection = await connect(target, open_socket)
        connection.close()
        return ACCEPTED
