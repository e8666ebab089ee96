"""The test's hand on a real server: starts tests/lab/realserver.py on a host and gives it orders."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.lab.namespace import Namespace

PROGRAM = Path(__file__).with_name("realserver.py")


class RealServer:
    """A running real server; it ends with its host."""

    def __init__(
        self,
        namespace: Namespace,
        name: str,
        *,
        http: Sequence[int] = (),
        tcp: Sequence[int] = (),
        udp: Sequence[int] = (),
        log: bool = False,
    ) -> None:
        self.name = name
        self._namespace = namespace
        self._settings = {"name": name, "ports": {"http": list(http), "tcp": list(tcp), "udp": list(udp)}, "log": log}
        self._one_order = threading.Lock()
        self.start()

    def start(self) -> None:
        """Starts the process, at first or again after `kill`; returns when it listens."""
        # -I -S: the standard library is enough, and looking for more takes longer than the rest of the start.
        command = [sys.executable, "-IS", str(PROGRAM), json.dumps(self._settings)]
        self.process = self._namespace.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answer()

    def health(self, status: int = 200, *, delay: float = 0, hang: bool = False) -> None:
        """Sets what /health answers: a status, after so many seconds, or never; no arguments make it well again."""
        self._order({"do": "health", "status": status, "delay": delay, "hang": hang})

    def refuse(self, *, cut: bool = False) -> None:
        """Refuses new connections (a reset, or port unreachable); with `cut` the open ones are reset too."""
        self._order({"do": "refuse", "cut": cut})

    def accept(self) -> None:
        """Accepts connections again."""
        self._order({"do": "accept"})

    def counts(self) -> dict[str, int]:
        """What it has seen: requests by kind (http, health, tcp, udp), connections so far, and open now."""
        return self._order({"do": "count"})

    def kill(self) -> None:
        """Ends the process at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def _order(self, order: dict[str, object]) -> dict[str, int]:
        assert self.process.stdin
        with self._one_order:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            return self._answer()

    def _answer(self) -> dict[str, int]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._namespace.name}: real server {self.name} ended, see its message above")
        answer: dict[str, int] = json.loads(line)
        return answer
