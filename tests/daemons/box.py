"""The real processes on this kernel, started again when they die, as systemd does on the appliance."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from appliance.model.document import read
from appliance.model.signals import Administrative
from appliance.wire.client import Client, Unreachable
from appliance.wire.messages import (
    AnyMessage,
    AskStatus,
    Commit,
    Committed,
    Done,
    Message,
    Plan,
    Planned,
    SetMember,
    Status,
)

PROCESSES = ("programmer", "checker", "director")


class Box:
    """The processes with state and runtime folders of their own; one at a time on a kernel."""

    def __init__(self, folder: Path, processes: tuple[str, ...] = PROCESSES) -> None:
        os.environ["JEOUL_RUN"] = str(folder / "run")
        os.environ["JEOUL_STATE"] = str(folder / "state")
        self.state = folder / "state"
        self._log = (folder / "log").open("ab")
        self.log = folder / "log"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._kept = set(processes)
        self._lock = threading.Lock()
        self._over = threading.Event()
        for name in processes:
            self._start(name)
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        self.revision = 0

    def _start(self, name: str) -> None:
        command = [sys.executable, "-c", f"from appliance.daemons.{name} import main; main()"]
        self._running[name] = subprocess.Popen(command, stdout=self._log, stderr=self._log)

    def _keep(self) -> None:
        while not self._over.wait(0.1):
            with self._lock:
                for name in self._kept:
                    if self._running[name].poll() is not None:
                        self._start(name)

    def kill(self, name: str) -> None:
        """SIGKILL; the process comes back by itself."""
        self._running[name].kill()

    def stop(self, name: str) -> None:
        """SIGKILL, and it stays away."""
        with self._lock:
            self._kept.discard(name)
            self._running[name].kill()
            self._running[name].wait()

    def start(self, name: str) -> None:
        """Start a process that was stopped."""
        with self._lock:
            self._start(name)
            self._kept.add(name)

    def ask[M: Message](self, request: AnyMessage, expected: type[M], process: str = "director") -> M:
        """Ask a process, waiting while it starts."""

        async def once() -> M:
            client = Client(process)
            try:
                return await client.ask(request, expected)
            finally:
                client.close()

        deadline = time.monotonic() + 20
        while True:
            try:
                return asyncio.run(once())
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def commit(self, text: str) -> Committed:
        """Commit a document as the next revision."""
        config = read(text)
        self.revision += 1
        request = Commit(revision=self.revision, digest=config.digest(), document=config.model_dump(mode="json"))
        return self.ask(request, Committed)

    def plan(self, text: str) -> Planned:
        """Return the steps that a document would take."""
        return self.ask(Plan(document=read(text).model_dump(mode="json")), Planned)

    def status(self) -> Status:
        """Return the director's view."""
        return self.ask(AskStatus(), Status)

    def set_member(self, pool: str, member: str, state: Administrative) -> None:
        """Say the operator's word on a member of the instance `default`."""
        self.ask(SetMember(instance="default", pool=pool, member=member, state=state), Done)

    def wait(self, what: str, true: Callable[[Status], bool], timeout: float = 20) -> Status:
        """Wait until the status is as wished; fail with what it was instead."""
        deadline = time.monotonic() + timeout
        while not true(status := self.status()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not in {timeout} s: {what}\n{status}\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)
        return status

    def wait_all_up(self) -> Status:
        """Wait until every member is up and the machine holds what it should."""
        return self.wait(
            "all members up and nothing left",
            lambda s: s.settled and bool(s.members) and all(m.operational == "up" for m in s.members.values()),
        )

    def close(self) -> None:
        """End the processes."""
        self._over.set()
        self._keeper.join()
        for process in self._running.values():
            process.kill()
            process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
