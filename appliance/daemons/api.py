"""api: the REST API and the web page over HTTPS. It holds no rights: its sockets come from systemd."""

import asyncio
import logging
import os
import signal
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import uvicorn

from appliance.api import certificate, first_password
from appliance.api.app import make_app
from appliance.api.box import Box, make_box
from appliance.daemons._notify import notify
from appliance.store.database import open_store
from appliance.store.errors import StoreError

log = logging.getLogger(__name__)

FIRST_FD = 3
"""The first socket that systemd passes (sd_listen_fds(3))."""
PATIENCE = 20
"""Seconds that requests may still take when the process is told to stop."""
CONNECTIONS = 1000
"""Connections at one time; more are turned away, so that they cannot use up the memory."""


class Unusable(Exception):
    """The process cannot start; its text says why and what to do."""


class Server(uvicorn.Server):
    """uvicorn that tells systemd when it listens and when it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            notify("READY=1")

    def end(self) -> None:
        """Finish what is in progress, then stop."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so, then stop."""
        notify("STOPPING=1")
        await super().shutdown(sockets)


def state() -> Path:
    """Return the folder that outlives everything."""
    return Path(os.environ.get("JEOUL_STATE", "/var/lib/jeoul")) / "api"


def listeners() -> list[socket.socket]:
    """Return the sockets that systemd passed, else one of our own on JEOUL_LISTEN. Raises Unusable."""
    count = os.environ.pop("LISTEN_FDS", "")
    if os.environ.pop("LISTEN_PID", "") == str(os.getpid()) and count.isdecimal() and int(count):
        return [socket.socket(fileno=number) for number in range(FIRST_FD, FIRST_FD + int(count))]
    place = os.environ.get("JEOUL_LISTEN", "127.0.0.1:8443")
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdecimal():
        raise Unusable(f"JEOUL_LISTEN={place} is not ADDRESS:PORT, for example 127.0.0.1:8443 or [::1]:8443.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return [socket.create_server((host.strip("[]"), int(port)), family=family, backlog=128)]
    except (OSError, OverflowError) as error:
        raise Unusable(f"Cannot listen on {place}: {error}. Set JEOUL_LISTEN to a free place.") from error


def tls(cert: Path, key: Path) -> ssl.SSLContext:
    """Return what is spoken on the wire: TLS 1.2 or newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.load_cert_chain(cert, key)
    return context


def make_server(cert: Path, key: Path) -> tuple[Server, Box]:
    """Return the server and what it works with. Raises StoreError and OSError."""
    store = open_store(state() / "jeoul.db")

    def end() -> None:
        server.end()

    box = make_box(store, end)
    first_password.prepare(store)
    settings: dict[str, Any] = {
        "access_log": False,  # the audit trail has the changes; everything else is noise on a small disk
        "log_config": None,
        "proxy_headers": False,  # nothing stands before this server, so nobody may claim another address
        "server_header": False,
        "limit_concurrency": CONNECTIONS,
        "timeout_keep_alive": 30,
        "timeout_graceful_shutdown": PATIENCE,
        "ssl_certfile": cert,
        "ssl_keyfile": key,
        "ssl_context_factory": lambda config, default: tls(cert, key),
        "ws": "none",
        "http": "h11",
        "loop": "asyncio",
    }
    server = Server(uvicorn.Config(make_app(box), **settings))
    return server, box


def main() -> None:
    """Run the process."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for noisy in ("alembic", "uvicorn.error", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        sockets = listeners()
        cert, key = certificate.prepare(state() / "tls")
        server, _ = make_server(cert, key)
    except (Unusable, StoreError, OSError) as error:
        log.error("cannot start: %s", error)
        sys.exit(1)
    log.info("listening on %s", ", ".join(_shown(one) for one in sockets))
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises a signal once more when it is done with it; being told to stop is no failure.
        signal.signal(number, lambda *_: server.end())
    asyncio.run(server.serve(sockets))


def _shown(line: socket.socket) -> str:
    place = line.getsockname()
    return f"{place[0]}:{place[1]}" if isinstance(place, tuple) else str(place)


if __name__ == "__main__":
    main()
