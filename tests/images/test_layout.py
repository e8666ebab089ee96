"""What stands on the disk that a person flashes."""

import json
import subprocess
from pathlib import Path

import pytest

from images.disk import LAYOUT, MIB, SECTOR, grub_environment

pytestmark = pytest.mark.image


def _table(image: Path) -> list[dict[str, str | int]]:
    done = subprocess.run(["sfdisk", "--json", str(image)], check=True, capture_output=True, text=True)
    partitions: list[dict[str, str | int]] = json.loads(done.stdout)["partitiontable"]["partitions"]
    return partitions


def _read(image: Path, number: int, count: int) -> bytes:
    start = int(_table(image)[number - 1]["start"]) * SECTOR
    with image.open("rb") as disk:
        disk.seek(start)
        return disk.read(count)


def test_partitions_are_those_of_the_layout(image: Path) -> None:
    """Number, name, type, identity and size of each partition."""
    found = [
        (p["name"], str(p["type"]).lower(), str(p["uuid"]).lower(), int(p["size"]) * SECTOR) for p in _table(image)
    ]
    assert found == [(p.name, p.type, p.uuid, p.size * MIB) for p in LAYOUT]


def test_slot_a_is_filled_and_slot_b_empty(image: Path) -> None:
    """A fresh image has one system; the second slot waits for the first update."""
    assert [_read(image, number, 4) for number in (3, 5)] == [b"hsqs", b"hsqs"]
    assert [_read(image, number, 4) for number in (4, 6)] == [bytes(4), bytes(4)]


def test_esp_starts_uefi_and_holds_the_try_counters(image: Path) -> None:
    """UEFI's default loader, GRUB's menu and an environment block that RAUC understands."""
    offset = int(_table(image)[1]["start"]) * SECTOR
    esp = f"{image}@@{offset}"
    done = subprocess.run(["mdir", "-b", "-/", "-i", esp, "::/"], check=True, capture_output=True, text=True)
    assert {"::/EFI/BOOT/BOOTX64.EFI", "::/grub/grub.cfg", "::/grub/grubenv"} <= set(done.stdout.split())
    block = subprocess.run(["mtype", "-i", esp, "::/grub/grubenv"], check=True, capture_output=True).stdout
    assert block == grub_environment({"ORDER": "A B", "A_OK": "1", "A_TRY": "0", "B_OK": "0", "B_TRY": "0"})


def test_bios_finds_grub(image: Path) -> None:
    """The MBR points at the BIOS partition, whose first sector points at the next."""
    start = int(_table(image)[0]["start"])
    mbr = image.open("rb").read(SECTOR)
    assert int.from_bytes(mbr[0x5C:0x64], "little") == start
    assert int.from_bytes(_read(image, 1, SECTOR)[-12:-4], "little") == start + 1
