"""The director's line to the checker: orders go out whole, verdicts come in whole."""

import asyncio
import logging
import time
from collections.abc import Callable

from appliance.wire.frames import LARGEST, BadFrame, encode, receive
from appliance.wire.messages import Verdict, Verdicts, Watch, WatchTarget
from appliance.wire.places import address

log = logging.getLogger(__name__)

SILENCE = 5.0
"""Seconds without a word after which the checker counts as gone; it speaks every second."""
RETRY = 0.5
"""Seconds between two tries to reach it."""


class CheckerLink:
    """Keeps a connection to the checker; while there is none the last verdicts stand."""

    def __init__(self, hear: Callable[[tuple[Verdict, ...]], None]) -> None:
        self._hear = hear
        # Begun by the clock, so that no verdict for an earlier director is taken for one of this.
        self._watch = Watch(targets=(), order=time.time_ns())
        self._writer: asyncio.StreamWriter | None = None
        self._heard = float("-inf")

    def order(self, targets: tuple[WatchTarget, ...]) -> None:
        """Say what is to be watched from now on."""
        self._watch = Watch(targets=targets, order=self._watch.order + 1)
        if self._writer is not None:
            self._writer.write(encode(self._watch))

    def alive(self) -> bool:
        """Tell whether the checker has spoken lately."""
        return time.monotonic() - self._heard < SILENCE

    async def run(self) -> None:
        """Hold the line until cancelled."""
        while True:
            try:
                await self._talk()
            except (OSError, BadFrame, TimeoutError) as error:
                log.debug("no line to the checker: %s", error)
            await asyncio.sleep(RETRY)

    async def _talk(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(address("checker")), limit=LARGEST)
        try:
            writer.write(encode(self._watch))
            self._writer = writer
            while True:
                async with asyncio.timeout(SILENCE):
                    message = await receive(reader)
                if message is None:
                    return
                # Verdicts of an earlier order may speak of a member that has moved since.
                if isinstance(message, Verdicts) and message.order == self._watch.order:
                    self._heard = time.monotonic()
                    self._hear(message.verdicts)
        finally:
            self._writer = None
            writer.close()
