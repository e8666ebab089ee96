"""The booted image with the lab's site around it, managed as a person does: by its REST API."""

import secrets
import socket
from pathlib import Path
from typing import Self

from images.qemu import Machine
from tests.lab.hosts import Lab
from tests.lab.site import Site
from tools.rest import Rest
from tools.running import FIRST_SIGN_IN


def free_port() -> int:
    """Return a TCP port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Appliance:
    """One machine for its whole life: first boot, reboots and power cuts, always on the same disk."""

    def __init__(self, lab: Lab, image: Path, folder: Path) -> None:
        self.site = Site.build(lab)
        taps = [tap.fd for tap in self.site.taps()]
        port = free_port()
        self.machine = Machine(
            image,
            ports=taps,
            management_forward=("127.0.0.1", port, 443),
            serial_log=folder / "console.log",
            disk=folder / "disk.qcow2",
            root_channel=True,
        )
        self.rest = Rest(f"https://127.0.0.1:{port}")
        self.password = secrets.token_urlsafe(16)

    def first_boot(self) -> None:
        """Boot, sign in with the one-time password that the console shows, and choose a password."""
        self.machine.start()
        user, one_time = self.machine.wait_for_serial(FIRST_SIGN_IN, timeout=600).groups()
        self.rest.wait_open()
        self.rest.first_sign_in(user, one_time, self.password)

    def boot_again(self) -> None:
        """Boot from the disk as it is, and sign in."""
        self.machine.start()
        self.machine.wait_for_serial(r"login:", timeout=600)
        self.rest.wait_open(timeout=600)
        self.rest.sign_in("admin", self.password)

    def guest(self, command: str) -> str:
        """Run a command as root in the guest; fail with its output where it fails."""
        status, output = self.machine.run(command)
        assert status == 0, f"{command}: {status}\n{output}"
        return output

    def close(self) -> None:
        """Cut the power for good."""
        self.rest.close()
        self.machine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
