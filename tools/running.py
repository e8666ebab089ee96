"""`make run`: the appliance in QEMU, a client and three web servers around it, 30 requests, and then it stays."""

import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from images.qemu import Machine, MachineError
from tests.lab.client import http_get
from tests.lab.hosts import Lab
from tests.lab.site import SERVERS, Site
from tools.rest import Rest, RestError

CACHE = Path(os.environ["JEOUL_CACHE"])
EXAMPLE = Path(__file__).parent.parent / "examples" / "first-service.yaml"
ADDRESS, PORT = "127.0.0.1", 8443
REQUESTS = 30
FIRST_SIGN_IN = r"JEOUL first sign-in: \S+ user=(\S+) one-time-password=(\S+)"


@contextmanager
def stage(title: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    began = time.monotonic()
    print(f"jeoul: {title} ...", file=sys.stderr, flush=True)
    yield
    print(f"jeoul: {title}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


def main() -> int:
    """Run until Ctrl-C."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, PORT))
        except OSError:
            print(f"jeoul: port {PORT} of {ADDRESS} is in use: is `make run` running already?", file=sys.stderr)
            return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Lab() as lab:
            return _run(lab)
    except KeyboardInterrupt:
        print("\njeoul: everything is down", file=sys.stderr)
        return 0
    except (MachineError, RestError) as error:
        print(f"jeoul: {error}", file=sys.stderr)
        return 1


def _run(lab: Lab) -> int:
    with stage("making the client and three web servers"):
        site = Site.build(lab)
        taps = site.taps()
    folder = CACHE / "run"
    folder.mkdir(parents=True, exist_ok=True)
    console = folder / "console.log"
    console.unlink(missing_ok=True)
    image = CACHE / "images" / "current" / "jeoul.img"
    with Machine(image, ports=[tap.fd for tap in taps], serial_log=console) as machine:
        with stage("booting the appliance (without KVM this takes about a minute)"):
            machine.start()
            user, one_time = machine.wait_for_serial(FIRST_SIGN_IN, timeout=600).groups()
        rest = Rest(f"https://{ADDRESS}:{PORT}")
        with stage(f"applying {EXAMPLE.name} through the REST API"):
            rest.wait_open()
            rest.first_sign_in(user, one_time, secrets.token_urlsafe(24))
            done = rest.put_config(EXAMPLE.read_text(), comment="make run")
            print(f"jeoul: revision {done['revision']}, {len(done['steps'])} steps taken", file=sys.stderr)
            rest.wait_all_up()
        with stage(f"{REQUESTS} requests from the client to http://192.0.2.10/"):
            answers = [http_get(site.client, "http://192.0.2.10/").server for _ in range(REQUESTS)]
        print("\nrequest  answered by")
        for number, server in enumerate(answers, 1):
            print(f"{number:7}  {server}")
        print("\n" + ", ".join(f"{server}: {answers.count(server)}" for server in SERVERS) + " (weights 1, 2, 3)")
        again = rest.ask("POST", f"/users/{user}/one-time-password")["password"]
        print(f"\nThe appliance is running: https://{ADDRESS}:{PORT}   user {user}   one-time password {again}")
        print(f"Its console: {console}   Ctrl-C takes everything down.", flush=True)
        while machine.running():
            time.sleep(0.5)
    print("jeoul: the appliance was switched off", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
