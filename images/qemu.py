"""A QEMU machine that runs the appliance's image; the image itself is never written."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from images.accel import QEMU, accelerator
from images.channel import Channel, qemu_arguments
from images.qmp import Qmp

Firmware = Literal["bios", "uefi"]
_OVMF = Path("/usr/share/OVMF")
_FAULT = "iotlb_to_section: Assertion"
_MOST_FALLS = 3
_FIRST_NIC = 4
"""PCI slot of the management NIC on bus 0; data ports follow, so PCI order is the order of `ports`."""


class MachineError(Exception):
    """The machine did not do what was asked; the text ends with the console's last lines."""


def make_overlay(image: Path, disk: Path, size: str = "8G") -> Path:
    """Make a disk of `size` at `disk` (qcow2) whose content is the image's until it is written."""
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(image.resolve()), "-F", "raw", str(disk), size]
    subprocess.run(command, check=True)
    return disk


class Machine:
    """One machine: made, started, and started again after a power cut on the same disk."""

    def __init__(
        self,
        image: Path,
        *,
        firmware: Firmware = "bios",
        memory: str = "2G",
        cpus: int = 2,
        ports: Sequence[int] = (),
        management_forward: tuple[str, int, int] | None = ("127.0.0.1", 8443, 443),
        serial_log: Path | None = None,
        disk: Path | None = None,
        root_channel: bool = False,
        accel: Sequence[str] | None = None,
    ) -> None:
        """Describe a machine.

        ports: open tap descriptors (images.tap.open_tap), one for each data port; they stay the caller's.
        management_forward: host address, host port, guest port; None for no way in.
        serial_log: the console's text, grown by each boot; default a file in the machine's own folder.
        disk: a disk to keep (made where it is missing); default one that goes with the machine.
        root_channel: gives run(); for tests only.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="jeoul-machine-"))
        self.disk = disk or self._folder / "disk.qcow2"
        self.serial_log = serial_log or self._folder / "serial.log"
        self._image = image
        self._firmware: Firmware = firmware
        self._sizing = ["-m", memory, "-smp", str(cpus)]
        self._ports = list(ports)
        self._forward = management_forward
        self._root_channel = root_channel
        self._accel = list(accel) if accel is not None else None
        self._process: subprocess.Popen[bytes] | None = None
        self._qmp: Qmp | None = None
        self._channel: Channel | None = None
        self._seen = 0
        self._falls = 0
        self.serial_log.touch()
        if not self.disk.exists():
            make_overlay(image, self.disk)

    def _firmware_arguments(self) -> list[str]:
        if self._firmware == "bios":
            return []
        # The firmware's variables belong to the machine, like its disk.
        variables = self.disk.with_suffix(".uefi")
        if not variables.exists():
            shutil.copyfile(_OVMF / "OVMF_VARS_4M.fd", variables)
        code = f"if=pflash,unit=0,format=raw,readonly=on,file={_OVMF / 'OVMF_CODE_4M.fd'}"
        return ["-drive", code, "-drive", f"if=pflash,unit=1,format=raw,file={variables}"]

    def _network_arguments(self) -> list[str]:
        user = "user,id=mgmt,restrict=on"
        if self._forward:
            host, port, guest = self._forward
            user += f",hostfwd=tcp:{host}:{port}-:{guest}"
        backends = [("mgmt", user)]
        backends += [(f"port{number}", f"tap,id=port{number},fd={fd}") for number, fd in enumerate(self._ports, 1)]
        arguments = []
        for number, (name, backend) in enumerate(backends):
            mac = f"52:54:00:4a:65:{number:02x}"
            device = f"virtio-net-pci,netdev={name},id=nic-{name},mac={mac},addr={_FIRST_NIC + number:#x}"
            arguments += ["-netdev", backend, "-device", device]
        return arguments

    def _command(self) -> list[str]:
        accel = self._accel if self._accel is not None else accelerator(self._image.resolve().parent)
        # setpriv: QEMU goes when the process (strictly, the thread) that started it goes.
        command = ["setpriv", "--pdeathsig", "KILL", "--", QEMU, *accel, "-machine", "q35", *self._sizing]
        command += ["-nodefaults", "-display", "none", "-vga", "std", *self._firmware_arguments()]
        command += ["-chardev", f"file,id=serial,path={self.serial_log},append=on", "-serial", "chardev:serial"]
        command += ["-qmp", f"unix:{self._folder / 'qmp'},server=on,wait=off"]
        command += ["-drive", f"if=none,id=disk,format=qcow2,file={self.disk},discard=unmap"]
        command += ["-device", "virtio-blk-pci,drive=disk,addr=0x2,bootindex=1", "-device", "virtio-rng-pci,addr=0x3"]
        command += self._network_arguments()
        if self._root_channel:
            command += qemu_arguments(self._folder / "channel")
        return command

    def start(self, firmware: Firmware | None = None) -> Self:
        """Switch the machine on, with another firmware where named, and return at once (run waits for the boot)."""
        if self._process is not None and self._process.poll() is None:
            raise MachineError("the machine is running already")
        self._disconnect()
        self._firmware = firmware or self._firmware
        self._seen = self.serial_log.stat().st_size
        errors = self._folder / "qemu.log"
        with errors.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=self._ports
            )
        try:
            self._qmp = Qmp(self._folder / "qmp")
            if self._root_channel:
                self._channel = Channel(self._folder / "channel")
        except OSError as error:
            self.kill()
            raise MachineError(f"QEMU did not start ({error}): {errors.read_text().strip()}") from error
        return self

    def _disconnect(self) -> None:
        if self._qmp is not None:
            self._qmp.close()
        if self._channel is not None:
            self._channel.close()
        self._qmp = self._channel = None
        for name in ("qmp", "channel"):
            (self._folder / name).unlink(missing_ok=True)

    def qmp(self, command: str, **arguments: object) -> object:
        """Run a QMP command on the running machine."""
        if self._qmp is None:
            raise MachineError("the machine is off: call start() first")
        return self._qmp.execute(command, **arguments)

    def console(self) -> str:
        """Return what the console said since the last start."""
        with self.serial_log.open("rb") as log:
            log.seek(self._seen)
            return log.read().decode(errors="replace")

    def _problem(self, text: str) -> MachineError:
        tail = "\n".join(self.console().splitlines()[-15:])
        return MachineError(f"{text}; the console's last lines:\n{tail}")

    def _fell_over(self) -> bool:
        """Tell whether QEMU ended by its own known fault (docs/decisions/0002); to the guest that is a power cut."""
        said = (self._folder / "qemu.log").read_text(errors="replace")
        if _FAULT not in said or self._falls >= _MOST_FALLS:
            return False
        self._falls += 1
        print(f"jeoul: QEMU fell over its own fault ({said.strip()}): starting it again", file=sys.stderr)
        return True

    def wait_for_serial(self, pattern: str, timeout: float = 300.0) -> re.Match[str]:
        """Wait until the console's text since the last start matches; return the match."""
        deadline = time.monotonic() + timeout
        while True:
            running = self.running()
            if match := re.search(pattern, self.console()):
                return match
            if not running and self._fell_over():
                self.start()
            elif not running:
                raise self._problem(f"the machine went off before the console said {pattern!r}")
            if time.monotonic() > deadline:
                raise self._problem(f"the console did not say {pattern!r} within {timeout:.0f} s")
            time.sleep(0.2)

    def run(self, command: str, timeout: float = 300.0) -> tuple[int, str]:
        """Run a shell command as root in the guest, waiting for it to boot; return exit status and output."""
        if self._channel is None:
            raise MachineError(
                "this machine is off, or has no command channel: Machine(..., root_channel=True).start()"
            )
        try:
            return self._channel.run(command, timeout)
        except TimeoutError as error:
            raise self._problem(f"no answer to {command!r} within {timeout:.0f} s") from error
        except OSError as error:
            raise self._problem(f"no answer to {command!r}: {error}") from error

    def running(self) -> bool:
        """Return whether QEMU runs."""
        return self._process is not None and self._process.poll() is None

    def link(self, port: int, *, up: bool) -> None:
        """Plug or pull the cable of a port (0: management, 1: the first data port...)."""
        self.qmp("set_link", name=f"nic-port{port}" if port else "nic-mgmt", up=up)

    def reset(self) -> None:
        """Press the reset button."""
        self._seen = self.serial_log.stat().st_size
        self.qmp("system_reset")
        if self._channel is not None:
            self._channel.restarted()

    def stop(self, timeout: float = 120.0) -> None:
        """Press the power button and wait until the machine is off; cut the power where it does not obey in time."""
        if self._process is None:
            return
        if self.running():
            self.qmp("system_powerdown")
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired as error:
                self.kill()
                raise self._problem(f"the machine did not go off within {timeout:.0f} s of the power button") from error
        self._disconnect()

    def kill(self) -> None:
        """Cut the power (SIGKILL)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._disconnect()

    def close(self) -> None:
        """Cut the power and remove the machine's folder; a disk and a log that were given stay."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return the machine; start() is the caller's."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the machine."""
        self.close()
