"""A live API on loopback over a real director, whose machine is in memory."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher

from appliance.api import first_password
from appliance.api.app import make_app
from appliance.api.box import Box, make_box
from appliance.store import secrets, users
from appliance.store.database import open_store

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"
# Hundreds of sign-ins at full cost would take minutes; what the product's own cost is, tests/store says.
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
HASH = CHEAP.hash(PASSWORD)


class Director:
    """The director's process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        environment = os.environ | {"JEOUL_RUN": str(self.folder / "run"), "JEOUL_STATE": str(self.folder / "state")}
        socket = self.folder / "run/jeoul-director/socket"
        socket.unlink(missing_ok=True)
        self.process = subprocess.Popen([sys.executable, "-m", "tests.api.machine"], cwd=ROOT, env=environment)
        wait_until(socket.exists)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self, frozen: bool) -> None:
        """Stop it in its tracks, or let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)


class Live:
    """The API's server in a thread, with a client for each role."""

    def __init__(self, folder: Path, director: Director) -> None:
        self.folder, self.director = folder, director
        self.box: Box
        self.ended = threading.Event()

    def start(self) -> None:
        """Serve the database in the folder."""
        store = open_store(self.folder / "api" / "jeoul.db")
        self.box = make_box(store, self.ended.set)
        first_password.prepare(store)
        with store.write() as connection:
            for role in ("viewer", "operator", "admin"):
                if users.get(connection, f"the-{role}") is None:
                    users.add(connection, users.User(f"the-{role}", HASH, role, False, False, None, 0.0))
        config = uvicorn.Config(make_app(self.box), host="127.0.0.1", port=0, log_config=None, lifespan="on")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        wait_until(lambda: self.server.started)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.clients: dict[str, httpx.Client] = {}

    def stop(self) -> None:
        """Stop serving."""
        for client in self.clients.values():
            client.close()
        self.server.should_exit = True
        self.thread.join(30)

    def client(self, user: str = "the-admin", password: str = PASSWORD) -> httpx.Client:
        """Return a client that is signed in by token."""
        if user not in self.clients:
            client = httpx.Client(base_url=self.url, timeout=60)
            answer = client.post("/api/v1/login", json={"user": user, "password": password})
            assert answer.status_code == 200, answer.text
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            self.clients[user] = client
        return self.clients[user]


def wait_until(ready: object, seconds: float = 20.0) -> None:
    """Wait until a function is true."""
    assert callable(ready)
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.02)


@pytest.fixture
def director(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Director]:
    """A running director in a folder of its own."""
    monkeypatch.setenv("JEOUL_RUN", str(tmp_path / "run"))
    one = Director(tmp_path)
    one.start()
    yield one
    one.kill()


@pytest.fixture
def live(tmp_path: Path, director: Director, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A running API with a director."""
    monkeypatch.setattr(secrets, "_HASHER", CHEAP)
    monkeypatch.setattr(secrets, "NOBODY", CHEAP.hash("nobody"))
    one = Live(tmp_path, director)
    one.start()
    wait_until(lambda: one.box.commits.applied())
    yield one
    one.stop()


EXAMPLE = (ROOT / "examples/first-service.yaml").read_bytes()


@pytest.fixture
def shop(live: Live) -> Live:
    """A running API with the first service of the examples."""
    answer = live.client().put("/api/v1/config", content=EXAMPLE)
    assert answer.status_code == 200, answer.text
    return live
