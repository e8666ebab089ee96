"""Hashing without drowning in it: each hash takes 64 MiB and tens of milliseconds, and anybody may ask for one."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from appliance.api.errors import Trouble
from appliance.store import secrets

AT_ONCE = 2
"""Hashes at one time, which bounds the memory."""
WAITING = 16
"""Requests that may wait for a hash; more are turned away at once."""


class Passwords:
    """Verifies and hashes in threads of its own, so that a flood of sign-ins does not stop other requests."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._asked = 0

    async def verify(self, hash: str | None, password: str) -> bool:
        """Tell whether a password is the one; None stands for nobody and takes as long."""
        return await self._run(lambda: secrets.verify(hash, password))

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        return await self._run(lambda: secrets.hash_password(password))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run[T](self, work: Callable[[], T]) -> T:
        if self._asked >= AT_ONCE + WAITING:
            raise Trouble(503, "Too many sign-ins at once.", "Try again in a moment.", headers={"Retry-After": "2"})
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._asked -= 1
