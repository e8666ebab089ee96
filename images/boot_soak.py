"""Boots the image COUNT times, each on a fresh disk, and says how long each took: python3 -m images.boot_soak COUNT.

A boot is good when multi-user.target is reached and the kernel complained of nothing. Runs inside the tool root.
"""

import argparse
import re
import statistics
import sys
import time
from pathlib import Path

from images.layers import cache
from images.qemu import Firmware, Machine, MachineError

_COMPLAINT = re.compile(
    r"^.*(?:Oops|BUG:|Kernel panic|int3:|soft lockup|rcu: INFO|Call Trace|general protection).*$", re.M
)
_WAIT = "until systemctl is-active --quiet multi-user.target; do sleep 0.5; done; dmesg -l emerg,alert,crit,err"


def boot_once(image: Path, firmware: Firmware, accel: list[str] | None, log: Path, timeout: float) -> tuple[float, str]:
    """Boot once; return the seconds and what went wrong ("" for nothing)."""
    start = time.monotonic()
    problem = ""
    with Machine(
        image, firmware=firmware, management_forward=None, root_channel=True, serial_log=log, accel=accel
    ) as machine:
        try:
            _, messages = machine.start().run(_WAIT, timeout)
        except MachineError as error:
            messages = str(error)
            problem = messages.splitlines()[0]
        seconds = time.monotonic() - start
        if complaint := _COMPLAINT.search(machine.console() + messages):
            problem = complaint.group(0).strip()
    return seconds, problem


def main() -> None:
    """Boot as often as asked; exit 1 unless all boots were good."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--image", type=Path, default=cache() / "images/current/jeoul.img")
    parser.add_argument("--firmware", choices=("bios", "uefi"), default="bios")
    parser.add_argument(
        "--qemu", help="QEMU's accelerator words instead of the probed ones, for example '-accel tcg -cpu max'"
    )
    parser.add_argument("--timeout", type=float, default=400.0, help="seconds before a boot counts as bad")
    asked = parser.parse_args()
    times: list[float] = []
    bad = 0
    for number in range(1, asked.count + 1):
        log = cache() / "soak" / f"boot-{number}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        accel = asked.qemu.split() if asked.qemu else None
        seconds, problem = boot_once(asked.image.resolve(), asked.firmware, accel, log, asked.timeout)
        times.append(seconds)
        bad += bool(problem)
        print(f"boot {number} of {asked.count}: {seconds:.1f} s {problem or 'good'}", flush=True)
        if not problem:
            log.unlink()
    spread = f"{min(times):.0f} to {max(times):.0f} s, median {statistics.median(times):.0f} s"
    print(f"result: {asked.count - bad} of {asked.count} boots good, {spread}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
