"""The disk: a GPT with GRUB for BIOS and UEFI, two slots and the data partition; nothing is mounted to make it."""

import os
import struct
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from images.layers import REPO

SECTOR = 512
MIB = 1 << 20
_BIOS_BOOT = "21686148-6449-6e6f-744e-656564454649"
_ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
_LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4"
_VAR = "4d21b016-b534-45c2-a9fb-5c16e091fd2d"


@dataclass(frozen=True)
class Partition:
    """One partition: its GPT name, type and size in MiB; its place in LAYOUT is its number less one."""

    name: str
    type: str
    size: int

    @property
    def uuid(self) -> str:
        """Return its GUID: the same in every image, because the boot menu names the slots by it."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"jeoul:partition:{self.name}"))


LAYOUT = (
    Partition("jeoul-bios", _BIOS_BOOT, 1),
    Partition("jeoul-esp", _ESP, 64),
    Partition("boot-a", _LINUX, 128),
    Partition("boot-b", _LINUX, 128),
    Partition("root-a", _LINUX, 1024),
    Partition("root-b", _LINUX, 1024),
    Partition("jeoul-data", _VAR, 512),
)

# What GRUB's core images must hold to read grub.cfg and a slot; nothing is loaded from disk.
_MODULES = [
    *("part_gpt", "fat", "squash4", "gzio", "normal", "configfile", "loadenv", "regexp", "test", "echo", "linux"),
    *("serial", "terminal", "minicmd", "sleep", "halt", "reboot"),
]
_GRUB = {
    "i386-pc": (["biosdisk"], "(,gpt2)/grub"),
    "x86_64-efi": (["efi_gop", "efi_uga", "all_video", "gfxterm"], "/grub"),
}


def _run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def _core(platform: str, out: Path) -> None:
    modules, prefix = _GRUB[platform]
    early = REPO / "images/grub/early.cfg"
    _run("grub-mkimage", "-O", platform, "-p", prefix, "-c", early, "-o", out, *_MODULES, *modules)


def _bios_start(work: Path, at: int) -> None:
    """Write boot.img (for the MBR) and core.img (for byte `at`, the BIOS partition), each told where the next lies."""
    boot = bytearray(Path("/usr/lib/grub/i386-pc/boot.img").read_bytes())
    struct.pack_into("<Q", boot, 0x5C, at // SECTOR)
    (work / "mbr.img").write_bytes(boot[:440])
    _core("i386-pc", work / "core.img")
    core = bytearray((work / "core.img").read_bytes())
    struct.pack_into("<Q", core, SECTOR - 12, at // SECTOR + 1)
    (work / "core.img").write_bytes(core)


def grub_environment(variables: dict[str, str]) -> bytes:
    """Return a GRUB environment block (always 1,024 bytes) holding the variables."""
    text = "# GRUB Environment Block\n" + "".join(f"{name}={value}\n" for name, value in variables.items())
    return text.encode().ljust(1024, b"#")


def _esp(work: Path) -> None:
    folder = work / "esp"
    (folder / "EFI/BOOT").mkdir(parents=True)
    (folder / "grub").mkdir()
    _core("x86_64-efi", folder / "EFI/BOOT/BOOTX64.EFI")
    uuids = {partition.name: partition.uuid for partition in LAYOUT}
    menu = (REPO / "images/grub/grub.cfg").read_text()
    menu = menu.replace("@ROOT_A@", uuids["root-a"]).replace("@ROOT_B@", uuids["root-b"])
    (folder / "grub/grub.cfg").write_text(menu)
    fresh = {"ORDER": "A B", "A_OK": "1", "A_TRY": "0", "B_OK": "0", "B_TRY": "0"}
    (folder / "grub/grubenv").write_bytes(grub_environment(fresh))
    image = work / "esp.img"
    with image.open("wb") as file:
        file.truncate(LAYOUT[1].size * MIB)
    _run("mkfs.fat", "--invariant", "-F", "32", "-n", "JEOUL-ESP", "-i", "4a454f55", image)
    _run("mcopy", "-s", "-i", image, folder / "EFI", folder / "grub", "::/")


def _data(work: Path) -> None:
    options = f"hash_seed={uuid.uuid5(uuid.NAMESPACE_URL, 'jeoul:data:hash')},root_owner=0:0"
    image = work / "data.img"
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, "jeoul:data"))
    size = f"{LAYOUT[-1].size}M"
    _run("mke2fs", "-q", "-F", "-t", "ext4", "-L", "jeoul-data", "-U", identity, "-E", options, image, size)


def _genimage(work: Path, sources: dict[str, Path]) -> str:
    """Return genimage's description of the disk."""
    lines = ["image jeoul.img {", "hdimage {", 'partition-table-type = "gpt"']
    lines += [f'disk-uuid = "{uuid.uuid5(uuid.NAMESPACE_URL, "jeoul:disk")}"', "align = 1M", "}"]
    lines += [f'partition mbr {{ in-partition-table = false offset = 0 size = 440 image = "{work}/mbr.img" }}']
    offset = MIB
    for partition in LAYOUT:
        image = f'image = "{sources[partition.name]}"' if partition.name in sources else ""
        lines += [
            f"partition {partition.name} {{",
            f'partition-type-uuid = "{partition.type}"',
            f'partition-uuid = "{partition.uuid}"',
            f"offset = {offset} size = {partition.size}M {image}",
            "}",
        ]
        offset += partition.size * MIB
    lines.append("}")
    return "\n".join(lines) + "\n"


def make_disk(work: Path, boot: Path, root: Path) -> Path:
    """Make work/jeoul.img with the squashfs images boot and root in slot A; slot B is empty."""
    os.environ["SOURCE_DATE_EPOCH"] = (REPO / "buildroot/epoch").read_text().strip()
    _bios_start(work, MIB)
    _esp(work)
    _data(work)
    for image, name in ((boot, "boot-a"), (root, "root-a")):
        room = next(partition.size for partition in LAYOUT if partition.name == name) * MIB
        if image.stat().st_size > room:
            raise SystemExit(
                f"jeoul: {image} has {image.stat().st_size >> 20} MiB, its slot {room >> 20}: "
                "add to buildroot/prune what the appliance does not need, or enlarge the slot in images/disk.py."
            )
    sources = {
        "jeoul-bios": work / "core.img",
        "jeoul-esp": work / "esp.img",
        "boot-a": boot,
        "root-a": root,
        "jeoul-data": work / "data.img",
    }
    config = work / "genimage.cfg"
    config.write_text(_genimage(work, sources))
    (work / "empty").mkdir()
    paths: list[str | Path] = [
        "--rootpath",
        work / "empty",
        "--tmppath",
        work / "tmp",
        "--inputpath",
        "/",
        "--outputpath",
        work,
    ]
    done = subprocess.run(["genimage", "--config", config, *paths], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"jeoul: genimage failed on {config}:\n{done.stderr}")
    return work / "jeoul.img"
