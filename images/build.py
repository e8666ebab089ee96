"""Builds the disk image in cached steps: Debian tree, initrd and boot slot, Python environment, root slot, disk."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from images.disk import make_disk
from images.layers import REPO, cache, digest, layer, lock, say

# Not the highest level: the root slot is made anew with every change of our code.
_ROOT_SQUASHFS = ["-comp", "zstd", "-Xcompression-level", "9", "-b", "256K"]
# GRUB reads no zstd; kernel and initrd are compressed already.
_BOOT_SQUASHFS = ["-comp", "gzip", "-noI", "-noId", "-noD", "-noF", "-noX", "-b", "1M"]


def _script(name: str, *arguments: Path) -> None:
    # A mount namespace for each: the next step sees none of its mounts.
    command = ["unshare", "--mount", "--propagation", "private", str(REPO / "buildroot" / name), *map(str, arguments)]
    done = subprocess.run(command, cwd=REPO, check=False)
    if done.returncode:
        raise SystemExit(f"jeoul: buildroot/{name} failed with code {done.returncode}; its messages are above.")


def _squashfs(tree: Path, out: Path, options: list[str]) -> None:
    epoch = (REPO / "buildroot/epoch").read_text().strip()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    command = ["mksquashfs", str(tree), str(out), "-noappend", "-quiet", "-no-progress", "-no-exports", *options]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def _make_boot(debian: Path, out: Path) -> None:
    slot = out / "slot"
    slot.mkdir()
    (kernel,) = (debian / "tree/boot").glob("vmlinuz-*")
    shutil.copy(kernel, out / "vmlinuz")
    _script("initrd.sh", debian / "tree", out / "initrd.img")
    for file in (out / "vmlinuz", out / "initrd.img", REPO / "images/grub/slot.cfg"):
        shutil.copyfile(file, slot / file.name)
        (slot / file.name).chmod(0o644)
    slot.chmod(0o755)
    _squashfs(slot, out / "boot.squashfs", [*_BOOT_SQUASHFS, "-all-root"])
    shutil.rmtree(slot)


def _make_root(debian: Path, venv: Path, out: Path) -> None:
    tree = out / "tree"
    start = time.monotonic()
    _script("tree.sh", debian / "tree", venv, tree)
    joined = time.monotonic()
    _squashfs(tree, out / "root.squashfs", _ROOT_SQUASHFS)
    say(f"root slot: joining {joined - start:.1f} s, squashfs {time.monotonic() - joined:.1f} s")
    shutil.rmtree(tree)


def _make_image(boot: Path, root: Path, debian: Path, out: Path) -> None:
    work = out / "work"
    work.mkdir()
    make_disk(work, boot / "boot.squashfs", root / "root.squashfs").rename(out / "jeoul.img")
    shutil.rmtree(work)
    for file in (boot / "vmlinuz", boot / "initrd.img", debian / "tree/usr/share/jeoul/packages"):
        shutil.copyfile(file, out / file.name)


def build() -> Path:
    """Build what is not in the cache and return the image's path."""
    buildroot = Path("buildroot")
    debian_key = digest(*(buildroot / name for name in ("debian.sh", "epoch", "packages", "prune", "hooks")))
    debian = layer("debian", debian_key, lambda out: _script("debian.sh", out / "tree"))

    steps = [Path("images/build.py"), Path("images/grub/slot.cfg")]
    boot_key = digest(debian_key, buildroot / "initrd", buildroot / "initrd.sh", *steps)
    boot = layer("boot", boot_key, lambda out: _make_boot(debian, out))

    venv_key = digest(*(buildroot / name for name in ("venv.sh", "epoch")), Path("requirements.lock"))
    venv = layer("venv", venv_key, lambda out: _script("venv.sh", out))

    names = ("tree.sh", "overlay", "unwanted", "masked", "enabled")
    ours = [*(buildroot / name for name in names), Path("appliance"), Path("pyproject.toml"), Path("webui/dist")]
    root_key = digest(debian_key, venv_key, *ours, Path("images/build.py"))
    root = layer("root", root_key, lambda out: _make_root(debian, venv, out))

    image_key = digest(boot_key, root_key, Path("images/disk.py"), Path("images/grub"))
    home = cache() / "images"
    image = layer("image", image_key, lambda out: _make_image(boot, root, debian, out), home)
    link = home / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(image.name)
    link.rename(home / "current")
    return image / "jeoul.img"


def main() -> None:
    """Build the image, say how long it took, and print its path."""
    start = time.monotonic()
    with lock():
        path = build()
    say(f"image ready after {time.monotonic() - start:.1f} s, {path.stat().st_blocks * 512 >> 20} MiB on disk")
    print(path)


if __name__ == "__main__":
    main()
