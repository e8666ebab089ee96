"""The image under test, and one machine that several tests share."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from images.layers import REPO
from images.qemu import Machine
from images.tap import open_tap


@pytest.fixture(scope="session")
def image() -> Path:
    """The current image, built where it is not."""
    if "JEOUL_IN_TOOLROOT" not in os.environ:
        pytest.skip("the image is built in the tool root: toolroot/enter python3 -m pytest tests/images")
    done = subprocess.run([REPO / "images/build"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def machine(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with two data ports on an 8 GiB disk, off."""
    folder = tmp_path_factory.mktemp("machine")
    ports = [open_tap(None, f"jeoultest{number}") for number in (1, 2)]
    with Machine(
        image,
        ports=ports,
        management_forward=None,
        disk=folder / "disk.qcow2",
        serial_log=folder / "serial.log",
        root_channel=True,
    ) as made:
        yield made
    for port in ports:
        os.close(port)
