"""The tests' way to run commands in the guest as root; nothing of it is in the image (docs/decisions/0002-qemu.md).

QEMU hands the guest two systemd credentials (SMBIOS type 11): a unit that runs a small shell loop on a virtio serial
port, and a drop-in that starts it. Who can set them owns the machine's firmware and disk anyway.
"""

import base64
import itertools
import socket
import time
from pathlib import Path

_PORT = "jeoul.test"
_UNIT = "jeoul-test-channel.service"
_READY = "jeoul.test is ready"
_LOOP = f"""
until [ -e /dev/virtio-ports/{_PORT} ]; do sleep 0.2; done
exec 3<>/dev/virtio-ports/{_PORT}
printf '\\n%s\\n' "{_READY}" >&3
while read -r -u 3 id command; do
  base64 -d <<<"$command" | bash >/run/jeoul-test.out 2>&1 3>&-
  printf '%s %s %s\\n' "$id" "${{PIPESTATUS[1]}}" "$(stat -c %s /run/jeoul-test.out)" >&3
  cat /run/jeoul-test.out >&3
done
"""


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def qemu_arguments(path: Path) -> list[str]:
    """Return the arguments that give a machine the channel, on the socket at `path`."""
    unit = f"""[Unit]
Description=Command channel of the tests
DefaultDependencies=no
[Service]
ExecStart=/bin/bash -c "eval \\"$$(base64 -d <<<{_encoded(_LOOP)})\\""
WorkingDirectory=/
Restart=always
"""
    drop_in = f"[Unit]\nWants={_UNIT}\n"
    credentials = {f"systemd.extra-unit.{_UNIT}": unit, "systemd.unit-dropin.multi-user.target": drop_in}
    arguments = [
        *("-device", "virtio-serial-pci"),
        *("-chardev", f"socket,id=channel,path={path},server=on,wait=off"),
        *("-device", f"virtserialport,chardev=channel,name={_PORT}"),
    ]
    for name, content in credentials.items():
        arguments += ["-smbios", f"type=11,value=io.systemd.credential.binary:{name}={_encoded(content)}"]
    return arguments


class Channel:
    """The host's end of the channel: commands are run one after the other."""

    def __init__(self, path: Path) -> None:
        """Connect to the socket that QEMU made at `path`."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._numbers = itertools.count(1)
        self.restarted()

    def restarted(self) -> None:
        """Forget what a machine that was reset had to say; the next command waits for the new boot."""
        self._rest = b""
        self._ready = False

    def _read(self, deadline: float) -> None:
        self._socket.settimeout(max(0.01, deadline - time.monotonic()))
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionError("the machine is gone")
        self._rest += received

    def _line(self, deadline: float) -> str:
        while b"\n" not in self._rest:
            self._read(deadline)
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace")

    def run(self, command: str, timeout: float) -> tuple[int, str]:
        """Run a shell command and return its exit status and what it printed; TimeoutError after `timeout` seconds.

        A command waits for the guest to listen: UEFI firmware uses every serial port as its console, and would eat it.
        """
        deadline = time.monotonic() + timeout
        while not self._ready:
            self._ready = self._line(deadline) == _READY
        number = str(next(self._numbers))
        self._socket.sendall(f"{number} {_encoded(command)}\n".encode())
        while True:
            line = self._line(deadline)
            if line in ("", _READY):
                self._ready = line == _READY
                raise ConnectionError("the machine restarted")
            answered, code, length = line.split()
            while len(self._rest) < int(length):
                self._read(deadline)
            output, self._rest = self._rest[: int(length)], self._rest[int(length) :]
            # An older number is the late answer to a command that timed out.
            if answered == number:
                return int(code), output.decode(errors="replace")

    def close(self) -> None:
        """Close the host's end."""
        self._socket.close()
