"""The same tree gives the same bytes."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from images.layers import REPO, cache

pytestmark = pytest.mark.image

_SOURCES = ("appliance", "buildroot", "images", "pyproject.toml", "requirements.lock", "webui/dist")


def _build(tree: Path, home: Path) -> str:
    """Build the tree with a cache that has all but our own layer; return the image's sha256."""
    (home / "layers").mkdir(parents=True)
    for layer in (cache() / "layers").iterdir():
        if not layer.name.startswith("root-"):
            (home / "layers" / layer.name).symlink_to(layer)
    environment = {**os.environ, "JEOUL_CACHE": str(home)}
    command = ["unshare", "--mount", "--propagation", "private", "python3", "-m", "images.build"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=tree)
    with Path(done.stdout.splitlines()[-1]).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.usefixtures("image")
def test_two_builds_of_slot_and_disk_are_bit_identical(tmp_path: Path) -> None:
    """Wheel, root tree, squashfs, GRUB and disk are made twice; Debian's tree and the libraries come from the cache."""
    # A copy: somebody may be at work in the tree.
    tree = tmp_path / "tree"
    tree.mkdir()
    sources = [name for name in _SOURCES if (REPO / name).exists()]
    subprocess.run(["rsync", "-aR", *sources, tree], check=True, cwd=REPO)
    assert _build(tree, tmp_path / "one") == _build(tree, tmp_path / "two")
