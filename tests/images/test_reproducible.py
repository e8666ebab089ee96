"""The same tree gives the same bytes."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from images.layers import REPO, cache

pytestmark = pytest.mark.image


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_a_second_build_of_slot_and_disk_is_bit_identical(image: Path, tmp_path: Path) -> None:
    """Wheel, root tree, squashfs, GRUB and disk are made anew; Debian's tree and the libraries come from the cache."""
    (tmp_path / "layers").mkdir()
    for layer in (cache() / "layers").iterdir():
        if not layer.name.startswith("root-"):
            (tmp_path / "layers" / layer.name).symlink_to(layer)
    environment = {**os.environ, "JEOUL_CACHE": str(tmp_path)}
    command = [REPO / "images/build"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    again = Path(done.stdout.splitlines()[-1])
    if again.parent.name != image.parent.name:
        pytest.skip("the source tree changed between the two builds")
    assert _sha256(again) == _sha256(image)
