"""Which accelerator QEMU can really use on this machine: found by booting the image's kernel with KVM, once."""

import hashlib
import os
import platform
import subprocess
import tempfile
import time
from functools import cache as remember
from pathlib import Path

from images.layers import cache, say

QEMU = "qemu-system-x86_64"
KVM = ("-accel", "kvm", "-cpu", "host")
# docs/decisions/0002-qemu.md: the setting that booted 30 times of 30.
TCG = ("-accel", "tcg,thread=multi", "-cpu", "max")
_MARKER = b"Loading, please wait"
"""The initrd's first words: the kernel came up with all CPUs and runs programs."""
_SECONDS = 40.0


def _fingerprint(kernel: Path) -> str:
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    version = subprocess.run([QEMU, "--version"], check=True, capture_output=True, text=True).stdout
    state = hashlib.sha256(kernel.read_bytes())
    state.update(f"{cpu}\0{version}\0{platform.release()}".encode())
    return state.hexdigest()[:16]


def _boots_with_kvm(kernel: Path, initrd: Path) -> bool:
    with tempfile.NamedTemporaryFile(prefix="jeoul-kvm-") as log:
        command = ["setpriv", "--pdeathsig", "KILL", "--", QEMU, *KVM, "-machine", "q35", "-smp", "2", "-m", "512M"]
        command += ["-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{log.name}"]
        command += ["-kernel", str(kernel), "-initrd", str(initrd), "-append", "console=ttyS0 panic=-1"]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + _SECONDS
            while time.monotonic() < deadline and process.poll() is None:
                if _MARKER in Path(log.name).read_bytes():
                    return True
                time.sleep(0.2)
            return _MARKER in Path(log.name).read_bytes()
        finally:
            process.kill()
            process.wait()


@remember
def accelerator(folder: Path) -> tuple[str, ...]:
    """Return QEMU's accelerator arguments for the kernel of an image's folder; JEOUL_ACCEL=kvm|tcg decides by hand."""
    chosen = os.environ.get("JEOUL_ACCEL", "")
    if not chosen and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        chosen = "tcg"
    if not chosen:
        known = cache() / "accel" / _fingerprint(folder / "vmlinuz")
        if not known.exists():
            say(f"trying KVM by booting with it (once for this kernel, up to {_SECONDS:.0f} s)")
            works = _boots_with_kvm(folder / "vmlinuz", folder / "initrd.img")
            say(
                "KVM works"
                if works
                else "/dev/kvm is there, but the kernel does not boot with it: using TCG, which is slow"
            )
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text("kvm" if works else "tcg")
        chosen = known.read_text()
    return KVM if chosen == "kvm" else TCG
