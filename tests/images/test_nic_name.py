"""Names of ports: a sentence, the cards of the machine in the order the kernel finds them, the names they get."""

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from images.layers import REPO

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif("JEOUL_IN_TOOLROOT" not in os.environ, reason="mounts over /sys: runs in the tool root"),
]
SCRIPT = REPO / "buildroot/overlay/usr/lib/jeoul/nic-name"


@dataclass
class Box:
    """A machine made of files: its cards, and the data partition's table of names."""

    folder: Path

    def names(self, *cards: tuple[str, str]) -> list[str]:
        """Return the names that cards (PCI address, MAC) get when they appear in this order."""
        net, pci, table = self.folder / "net", self.folder / "pci", self.folder / "table"
        for path in (net, pci):
            subprocess.run(["rm", "-rf", path], check=True)
            path.mkdir(parents=True)
        table.mkdir(exist_ok=True)
        # A disk controller comes first on the bus: it takes no number.
        (pci / "0000:00:02.0").mkdir()
        (pci / "0000:00:02.0/class").write_text("0x010000\n")
        for address, _ in cards:
            (pci / address / "virtio0").mkdir(parents=True)
            (pci / address / "class").write_text("0x020000\n")
        for number, (address, mac) in enumerate(cards):
            device = net / f"eth{number}"
            device.mkdir()
            (device / "address").write_text(f"{mac}\n")
            (device / "device").symlink_to(f"/sys/bus/pci/devices/{address}/virtio0")
        binds = ((net, "/sys/class/net"), (pci, "/sys/bus/pci/devices"), (table, "/var/lib/jeoul-box"))
        lines = [f"mkdir -p {target} && mount --bind {shlex.quote(str(path))} {target}" for path, target in binds]
        lines += [f"{shlex.quote(str(SCRIPT))} eth{number}" for number in range(len(cards))]
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", "\n".join(lines)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


A, B, C, D = (f"52:54:00:00:00:0{number}" for number in (1, 2, 3, 4))
FIRST = (("0000:00:04.0", A), ("0000:00:05.0", B))


def test_first_boot_names_by_pci_order_whatever_the_kernel_finds_first(tmp_path: Path) -> None:
    """The management port is the first card on the bus, not the first to answer."""
    assert Box(tmp_path).names(FIRST[1], FIRST[0]) == ["port1", "mgmt"]


def test_a_new_card_before_the_others_renames_nothing(tmp_path: Path) -> None:
    """It gets the next free number."""
    box = Box(tmp_path)
    box.names(*FIRST)
    assert box.names(("0000:00:03.0", C), *FIRST) == ["port2", "mgmt", "port1"]


def test_a_card_moved_to_another_slot_keeps_its_name(tmp_path: Path) -> None:
    """The MAC decides."""
    box = Box(tmp_path)
    box.names(*FIRST)
    assert box.names(("0000:00:05.0", B), ("0000:00:09.0", A)) == ["port1", "mgmt"]


def test_a_replaced_card_takes_over_the_name(tmp_path: Path) -> None:
    """A broken management card is changed and the box is reachable as before."""
    box = Box(tmp_path)
    box.names(*FIRST)
    assert box.names(("0000:00:04.0", D), FIRST[1]) == ["mgmt", "port1"]
