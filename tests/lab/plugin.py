"""The pytest side of the lab: the marks `lab` and `kernel`, and the fixture `lab`.

`lab` tests need root and any kernel. `kernel` tests need IPVS: tests/lab/in-kernel gives it and sets JEOUL_KERNEL.
Outside of it they are skipped with the command that runs them; inside of it nothing is skipped.
"""

import functools
import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.hosts import Lab

HOW = "needs a kernel with IPVS: toolroot/enter tests/lab/in-kernel PYTEST -m kernel"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what cannot run here and says what would run it; inside in-kernel a missing IPVS is an error."""
    if item.get_closest_marker("kernel"):
        if os.environ.get("JEOUL_KERNEL"):
            if not _has_ipvs():
                pytest.fail(
                    "tests/lab/in-kernel promised a kernel with IPVS, and ipvsadm cannot add a service", pytrace=False
                )
        else:
            pytest.skip(HOW)
    if item.get_closest_marker("lab") and os.geteuid() != 0:
        pytest.skip("needs root: toolroot/enter PYTEST -m lab")


@functools.cache
def _has_ipvs() -> bool:
    script = "ip link set lo up && ipvsadm -A -t 127.0.0.1:1"
    return subprocess.run(["unshare", "--net", "sh", "-c", script], capture_output=True, check=False).returncode == 0


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab of the test's own, gone when the test is over."""
    with Lab() as made:
        yield made
